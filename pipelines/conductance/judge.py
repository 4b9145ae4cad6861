"""Score the members on the gate's volumes, and choose one: artifacts/conductance/judged."""

from pathlib import Path

from poreops.base.files import write_json
from poreops.base.settings import section
from poreops.base.targets import targets_in
from poreops.conductance.gate import GateConfig
from poreops.conductance.judging.choice import gate_report, lines
from poreops.errors import exit_on_input_error
from poreops.mlops.tracking import run

ARTIFACTS, OUT = Path("artifacts/conductance"), Path("artifacts/conductance/judged")


def main() -> None:
    """Write the scores, the probe, and which member asks for the champion's place."""
    gate = section("conductance.gate", GateConfig)
    for of in targets_in(ARTIFACTS / "labels", "gate.h5"):
        report = gate_report(ARTIFACTS, OUT / of / "probe.h5", gate, of)
        write_json(OUT / of / "gate.json", report)
        with run("conductance_judge", f"{len(report['members'])} members") as tracked:
            tracked.log_metrics({name: report[name] for name in ("members", "constant")})
            tracked.set_tags({"chosen": report["chosen"]})
        print(*lines(report), sep="\n")


if __name__ == "__main__":
    with exit_on_input_error():
        main()
