"""Check the crops: reports/cores/validation.json and .html; a failure stops here."""

from pathlib import Path

from poreops.base.files import write_json, write_text
from poreops.base.settings import section
from poreops.cores.crops import PARTS, Crops
from poreops.cores.suites import ValidationConfig, crop_facts, crop_suite
from poreops.errors import exit_on_input_error
from poreops.mlops.expectations import validate

CROPS, REPORTS = Path("artifacts/cores/crops"), Path("reports/cores")


def main() -> None:
    """Write the report, then fail if an expectation failed."""
    config = section("cores.validation", ValidationConfig)
    crops = {part: Crops.read(CROPS / f"{part}.h5") for part in PARTS}
    report = validate(crop_facts(crops), crop_suite(config))
    write_json(REPORTS / "validation.json", report.to_json())
    write_text(REPORTS / "validation.html", report.to_html("Validation of the crops"))
    report.require()


if __name__ == "__main__":
    with exit_on_input_error():
        main()
