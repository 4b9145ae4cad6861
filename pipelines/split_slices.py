"""Deal the slices into three parts: artifacts/parts/{learn,gate,report}.parquet.

Stages that search, choose or gate depend on the first two files; only evaluate_ensemble, which
reports and decides nothing, depends on the third.
"""

from pathlib import Path

from poreops.base.files import read_table, write_table
from poreops.base.settings import section
from poreops.errors import exit_on_input_error
from poreops.properties.learning.parts import PARTS, with_parts
from poreops.properties.learning.plans import SliceSplitConfig

OUT = Path("artifacts/parts")


def main() -> None:
    """Write a table for each part."""
    split = section("slice_split", SliceSplitConfig)
    table = with_parts(read_table("artifacts/features/slices.parquet"), split)
    for part in PARTS:
        write_table(OUT / f"{part}.parquet", table[table["part"] == part])


if __name__ == "__main__":
    with exit_on_input_error():
        main()
