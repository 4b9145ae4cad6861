"""Check rocks and slices: reports/properties/validation.json and .html; a failure stops here."""

from pathlib import Path

from poreops.base.files import read_table, write_json, write_text
from poreops.base.settings import section
from poreops.errors import exit_on_input_error
from poreops.properties.learning.plans import SliceSplitConfig
from poreops.properties.suites import ValidationConfig, check_slices_and_split

REPORTS = Path("reports/properties")


def main() -> None:
    """Write the report, then fail if an expectation failed; rocks in both parts are a remark."""
    table = read_table("artifacts/properties/features/slices.parquet")
    config = section("properties.validation", ValidationConfig)
    split = section("properties.split", SliceSplitConfig)
    report, remarks = check_slices_and_split(table, config, split)
    flagged = {"flagged": remarks.to_json()["checks"]}
    write_json(REPORTS / "validation.json", report.to_json() | flagged)
    write_text(REPORTS / "validation.html", (report + remarks).to_html("Validation of the slices"))
    for check in remarks.failures:
        print(f"remark: {check}")
    report.require()


if __name__ == "__main__":
    with exit_on_input_error():
        main()
