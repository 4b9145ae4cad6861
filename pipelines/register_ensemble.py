"""Register the better stack and promote it through the gate.

Writes mlflow/registered/rock-properties.json.
"""

from pathlib import Path
from typing import Any

import numpy as np

import poreops.served
from poreops.errors import InputError, exit_on_input_error
from poreops.learning.rock_model import RockModel, Widths
from poreops.rock_evaluation import RockGateConfig, verdict
from poreops.rock_properties import MODEL
from poreops.sections import section
from poreops.store import read_json, sha256, write_json
from poreops.tracking import (
    CHALLENGER,
    ModelVersion,
    Tensor,
    champion_info,
    find_version,
    lineage,
    promote,
    register,
    run,
    save_pyfunc,
    set_alias,
)

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


def champion_scores(pinned: str) -> tuple[ModelVersion | None, dict[str, float] | None]:
    """Return the champion and its scores; none if its files are gone or it saw other rocks."""
    try:
        champion = champion_info(MODEL)
    except InputError:
        return None, None  # the first model has no one to beat
    there = find_version(MODEL, champion.tags.get("sha256", ""))
    if there is None or champion.tags.get("rocks.sha256") != pinned:
        return champion, None
    return champion, {"log_permeability_mae": float(champion.tags["log_permeability_mae"])}


def main() -> None:
    """Put the widths into the model, register it, and promote it if the verdict lets it."""
    judged = read_json("artifacts/widths/widths.json")
    chosen, widths = judged["chosen"], judged["stacks"]
    stated = {k: v for k, v in widths[chosen].items() if k != "measured"}
    shares = {key: np.array(stated[key]) for key in ("slice", "plug")}
    model = RockModel.load(MODELS / chosen)
    model.widths = Widths(**(stated | shares))
    model.save(FILES)
    digest, pinned = sha256(FILES), sha256(TABLE)
    save_pyfunc(
        PACKAGE,
        Path(poreops.served.__path__[0]) / "properties.py",
        {"stack": FILES},
        inputs=Tensor("uint8", (-1, -1, -1)),
        outputs=Tensor("float64", (-1, 2)),
        requirements=["poreops"],
    )
    valid = read_json("reports/slices_validation.json")["success"]
    scores = judged_scores(chosen, widths)
    champion, standing = champion_scores(pinned)
    with run("register_ensemble", MODEL) as tracked:
        tracked.log_params({"stack": chosen, "features": model.features})
        tracked.log_metrics(scores)
        tags = lineage() | scores | {"rocks.sha256": pinned, "validation": "passed" * valid}
        version = register(tracked, PACKAGE, MODEL, sha256=digest, tags=tags)
        set_alias(version, CHALLENGER)
        again = champion is not None and champion.tags.get("sha256") == digest
        gate = section("rock_gate", RockGateConfig)
        law = judged_scores("kozeny_carman", widths)
        reasons = [] if again else verdict(scores, law, standing, valid, gate)
        if not reasons and (champion is None or champion.version != version.version):
            promote(version, {"promoted": "passed the gate of params.rock_gate"})
        tracked.set_tags({"gate": "; ".join(reasons) or "passed"})
    print(f"{MODEL} version {version.version}: {'; '.join(reasons) or 'champion'}")
    write_json(
        "mlflow/registered/rock-properties.json",
        {"model": MODEL, "sha256": digest, "gate": reasons or "passed"},
    )


if __name__ == "__main__":
    with exit_on_input_error():
        main()
