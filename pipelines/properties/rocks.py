"""Slices of synthetic plugs and of the real rocks: artifacts/properties/rocks/.

Each finished plug is kept in artifacts/.partial/properties-rocks until all are done, so that a
killed run goes on where it stopped.
"""

import shutil
from pathlib import Path

from poreops.base.files import write_table
from poreops.base.hdf5 import write_hdf5
from poreops.base.settings import section
from poreops.errors import exit_on_input_error
from poreops.properties.rock_slices import rock_slices
from poreops.properties.rocks import RocksConfig, read_rocks

OUT, PARTIAL = Path("artifacts/properties/rocks"), Path("artifacts/.partial/properties-rocks")
DATA = Path("data/properties")


def main() -> None:
    """Write the slices of all rocks and a table with a row for each slice."""
    config = section("properties.rocks", RocksConfig)
    real = read_rocks(DATA / "rocks.csv", DATA / "images")
    arrays, table = rock_slices(config, real, PARTIAL, print)
    write_hdf5(OUT / "slices.h5", arrays)
    write_table(OUT / "rocks.parquet", table)
    shutil.rmtree(PARTIAL, ignore_errors=True)


if __name__ == "__main__":
    with exit_on_input_error():
        main()
