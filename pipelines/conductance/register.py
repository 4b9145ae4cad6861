"""Register the chosen member, promote it through the gate: mlflow/registered/conductance.json."""

from pathlib import Path

import poreops.conductance
from poreops.base.files import read_json, sha256, write_json
from poreops.base.settings import section
from poreops.conductance.gate import GateConfig
from poreops.conductance.judging.members import probe_scores
from poreops.conductance.model import DESCRIPTION
from poreops.conductance.registry import MODELS
from poreops.errors import exit_on_input_error
from poreops.mlops.gate import Rival, verdict
from poreops.mlops.registry import Candidate, enter
from poreops.mlops.tracking import Tensor, save_pyfunc

JUDGED, MEMBERS = (
    Path("artifacts/conductance/judged"),
    Path("artifacts/conductance/models/members"),
)
PACKAGE = Path("artifacts/.partial/conductance-package")
COMPARED = ("r2", "r2_log", "mape", "off_by_10pct")


def main() -> None:
    """Register, alias as challenger, and promote if the verdict lets it."""
    report = read_json(JUDGED / "gate.json")
    files = MEMBERS / report["chosen"]
    own, coarse = (report["members"].get(name) for name in (report["chosen"], "coarse"))
    nulls = {"a constant": report["constant"]}
    if coarse is not None:
        nulls["the coarse solve"] = coarse
    if "mape_permuted" in own:
        nulls["its own with the inputs of other conduits"] = {"mape": own["mape_permuted"]}
    description = read_json(files / DESCRIPTION)
    candidate = Candidate(
        name=MODELS[description["target"]],
        files=files,
        probe=JUDGED / "probe.h5",
        judged=report["sha256"],
        judged_on=sha256(JUDGED / "probe.h5"),
        scores={name: own[name] for name in COMPARED},
        main="mape",
        probed=report["probe"],
        valid=read_json("reports/conductance/validation.json")["success"],
        nulls=nulls,
        params=description,
        walls=description["walls"],
    )
    save_pyfunc(
        PACKAGE,
        Path(poreops.conductance.__path__[0]) / "served.py",
        {"network": files, "probe": candidate.probe},
        inputs=Tensor("uint8", (-1, *(64,) * description["ndim"])),
        outputs=Tensor("float64", (-1,)),
        requirements=["poreops"],
    )
    gate = section("conductance.gate", GateConfig)
    rivals = {name: Rival(scores, gate.null_margin) for name, scores in nulls.items()}
    registered = enter(
        candidate, PACKAGE, "conductance_register", "conductance_gate", probe_scores,
        lambda standing: verdict(
            candidate.scores, gate.rules, valid=candidate.valid, main=candidate.main,
            rivals=rivals | ({"the champion": Rival(standing)} if standing else {}),
        ),
    )  # fmt: skip
    print(registered)
    write_json("mlflow/registered/conductance.json", registered.content)


if __name__ == "__main__":
    with exit_on_input_error():
        main()
