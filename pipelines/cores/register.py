"""Register the offered generator, and promote it if it passes: mlflow/registered/cores.json."""

from pathlib import Path

from poreops.base.files import read_json, write_json
from poreops.base.settings import section
from poreops.cores import gate
from poreops.cores.judging.evaluation import JudgingConfig
from poreops.cores.judging.near import probe_scores
from poreops.cores.registry import candidate, package
from poreops.errors import exit_on_input_error
from poreops.mlops.registry import enter

MODELS, JUDGED = Path("artifacts/cores/models"), Path("artifacts/cores/judged")


def main() -> None:
    """Register, alias as challenger, and promote if the verdict lets it."""
    config = section("cores.judging", JudgingConfig)
    limits = section("cores.gate", gate.GateConfig)
    offer = read_json(JUDGED / "offer.json")
    valid = read_json("reports/cores/validation.json")["success"]
    offered = candidate(offer, MODELS, JUDGED / "probe.h5", valid=valid, judging=config)
    registered = enter(
        offered,
        package(Path("artifacts/.partial/cores-package"), offered),
        "cores_register",
        "cores.gate",
        lambda files, probe: probe_scores(files, probe, config),
        lambda standing: gate.verdict(
            offer["scores"], offer["real"], offer["nulls"], limits, valid=valid, standing=standing
        ),
    )
    print(f"{registered} ({offer['name']})")
    write_json("mlflow/registered/cores.json", registered.content | {"method": offer["method"]})


if __name__ == "__main__":
    with exit_on_input_error():
        main()
