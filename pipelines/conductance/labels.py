"""Simulate the size factor of every conduit: artifacts/conductance/labels/<role>.h5.

Finished volumes in artifacts/.partial/conductance-labels let a killed run go on.
"""

import shutil
from pathlib import Path

from poreops.base.settings import section
from poreops.conductance.labels import write_targets
from poreops.conduits.labels import TargetsConfig
from poreops.errors import exit_on_input_error

ARTIFACTS, PARTIAL = Path("artifacts/conductance"), Path("artifacts/.partial/conductance-labels")


def main() -> None:
    """Write the labels of the training, gate and unseen volumes, in powers of a voxel."""
    write_targets(
        ARTIFACTS / "regions", ARTIFACTS / "labels", ("train", "gate", "unseen"),
        section("conductance.label", TargetsConfig), PARTIAL, print,
    )  # fmt: skip
    shutil.rmtree(PARTIAL, ignore_errors=True)


if __name__ == "__main__":
    with exit_on_input_error():
        main()
