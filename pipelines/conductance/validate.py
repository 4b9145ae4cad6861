"""Check volumes, conduits and labels; a failure stops here: reports/conductance/validation.*."""

from pathlib import Path

from poreops.base.files import write_json, write_text
from poreops.base.settings import section
from poreops.conductance.suites.rules import ValidationConfig
from poreops.conductance.suites.whole import validated
from poreops.errors import exit_on_input_error

ARTIFACTS, REPORTS = Path("artifacts/conductance"), Path("reports/conductance")
PROFILE = Path("data/conductance/size_factor_profile.json")


def main() -> None:
    """Write the report, then fail if an expectation failed."""
    config = section("conductance.validation", ValidationConfig)
    report = validated(ARTIFACTS, ("train", "gate", "unseen"), ("network",), PROFILE, config)
    write_json(REPORTS / "validation.json", report.to_json())
    write_text(REPORTS / "validation.html", report.to_html("Validation of the conduits"))
    report.require()


if __name__ == "__main__":
    with exit_on_input_error():
        main()
