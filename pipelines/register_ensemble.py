"""Register the better stack and promote it through the gate.

Writes mlflow/registered/rock-properties.json.
"""

from pathlib import Path
from typing import Any

import numpy as np

import poreops.served
from poreops.errors import exit_on_input_error
from poreops.learning.rock_model import RockModel, Widths
from poreops.registration import Candidate, enter
from poreops.rocks.gate import RockGateConfig, verdict
from poreops.rocks.properties import MODEL
from poreops.sections import section
from poreops.store import read_json, sha256, write_json
from poreops.tracking import Tensor, save_pyfunc

MODELS, TABLE = Path("artifacts/rock_models"), Path("artifacts/features/slices.parquet")
FILES = Path("artifacts/.partial/rock-properties")
PACKAGE = Path("artifacts/.partial/rock-properties-pyfunc")


def judged_scores(name: str, widths: dict[str, Any]) -> dict[str, float]:
    """Return what the gate asks of a model, on rocks left out."""
    scores = read_json("reports/properties.json")["leave_one_rock_out_plugs"][name]
    found = {f"{target}_{key}": value for target, s in scores.items() for key, value in s.items()}
    if name in widths:
        found["coverage"] = min(widths[name]["measured"]["plug"])
    return found


def main() -> None:
    """Put the widths into the model, register it, and promote it if the verdict lets it."""
    judged = read_json("artifacts/widths/widths.json")
    chosen, widths = judged["chosen"], judged["stacks"]
    stated = {k: v for k, v in widths[chosen].items() if k != "measured"}
    shares = {key: np.array(stated[key]) for key in ("slice", "plug")}
    model = RockModel.load(MODELS / chosen)
    model.widths = Widths(**(stated | shares))
    model.save(FILES)
    candidate = Candidate(
        name=MODEL,
        sha256=sha256(FILES),
        judged_on=sha256(TABLE),
        scores=judged_scores(chosen, widths),
        valid=read_json("reports/slices_validation.json")["success"],
        params={"stack": chosen, "features": model.features, "walls": model.walls},
    )
    save_pyfunc(
        PACKAGE,
        Path(poreops.served.__path__[0]) / "properties.py",
        {"stack": FILES},
        inputs=Tensor("uint8", (-1, -1, -1)),
        outputs=Tensor("float64", (-1, 2)),
        requirements=["poreops"],
    )
    gate, law = section("rock_gate", RockGateConfig), judged_scores("kozeny_carman", widths)
    registered = enter(
        candidate, PACKAGE, "register_ensemble", "rock_gate",
        lambda standing: verdict(candidate.scores, law, standing, candidate.valid, gate),
    )  # fmt: skip
    print(registered)
    write_json("mlflow/registered/rock-properties.json", registered.content)


if __name__ == "__main__":
    with exit_on_input_error():
        main()
