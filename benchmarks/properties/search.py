"""What a randomised search finds and costs against the exhaustive grid, both measured.

    python benchmarks/properties/search.py --learners rg lr rf gb xgb

Run it where `make repro` ran: it reads the slices to learn from and the selected features of that
run. Each trial is scored as in the stage properties_search: error of log k in decades, on kinds of
rock that the candidate did not see.
"""

import argparse
import tempfile
import time
from functools import partial
from pathlib import Path

from poreops.base.files import read_json, read_table
from poreops.mlops.search import search
from poreops.params import check
from poreops.properties.search import Objective, combinations


def main() -> None:
    """Print trials, seconds and the best error of both searches for each learner."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--learners", nargs="+", default=["rg", "lr", "rf", "gb", "xgb"])
    args = parser.parse_args()
    params = check().properties
    table = read_table("artifacts/properties/parts/learn.parquet")
    features = read_json("artifacts/properties/selection/features.json")["features"]
    objective = Objective(table, features, params.learners, params.split)
    print("learner   random: trials, seconds, error     grid: trials, seconds, error")
    for name in args.learners:
        line = [f"{name:>7}"]
        scored = partial(objective.outcome, name)
        for sampler in ("random", "grid"):
            config = params.search.alone(sampler).of(name)
            start = time.perf_counter()
            with tempfile.TemporaryDirectory() as folder:
                best = search(name, Path(folder) / "journal", config, scored)
            seconds = time.perf_counter() - start
            line.append(f"{best.finished:8d} {seconds:8.1f} {best.value:8.4f}")
            assert sampler == "random" or best.finished == combinations(config.space)
        print("     ".join(line), flush=True)


if __name__ == "__main__":
    main()
