"""Register the chosen member, promote it through the gate: mlflow/registered/conductance.json."""

from functools import partial
from pathlib import Path

from poreops.base.files import read_json, write_json
from poreops.base.settings import section
from poreops.base.targets import joined, part, targets_in
from poreops.conductance.gate import GateConfig
from poreops.conductance.judging.members import probe_scores
from poreops.conductance.registering import judged_candidate, packaged
from poreops.errors import exit_on_input_error
from poreops.mlops.registry import enter

JUDGED = Path("artifacts/conductance/judged")
MEMBERS = Path("artifacts/conductance/models/members")
PACKAGE = Path("artifacts/.partial/conductance-package")


def main() -> None:
    """Register, alias as challenger, and promote if the gate lets it."""
    gate = section("conductance.gate", GateConfig)
    valid = read_json("reports/conductance/validation.json")["success"]
    materials, entered = read_json("reports/conductance/materials.json"), {}
    for of in targets_in(JUDGED, "gate.json"):
        candidate = judged_candidate(JUDGED / of, MEMBERS / of, valid=valid)
        registered = enter(
            candidate, packaged(candidate, PACKAGE), "conductance_register", "conductance.gate",
            probe_scores, partial(gate.refusals, candidate, materials=part(materials, of)),
        )  # fmt: skip
        print(registered)
        entered[of] = registered.content
    write_json("mlflow/registered/conductance.json", joined(entered))


if __name__ == "__main__":
    with exit_on_input_error():
        main()
