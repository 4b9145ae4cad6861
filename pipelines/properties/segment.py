"""Segment the slices of every rock: artifacts/properties/segmented/slices.h5, and how well."""

from pathlib import Path

from poreops.base.files import read_table, write_json
from poreops.base.hdf5 import open_hdf5, write_hdf5
from poreops.base.settings import section
from poreops.errors import exit_on_input_error
from poreops.properties.segmentation import agreements, segment_rocks
from poreops.properties.slices.segment import SegmentConfig

ROCKS = Path("artifacts/properties/rocks")


def main() -> None:
    """Write labels, and their agreement with the truth where it is known."""
    config = section("properties.segmentation", SegmentConfig)
    names = read_table(ROCKS / "rocks.parquet")["rock"].unique()
    with open_hdf5(ROCKS / "slices.h5") as file:
        grey = {name: file[name]["grey"][()] for name in names}
        truth = {name: file[name]["pore"][()] for name in names if "pore" in file[name]}
    labels = segment_rocks(grey, config, print)
    write_hdf5("artifacts/properties/segmented/slices.h5", labels)
    write_json("reports/properties/segmentation.json", agreements(labels, truth))


if __name__ == "__main__":
    with exit_on_input_error():
        main()
