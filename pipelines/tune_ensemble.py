"""Search each base learner and network: artifacts/tune/ensemble/best.yaml, and what it cost.

The journals in artifacts/.partial/tune_ensemble let a killed search go on without repeating a
trial, and let a second process of this stage share it; they stay, for that process may be at work.
"""

import hashlib
import time
from pathlib import Path
from statistics import median
from typing import Any

from poreops import plots
from poreops.errors import exit_on_input_error
from poreops.learning.ensemble import EnsembleConfig, fit
from poreops.learning.ensemble_search import EnsembleSearchConfig, combinations
from poreops.learning.plans import Plan, SliceSplitConfig, plan_by_group
from poreops.learning.rock_model import targets
from poreops.learning.search import Best, Outcome, Trial, search
from poreops.rocks import plots as rock_plots
from poreops.sections import overridden, section
from poreops.slices.features import design
from poreops.store import read_json, read_table, sha256, write_json, write_yaml
from poreops.tracking import Run, run

TABLE, SELECTED = (
    Path("artifacts/features/slices.parquet"),
    Path("artifacts/selection/features.json"),
)
PARTIAL, REPORTS = Path("artifacts/.partial/tune_ensemble"), Path("reports")


class Objective:
    """Error of a candidate on rocks that it did not see, in standard deviations of the targets."""

    def __init__(self, name: str, stated: EnsembleConfig, plan: Plan, parent: Run) -> None:
        table = read_table(TABLE)
        self.x, self.y = design(table, read_json(SELECTED)["features"]), targets(table)
        self.name, self.stated, self.plan, self.parent = name, stated, plan, parent

    def __call__(self, trial: Trial) -> Outcome:
        """Fit the candidate once per fold and score it on the fold left out."""
        with run("tune_ensemble", f"{self.name}-{trial.number}", parent=self.parent) as child:
            child.log_params(trial.chosen)
            start = time.perf_counter()
            config = overridden(self.stated, trial.chosen)
            fits = fit(self.name, config, self.x, self.y, self.plan.masks[:-1])
            seconds = time.perf_counter() - start
            squares = 0.0
            for fold, predictor in enumerate(fits):
                out = self.plan.folds == fold
                error = (predictor.predict(self.x[out]) - self.y[out]) / self.y.std(axis=0)
                squares += float((error**2).mean(axis=1).sum())
            value = (squares / len(self.y)) ** 0.5
            child.log_metrics({"value": value, "seconds": seconds})
        return Outcome(value, {"seconds": seconds})


def cost(best: Best, possible: int) -> dict[str, Any]:
    """Return what a search cost, and what the grid costs at the median seconds of a trial."""
    seconds = [costs["seconds"] for costs in best.costs]
    return {
        "trials": best.finished, "value": best.value, "seconds": sum(seconds),
        "grid_trials": possible, "grid_seconds": possible * median(seconds),
    }  # fmt: skip


def main() -> None:
    """Search every learner and write the best choices, as overrides of params.yaml."""
    config = section("tune_ensemble", EnsembleSearchConfig)
    stated, split = section("ensemble", EnsembleConfig), section("slice_split", SliceSplitConfig)
    plan = plan_by_group(read_table(TABLE)["rock"].to_numpy(), split.folds, split.seed)
    # a journal of other data or another search does not count
    state = f"{config}{stated}{split}{sha256(TABLE)}{sha256(SELECTED)}"
    folder = PARTIAL / hashlib.sha256(state.encode()).hexdigest()[:16]
    chosen: dict[str, Any] = {}
    costs = {}
    with run("tune_ensemble", f"{config.sampler} search") as parent:
        parent.log_params({"search": config.model_dump()})
        for name in config.learners:
            space = config.of(name)
            objective = Objective(name, stated, plan, parent)
            best = search(f"tune_{name}", folder / f"{name}.journal", space, objective)
            chosen |= best.chosen
            costs[name] = cost(best, combinations(space.space))
            print(f"{name:>4}: {costs[name]['value']:.4f} after {best.finished} trials")
        parent.log_metrics(costs)
    write_yaml("artifacts/tune/ensemble/best.yaml", {"chosen": chosen})
    write_json(REPORTS / "ensemble_search.json", {"sampler": config.sampler, "learners": costs})
    plots.save(rock_plots.search_costs(costs), REPORTS / "properties/search/cost.png")


if __name__ == "__main__":
    with exit_on_input_error():
        main()
