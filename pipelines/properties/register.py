"""Register the judged model, promote it through the gate: mlflow/registered/properties.json."""

from pathlib import Path

from poreops.base.files import read_json, write_json
from poreops.base.settings import section
from poreops.errors import exit_on_input_error
from poreops.mlops.registry import enter
from poreops.properties.gate import GateConfig, verdict
from poreops.properties.registering import judged_candidate, packaged, score

ARTIFACTS = Path("artifacts/properties")
FILES, PROBE = ARTIFACTS / "judged/model", ARTIFACTS / "parts/gate.parquet"
PACKAGE = Path("artifacts/.partial/properties-package")


def main() -> None:
    """Register, alias as challenger, and promote if the verdict lets it; no report is read."""
    gate = section("properties.gate", GateConfig)
    judged = read_json(ARTIFACTS / "judged/judged.json")
    valid = read_json("reports/properties/validation.json")["success"]
    candidate = judged_candidate(judged, FILES, PROBE, gate, valid=valid)
    registered = enter(
        candidate, packaged(candidate, PACKAGE), "properties_register", "properties.gate", score,
        lambda standing: verdict(judged, standing, valid, gate),
    )  # fmt: skip
    print(registered)
    write_json("mlflow/registered/properties.json", registered.content)


if __name__ == "__main__":
    with exit_on_input_error():
        main()
