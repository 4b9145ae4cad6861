"""Register the model, promote it through the gate: mlflow/registered/conductance.json."""

from pathlib import Path

import poreops.served
from poreops.conductance import MODELS
from poreops.errors import InputError, exit_on_input_error
from poreops.evaluation import GateConfig, verdict
from poreops.learning.conductance_model import DESCRIPTION
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

MODEL_FILES, UNSEEN = Path("artifacts/models/resnet"), Path("artifacts/labels/unseen.h5")
PACKAGE = Path("artifacts/.partial/conductance-pyfunc")


def champion_scores(name: str, pinned: str) -> tuple[ModelVersion | None, dict[str, float] | None]:
    """Return the champion and its scores; none if its files are gone or it saw other volumes."""
    try:
        champion = champion_info(name)
    except InputError:
        return None, None  # the first model has no one to beat
    there = find_version(name, champion.tags.get("sha256", ""))
    if there is None or champion.tags.get("unseen.sha256") != pinned:
        return champion, None
    return champion, {k: float(champion.tags[k]) for k in ("r2", "r2_log", "mape")}


def main() -> None:
    """Register, alias as challenger, and promote if the verdict lets it."""
    scores = read_json("reports/conductance.json")["unseen"]["resnet"]
    valid = read_json("reports/validation.json")["success"]
    description = read_json(MODEL_FILES / DESCRIPTION)
    name = MODELS[description["target"]]
    shape = (-1, *(64,) * description["ndim"])
    digest, pinned = sha256(MODEL_FILES), sha256(UNSEEN)
    save_pyfunc(
        PACKAGE,
        Path(poreops.served.__path__[0]) / "conductance.py",
        {"network": MODEL_FILES},
        inputs=Tensor("uint8", shape),
        outputs=Tensor("float64", (-1,)),
        requirements=["poreops"],
    )
    judged = {k: scores[k] for k in ("r2", "r2_log", "mape", "off_by_10pct")}
    champion, standing = champion_scores(name, pinned)
    with run("register_conductance", name) as tracked:
        tracked.log_params(description)
        tracked.log_metrics(judged)
        tags = lineage() | judged | {"unseen.sha256": pinned, "validation": "passed" * valid}
        version = register(tracked, PACKAGE, name, sha256=digest, tags=tags)
        set_alias(version, CHALLENGER)
        again = champion is not None and champion.tags.get("sha256") == digest
        gate = section("conductance_gate", GateConfig)
        reasons = [] if again else verdict(judged, standing, valid, gate)
        if not reasons and (champion is None or champion.version != version.version):
            promote(version, {"promoted": "passed the gate of params.conductance_gate"})
        tracked.set_tags({"gate": "; ".join(reasons) or "passed"})
    verdict_line = "; ".join(reasons) or "champion"
    print(f"{name} version {version.version}: {verdict_line}")
    write_json(
        "mlflow/registered/conductance.json",
        {"model": name, "sha256": digest, "gate": reasons or "passed"},
    )


if __name__ == "__main__":
    with exit_on_input_error():
        main()
