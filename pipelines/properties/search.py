"""Search each base learner and network: artifacts/properties/search/best.yaml, and what it cost.

Only the rocks to learn from are read. With `use: best` everything is searched once with all kinds
of rock and once without each kind, so that a score on a kind left out has no part of it in its
hyperparameters; with `use: stated` params.yaml stands as it is. What a randomised search saves
against the whole grid is measured either way, for the learners of `against_grid`.

The journals in artifacts/.partial/properties-search let a killed search go on without repeating a
trial, and let a second process of this stage share it; they stay, for that process may be at work.
"""

import hashlib
import time
from pathlib import Path
from typing import Any

import numpy as np

from poreops.base.files import read_json, read_table, sha256, write_json, write_yaml
from poreops.base.settings import overridden, section
from poreops.errors import exit_on_input_error
from poreops.images.pictures import save
from poreops.mlops.search import Best, Outcome, Trial, search
from poreops.mlops.tracking import Run, run
from poreops.properties.figures import pictures as rock_plots
from poreops.properties.judging.left_out import Kinds, key, left_out_sets
from poreops.properties.learning.laws import targets
from poreops.properties.learning.plans import SliceSplitConfig, plan_by_group
from poreops.properties.learning.stacks import EnsembleConfig, fit
from poreops.properties.search import EnsembleSearchConfig, combinations
from poreops.properties.slices.features import design

TABLE, SELECTED = (
    Path("artifacts/properties/parts/learn.parquet"),
    Path("artifacts/properties/selection/features.json"),
)
PARTIAL, REPORTS = Path("artifacts/.partial/properties-search"), Path("reports/properties")


class Objective:
    """Error of log k of a candidate, in decades, on kinds of rock that it did not see.

    What counting pixels leaves of the porosity is mostly the laboratory's noise: no search by it.
    """

    def __init__(self, stated: EnsembleConfig, split: SliceSplitConfig, left: Kinds) -> None:
        table = read_table(TABLE)
        self.x = design(table, read_json(SELECTED)["contexts"][key(left)])
        self.y, self.stated = targets(table), stated
        self.plan = plan_by_group(table["kind"].to_numpy(), split.folds, split.seed, left)

    def __call__(self, name: str, parent: Run, trial: Trial) -> Outcome:
        """Fit the candidate once per fold and score it on the fold left out."""
        with run("properties_search", f"{name}-{trial.number}", parent=parent) as child:
            child.log_params(trial.chosen)
            start = time.perf_counter()
            config = overridden(self.stated, trial.chosen)
            config = config.model_copy(update={"seed": config.seed + trial.repeat})
            fits = fit(name, config, self.x, self.y, self.plan.masks[:-1])
            seconds = time.perf_counter() - start
            squares = 0.0
            for fold, predictor in enumerate(fits):
                out = self.plan.folds == fold
                error = predictor.predict(self.x[out])[:, 1] - self.y[out, 1]
                squares += float((error**2).sum())
            value = (squares / self.plan.rows.sum()) ** 0.5 / np.log(10)
            child.log_metrics({"value": value, "seconds": seconds})
        return Outcome(value, {"seconds": seconds})


def spent(best: Best) -> dict[str, float]:
    """Return trials, best value and seconds of a search."""
    seconds = sum(costs["seconds"] for costs in best.costs)
    return {"trials": best.finished, "value": best.value, "seconds": seconds}


def main() -> None:
    """Write the best choices as overrides of params.yaml, and what searching costs."""
    config = section("properties.search", EnsembleSearchConfig)
    stated, split = (
        section("properties.learners", EnsembleConfig),
        section("properties.split", SliceSplitConfig),
    )
    # a journal of other data or another search does not count
    state = f"{config}{stated}{split}{sha256(TABLE)}{sha256(SELECTED)}"
    folder = PARTIAL / hashlib.sha256(state.encode()).hexdigest()[:16]
    chosen: dict[str, Any] = {}
    costs: dict[str, Any] = {}
    with run("properties_search", f"{config.use}, {config.sampler} search") as parent:
        parent.log_params({"search": config.model_dump()})

        def searched(name: str, objective: Objective, how: EnsembleSearchConfig, of: str) -> Best:
            return search(
                f"{of}_{name}", folder / f"{of}_{name}.journal", how.of(name),
                lambda trial: objective(name, parent, trial), stated=how.sampler != "grid",
            )  # fmt: skip

        everywhere = Objective(stated, split, ())
        for name in config.against_grid:
            found = {
                sampler: searched(name, everywhere, config.alone(sampler), sampler)
                for sampler in ("random", "grid")
            }
            costs[name] = {sampler: spent(best) for sampler, best in found.items()}
            costs[name]["combinations"] = combinations(config.of(name).space)
        if config.use == "best":
            kinds = read_table(TABLE)["kind"].to_numpy()
            for left in (one for one in left_out_sets(kinds) if len(one) < 2):
                objective, own = Objective(stated, split, left), chosen.setdefault(key(left), {})
                for name in config.learners:
                    best = searched(name, objective, config, f"tune_{key(left)}")
                    own |= best.chosen
                    print(f"{key(left)} {name:>4}: {best.value:.4f} ({best.finished} trials)")
        parent.log_metrics({"against_grid": costs})
    write_yaml("artifacts/properties/search/best.yaml", {"chosen": chosen})
    write_json(REPORTS / "search.json", {"use": config.use, "against_grid": costs})
    save(rock_plots.search_costs(costs), REPORTS / "search/cost.png")


if __name__ == "__main__":
    with exit_on_input_error():
        main()
