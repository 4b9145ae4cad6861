"""How much the 80:20 split of slices depends on its seed: both stacks and their best learners.

    python benchmarks/properties/random_split.py --seeds 1 2 3 4 5 6 --stacks smr_ml smr_nn

Run it where `make repro` ran: it takes the slices of the rocks to learn from, the features and
the hyperparameters of that run, and changes the seed of the split and of its folds only.
"""

import argparse

from poreops.base.files import read_json, read_table, read_yaml
from poreops.base.settings import overridden
from poreops.params import check
from poreops.properties.judging.comparison import predict_plans, stacked
from poreops.properties.judging.scores import regression_scores
from poreops.properties.learning.laws import in_units, targets
from poreops.properties.learning.plans import plan_at_random, random_test
from poreops.properties.learning.predictors import Floats
from poreops.properties.learning.stacks import STACKS
from poreops.properties.slices.features import design


def r2(predicted: Floats, truth: Floats) -> float:
    """Return the coefficient of determination of one property."""
    return regression_scores(predicted, truth)["r2"]


def main() -> None:
    """Print R² of porosity and of log k for each seed and stack."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--stacks", nargs="+", choices=list(STACKS), default=list(STACKS))
    args = parser.parse_args()
    params = check().properties
    chosen = read_yaml("artifacts/properties/search/best.yaml")["chosen"]
    config = overridden(params.learners, chosen.get("none", {}))
    table = read_table("artifacts/properties/parts/learn.parquet")
    x = design(table, read_json("artifacts/properties/selection/features.json")["features"])
    y = targets(table)
    truth = in_units(y, table)
    for stack in args.stacks:
        for seed in args.seeds:
            split = params.split.model_copy(update={"seed": seed})
            test = random_test(len(x), split)
            plan = plan_at_random(~test, params.judging.random_folds, seed)
            names = STACKS[stack]
            levels = {name: predict_plans(name, config, x, y, [plan]) for name in names}
            found = stacked(levels, y, [plan], {stack: names})
            scores = {
                name: [r2(in_units(v[0], table)[test][:, k], truth[test][:, k]) for k in range(2)]
                for name, v in found.items()
            }
            best = [max((scores[n][k], n) for n in names)[1] for k in range(2)]
            line = [
                f"{target} {scores[stack][k]:.4f} (best {best[k]} {scores[best[k]][k]:.4f})"
                for k, target in enumerate(("porosity", "log k"))
            ]
            print(f"seed {seed} {stack}: {', '.join(line)}", flush=True)


if __name__ == "__main__":
    main()
