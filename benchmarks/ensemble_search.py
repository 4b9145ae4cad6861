"""What a randomised search finds and costs against the exhaustive grid, both measured.

    python benchmarks/ensemble_search.py --learners rg lr rf gb xgb

Run it where `make repro` ran: it reads the slices to learn from and the selected features of that
run. Each trial is scored as in the stage properties_search: error of log k in decades, on kinds of
rock that the candidate did not see.
"""

import argparse
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np

from poreops.base.files import read_json, read_table
from poreops.base.settings import overridden
from poreops.mlops.search import Outcome, Trial, search
from poreops.params import resolve
from poreops.properties.learning.laws import targets
from poreops.properties.learning.plans import Plan, plan_by_group
from poreops.properties.learning.predictors import Floats
from poreops.properties.learning.stacks import EnsembleConfig, fit
from poreops.properties.search import combinations
from poreops.properties.slices.features import design


def score(
    name: str, stated: EnsembleConfig, x: Floats, y: Floats, plan: Plan, trial: Trial
) -> Outcome:
    """Return the error of log k on folds of kinds left out, in decades."""
    start = time.perf_counter()
    config = overridden(stated, trial.chosen)
    predictors = fit(name, config, x, y, plan.masks[:-1])
    found = np.empty_like(y)
    for fold, predictor in enumerate(predictors):
        found[plan.folds == fold] = predictor.predict(x[plan.folds == fold])
    error = float(np.sqrt(((found - y)[:, 1] ** 2).mean()) / np.log(10))
    return Outcome(error, {"seconds": time.perf_counter() - start})


def main() -> None:
    """Print trials, seconds and the best error of both searches for each learner."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--learners", nargs="+", default=["rg", "lr", "rf", "gb", "xgb"])
    args = parser.parse_args()
    params = resolve("params.yaml", "profiles")
    table = read_table("artifacts/properties/parts/learn.parquet")
    x = design(table, read_json("artifacts/properties/selection/features.json")["features"])
    y, split = targets(table), params.slice_split
    plan = plan_by_group(table["kind"].to_numpy(), split.folds, split.seed)
    print("learner   random: trials, seconds, error     grid: trials, seconds, error")
    for name in args.learners:
        line = [f"{name:>7}"]
        objective = partial(score, name, params.ensemble, x, y, plan)
        for sampler in ("random", "grid"):
            config = params.tune_ensemble.alone(sampler).of(name)
            start = time.perf_counter()
            with tempfile.TemporaryDirectory() as folder:
                best = search(name, Path(folder) / "journal", config, objective)
            seconds = time.perf_counter() - start
            line.append(f"{best.finished:8d} {seconds:8.1f} {best.value:8.4f}")
            assert sampler == "random" or best.finished == combinations(config.space)
        print("     ".join(line), flush=True)


if __name__ == "__main__":
    main()
