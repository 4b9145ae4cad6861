"""Score every generator by the crops of the gate, and choose the one that is offered.

artifacts/cores/judged says which, and keeps the crops that later rivals are scored on too;
reports/cores/gate.json has the scores of the rock itself, the nulls and every candidate.
"""

from pathlib import Path

from poreops.base.files import write_json
from poreops.base.hdf5 import read_hdf5, write_hdf5
from poreops.base.settings import section
from poreops.cores.gate import GateConfig
from poreops.cores.judging.evaluation import JudgingConfig
from poreops.cores.judging.offer import PARTS, PROBED, chosen, gate_scores, offer
from poreops.errors import exit_on_input_error

CROPS, MODELS = Path("artifacts/cores/crops"), Path("artifacts/cores/models")
OUT, REPORT = Path("artifacts/cores/judged"), Path("reports/cores/gate.json")


def main() -> None:
    """Write the scores and the choice."""
    crops = {part: read_hdf5(CROPS / f"{part}.h5")[0]["images"] for part in PARTS}
    found = gate_scores(crops, MODELS, section("cores.judging", JudgingConfig))
    choice = chosen(found, section("cores.gate", GateConfig))
    write_json(REPORT, found | choice)
    offered = offer(choice["offered"], found, MODELS, CROPS / "gate.h5")
    write_json(OUT / "offer.json", offered)
    write_hdf5(OUT / "probe.h5", {"images": crops["gate"][:PROBED]})


if __name__ == "__main__":
    with exit_on_input_error():
        main()
