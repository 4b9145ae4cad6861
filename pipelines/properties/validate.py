"""Check rocks and slices: reports/properties/validation.json and .html; a failure stops here."""

from pathlib import Path

from poreops.base.files import read_table, write_json, write_text
from poreops.base.settings import section
from poreops.errors import exit_on_input_error
from poreops.mlops.expectations import validate
from poreops.properties.learning.parts import LEARN, with_parts
from poreops.properties.learning.plans import SliceSplitConfig
from poreops.properties.suites import (
    RockValidationConfig,
    rock_facts,
    rock_suite,
    slice_facts,
    slice_suite,
    split_facts,
    split_suite,
)

REPORTS = Path("reports/properties")


def main() -> None:
    """Write the report, then fail if an expectation failed; rocks in both parts are a remark."""
    table = read_table("artifacts/properties/features/slices.parquet")
    config = section("properties.validation", RockValidationConfig)
    report = validate(rock_facts(table), rock_suite(config))
    report += validate(slice_facts(table), slice_suite())
    parts = with_parts(table, section("properties.split", SliceSplitConfig))
    whole, learned = parts[~parts["sibling"]], parts[parts["sibling"] | (parts["part"] == LEARN)]
    report += validate(split_facts(whole), split_suite("parts"))
    flagged = validate(split_facts(learned), split_suite("random split"))
    write_json(
        REPORTS / "validation.json",
        report.to_json() | {"flagged": flagged.to_json()["checks"]},
    )
    write_text(
        REPORTS / "validation.html",
        (report + flagged).to_html("Validation of the slices"),
    )
    for check in flagged.failures:
        print(f"remark: {check}")
    report.require()


if __name__ == "__main__":
    with exit_on_input_error():
        main()
