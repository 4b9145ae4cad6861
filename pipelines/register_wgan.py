"""Register the generator, promote it through the gate: mlflow/registered/digital-core.json."""

from pathlib import Path

import poreops.served
from poreops.cores import MODEL, CoreGateConfig, verdict
from poreops.errors import InputError, exit_on_input_error
from poreops.learning.core_model import DESCRIPTION
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

MODEL_FILES, HELD_OUT = Path("artifacts/wgan/wgan_gp"), Path("artifacts/crops/held_out.h5")
PACKAGE = Path("artifacts/.partial/digital-core-pyfunc")
JUDGED = ("kid", "s2_error", "copies")


def champion_scores(pinned: str) -> tuple[ModelVersion | None, dict[str, float] | None]:
    """Return the champion and its scores; none if its files are gone or it met other crops."""
    try:
        champion = champion_info(MODEL)
    except InputError:
        return None, None  # the first model has no one to beat
    there = find_version(MODEL, champion.tags.get("sha256", ""))
    if there is None or champion.tags.get("held_out.sha256") != pinned:
        return champion, None
    return champion, {k: float(champion.tags[k]) for k in JUDGED}


def main() -> None:
    """Register, alias as challenger, and promote if the verdict lets it."""
    report = read_json("reports/digital_core.json")
    valid = read_json("reports/core_validation.json")["success"]
    judged = {
        "kid": report["scores"]["wgan_gp"]["held_out"]["kid"]["mean"],
        "s2_error": report["s2_error"]["wgan_gp"]["held_out"]["radial"],
        "copies": report["likeness"]["wgan_gp"]["copies"],
    }
    digest, pinned = sha256(MODEL_FILES), sha256(HELD_OUT)
    save_pyfunc(
        PACKAGE,
        Path(poreops.served.__path__[0]) / "digital_core.py",
        {"generator": MODEL_FILES},
        inputs=Tensor("int64", (-1, 2)),
        outputs=Tensor("uint8", (-1, -1, -1)),
        requirements=["poreops"],
    )
    champion, standing = champion_scores(pinned)
    with run("register_wgan", MODEL) as tracked:
        tracked.log_params(read_json(MODEL_FILES / DESCRIPTION))
        tracked.log_metrics(judged)
        tags = lineage() | judged | {"held_out.sha256": pinned, "validation": "passed" * valid}
        version = register(tracked, PACKAGE, MODEL, sha256=digest, tags=tags)
        set_alias(version, CHALLENGER)
        again = champion is not None and champion.tags.get("sha256") == digest
        gate = section("wgan_gate", CoreGateConfig)
        reasons = [] if again else verdict(judged, standing, valid, gate)
        if not reasons and (champion is None or champion.version != version.version):
            promote(version, {"promoted": "passed the gate of params.wgan_gate"})
        tracked.set_tags({"gate": "; ".join(reasons) or "passed"})
    print(f"{MODEL} version {version.version}: {'; '.join(reasons) or 'champion'}")
    write_json(
        "mlflow/registered/digital-core.json",
        {"model": MODEL, "sha256": digest, "gate": reasons or "passed"},
    )


if __name__ == "__main__":
    with exit_on_input_error():
        main()
