"""Fit both stacks on the rocks to learn from: artifacts/properties/models/ and left_out/.

A killed run goes on from the learners in artifacts/.partial/properties-train.
"""

import shutil
from pathlib import Path

from poreops.base.files import write_table
from poreops.base.settings import section
from poreops.errors import exit_on_input_error
from poreops.mlops.tracking import run
from poreops.properties.learning.plans import SliceSplitConfig
from poreops.properties.learning.stacks import EnsembleConfig
from poreops.properties.slices.segment import SegmentConfig
from poreops.properties.training import Training, fit_everywhere, save_models

OUT, PARTIAL = Path("artifacts/properties"), Path("artifacts/.partial/properties-train")


def main() -> None:
    """Write a model for each stack and kind left out, and the errors of all that left one out."""
    stated = section("properties.learners", EnsembleConfig)
    split = section("properties.split", SliceSplitConfig)
    segmentation = section("properties.segmentation", SegmentConfig)
    training = Training.read(OUT, stated, split, segmentation)
    with run("properties_train", "both stacks") as tracked:
        errors = save_models(training, fit_everywhere(training, PARTIAL, print), OUT, tracked)
    write_table(OUT / "left_out/errors.parquet", errors)
    shutil.rmtree(PARTIAL, ignore_errors=True)


if __name__ == "__main__":
    with exit_on_input_error():
        main()
