"""Split the training conduits by volume, and at random as the paper did: artifacts/splits/."""

from pathlib import Path

from poreops.errors import exit_on_input_error
from poreops.learning.splits import SplitConfig, split_at_random, split_by_volume
from poreops.sections import section
from poreops.store import open_hdf5, write_hdf5

OUT = Path("artifacts/splits")


def main() -> None:
    """Write the row numbers of each part of both splits."""
    config = section("split", SplitConfig)
    with open_hdf5("artifacts/conduits/train.h5") as file:
        volume = file["volume"][()]
    write_hdf5(OUT / "by_volume.h5", vars(split_by_volume(volume, config)))
    write_hdf5(OUT / "random.h5", vars(split_at_random(len(volume), config)))


if __name__ == "__main__":
    with exit_on_input_error():
        main()
