"""Partition the volumes and cut their conduits: artifacts/conductance/regions, conduits."""

from pathlib import Path

from poreops.base.settings import section
from poreops.conductance.conduits import write_conduits
from poreops.conduits.partition import PartitionConfig
from poreops.errors import exit_on_input_error

ARTIFACTS = Path("artifacts/conductance")


def main() -> None:
    """Write the regions and the conduits of the training, gate and unseen volumes."""
    write_conduits(
        ARTIFACTS / "volumes", ARTIFACTS / "regions", ARTIFACTS / "conduits",
        ("train", "gate", "unseen"), section("conductance.partition", PartitionConfig), print,
    )  # fmt: skip


if __name__ == "__main__":
    with exit_on_input_error():
        main()
