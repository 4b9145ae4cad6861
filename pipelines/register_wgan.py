"""Register the generator, promote it through the gate: mlflow/registered/digital-core.json."""

from pathlib import Path

import poreops.served
from poreops.cores.gate import MODEL, CoreGateConfig, verdict
from poreops.errors import exit_on_input_error
from poreops.learning.core_model import DESCRIPTION
from poreops.registration import Candidate, enter
from poreops.sections import section
from poreops.store import read_json, sha256, write_json
from poreops.tracking import Tensor, save_pyfunc

MODEL_FILES, HELD_OUT = Path("artifacts/wgan/wgan_gp"), Path("artifacts/crops/held_out.h5")
PACKAGE = Path("artifacts/.partial/digital-core-pyfunc")


def main() -> None:
    """Register, alias as challenger, and promote if the verdict lets it."""
    report = read_json("reports/digital_core.json")
    candidate = Candidate(
        name=MODEL,
        sha256=sha256(MODEL_FILES),
        judged_on=sha256(HELD_OUT),
        scores={
            "kid": report["scores"]["wgan_gp"]["held_out"]["kid"]["mean"],
            "s2_error": report["s2_error"]["wgan_gp"]["held_out"]["radial"],
            "copies": report["likeness"]["wgan_gp"]["copies"],
        },
        valid=read_json("reports/core_validation.json")["success"],
        params=read_json(MODEL_FILES / DESCRIPTION),
    )
    save_pyfunc(
        PACKAGE,
        Path(poreops.served.__path__[0]) / "digital_core.py",
        {"generator": MODEL_FILES},
        inputs=Tensor("int64", (-1, 2)),
        outputs=Tensor("uint8", (-1, -1, -1)),
        requirements=["poreops"],
    )
    gate = section("wgan_gate", CoreGateConfig)
    registered = enter(
        candidate, PACKAGE, "register_wgan", "wgan_gate",
        lambda standing: verdict(candidate.scores, standing, candidate.valid, gate),
    )  # fmt: skip
    print(registered)
    write_json("mlflow/registered/digital-core.json", registered.content)


if __name__ == "__main__":
    with exit_on_input_error():
        main()
