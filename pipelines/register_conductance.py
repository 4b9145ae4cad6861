"""Register the model, promote it through the gate: mlflow/registered/conductance.json."""

from pathlib import Path

import poreops.served
from poreops.conductance import MODELS
from poreops.errors import exit_on_input_error
from poreops.evaluation import GateConfig, verdict
from poreops.learning.conductance_model import DESCRIPTION
from poreops.registration import Candidate, enter
from poreops.sections import section
from poreops.store import read_json, sha256, write_json
from poreops.tracking import Tensor, save_pyfunc

MODEL_FILES, UNSEEN = Path("artifacts/models/resnet"), Path("artifacts/labels/unseen.h5")
PACKAGE = Path("artifacts/.partial/conductance-pyfunc")


def main() -> None:
    """Register, alias as challenger, and promote if the verdict lets it."""
    description = read_json(MODEL_FILES / DESCRIPTION)
    scores = read_json("reports/conductance.json")["unseen"]["resnet"]
    candidate = Candidate(
        name=MODELS[description["target"]],
        sha256=sha256(MODEL_FILES),
        judged_on=sha256(UNSEEN),
        scores={k: scores[k] for k in ("r2", "r2_log", "mape", "off_by_10pct")},
        valid=read_json("reports/validation.json")["success"],
        params=description,
    )
    save_pyfunc(
        PACKAGE,
        Path(poreops.served.__path__[0]) / "conductance.py",
        {"network": MODEL_FILES},
        inputs=Tensor("uint8", (-1, *(64,) * description["ndim"])),
        outputs=Tensor("float64", (-1,)),
        requirements=["poreops"],
    )
    gate = section("conductance_gate", GateConfig)
    registered = enter(
        candidate, PACKAGE, "register_conductance", "conductance_gate",
        lambda standing: verdict(candidate.scores, standing, candidate.valid, gate),
    )  # fmt: skip
    print(registered)
    write_json("mlflow/registered/conductance.json", registered.content)


if __name__ == "__main__":
    with exit_on_input_error():
        main()
