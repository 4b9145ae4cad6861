"""Deal the slices into three parts: artifacts/properties/parts/{learn,gate,report}.parquet.

Stages that search, choose or gate depend on the first two files; only properties_scores, which
reports and decides nothing, depends on the third.
"""

from pathlib import Path

from poreops.base.files import read_table, write_table
from poreops.base.settings import section
from poreops.errors import exit_on_input_error
from poreops.properties.learning.parts import PARTS, with_parts
from poreops.properties.learning.plans import SliceSplitConfig

OUT = Path("artifacts/properties/parts")


def main() -> None:
    """Write a table for each part."""
    split = section("properties.split", SliceSplitConfig)
    table = with_parts(read_table("artifacts/properties/features/slices.parquet"), split)
    for part in PARTS:
        write_table(OUT / f"{part}.parquet", table[table["part"] == part])


if __name__ == "__main__":
    with exit_on_input_error():
        main()
