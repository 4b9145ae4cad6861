"""Measure every segmented slice: artifacts/properties/features/slices.parquet, one row a slice."""

from pathlib import Path

import pandas as pd

from poreops.base.files import read_table, write_table
from poreops.base.hdf5 import open_hdf5
from poreops.errors import exit_on_input_error
from poreops.properties.slices.features import measure

ROCKS, LABELS = (
    Path("artifacts/properties/rocks/rocks.parquet"),
    Path("artifacts/properties/segmented/slices.h5"),
)


def main() -> None:
    """Write features beside rock, slice, voxel size and targets."""
    parts = []
    with open_hdf5(LABELS) as file:
        for name, rows in read_table(ROCKS).groupby("rock", sort=False):
            features = measure(file[str(name)][()], float(rows["voxel_size"].iloc[0]), str(name))
            parts.append(pd.concat([rows.reset_index(drop=True), features], axis=1))
    write_table(
        "artifacts/properties/features/slices.parquet", pd.concat(parts, ignore_index=True)
    )


if __name__ == "__main__":
    with exit_on_input_error():
        main()
