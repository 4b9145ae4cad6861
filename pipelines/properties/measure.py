"""Measure every segmented slice: artifacts/properties/features/slices.parquet, one row a slice."""

from pathlib import Path

import pandas as pd

from poreops.base.files import read_table, write_table
from poreops.base.hdf5 import open_hdf5
from poreops.errors import exit_on_input_error
from poreops.properties.slices.features import measure

ARTIFACTS = Path("artifacts/properties")


def main() -> None:
    """Write features beside rock, slice, voxel size and targets."""
    parts = []
    with open_hdf5(ARTIFACTS / "segmented/slices.h5") as file:
        rocks = read_table(ARTIFACTS / "rocks/rocks.parquet").groupby("rock", sort=False)
        for name, rows in rocks:
            features = measure(file[str(name)][()], float(rows["voxel_size"].iloc[0]), str(name))
            parts.append(pd.concat([rows.reset_index(drop=True), features], axis=1))
    write_table(ARTIFACTS / "features/slices.parquet", pd.concat(parts, ignore_index=True))


if __name__ == "__main__":
    with exit_on_input_error():
        main()
