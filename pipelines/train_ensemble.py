"""Fit both stacks on all rocks: artifacts/rock_models/<stack>/."""

from pathlib import Path

import numpy as np

from poreops.errors import exit_on_input_error
from poreops.learning.ensemble import STACKS, EnsembleConfig, fit_stack
from poreops.learning.plans import SliceSplitConfig, plan_by_group
from poreops.learning.rock_model import RockModel, targets, walls_of
from poreops.sections import overridden, section
from poreops.slices.features import design
from poreops.slices.segment import SegmentConfig
from poreops.store import read_json, read_table, read_yaml, sha256
from poreops.tracking import run

TABLE, OUT = Path("artifacts/features/slices.parquet"), Path("artifacts/rock_models")


def main() -> None:
    """Fit with what the search chose; folds are of whole rocks, as new rocks will be."""
    chosen = read_yaml("artifacts/tune/ensemble/best.yaml")["chosen"]
    config = overridden(section("ensemble", EnsembleConfig), chosen)
    split = section("slice_split", SliceSplitConfig)
    segmentation = section("segmentation", SegmentConfig)
    features = read_json("artifacts/selection/features.json")["features"]
    table = read_table(TABLE)
    x, y = design(table, features), targets(table)
    rocks = table["rock"].to_numpy()
    plan = plan_by_group(rocks, split.folds, split.seed)
    ranges = np.stack([x.min(axis=0), x.max(axis=0)])
    for name, learners in STACKS.items():
        with run("train_ensemble", name) as tracked:
            tracked.log_params({"ensemble": config.model_dump(), "features": features})
            tracked.log_dataset(str(TABLE), sha256(TABLE), "slices", rows=len(table))
            stack = fit_stack(learners, config, x, y, plan, rocks)
            weights = dict(zip(learners, stack.of_plugs.weights.tolist(), strict=True))
            tracked.log_params({"weights": weights})
            model = RockModel(stack, name, features, segmentation, ranges, walls=walls_of(table))
            model.save(OUT / name)


if __name__ == "__main__":
    with exit_on_input_error():
        main()
