"""Split the training conduits, by volume and at random: artifacts/conductance/splits."""

from pathlib import Path

from poreops.base.hdf5 import open_hdf5, write_hdf5
from poreops.base.settings import section
from poreops.conductance.learning.splits import SplitConfig, split_at_random, split_by_volume
from poreops.errors import exit_on_input_error

OUT = Path("artifacts/conductance/splits")


def main() -> None:
    """Write the row numbers of each part of both splits."""
    config = section("conductance.split", SplitConfig)
    with open_hdf5("artifacts/conductance/conduits/train.h5") as file:
        volume = file["volume"][()]
    write_hdf5(OUT / "by_volume.h5", vars(split_by_volume(volume, config)))
    write_hdf5(OUT / "random.h5", vars(split_at_random(len(volume), config)))


if __name__ == "__main__":
    with exit_on_input_error():
        main()
