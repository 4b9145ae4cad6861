"""Score every member and the nulls on the gate's volumes, and choose: artifacts/conductance/judged.

Nothing here reads the unseen volumes, which the report reads once.
"""

from pathlib import Path

import numpy as np

from poreops.base.files import sha256, write_json
from poreops.base.hdf5 import read_hdf5
from poreops.base.settings import section
from poreops.conductance.gate import GateConfig
from poreops.conductance.judging.members import (
    chosen_member,
    constant,
    judge,
    member_scores,
    probe_scores,
    write_probe,
)
from poreops.conductance.learning.members import MEMBERS, Member
from poreops.conductance.model import ConductanceModel
from poreops.conduits.labels import label_definition
from poreops.errors import exit_on_input_error
from poreops.mlops.tracking import run

ARTIFACTS, OUT = Path("artifacts/conductance"), Path("artifacts/conductance/judged")
MEMBERS_FOLDER, CONDUITS = ARTIFACTS / "models/members", ARTIFACTS / "conduits/gate.h5"
LABELS = ARTIFACTS / "labels/gate.h5"


def main() -> None:
    """Write the scores, the probe, and which member asks for the champion's place."""
    gate = section("conductance.gate", GateConfig)
    truth, stated = read_hdf5(LABELS)[0]["size_factor"], read_hdf5(LABELS)[1]
    training = read_hdf5(ARTIFACTS / "labels/train.h5")[0]["size_factor"]
    found: dict[Member, dict[str, float]] = {}
    for member in (m for m in MEMBERS if (MEMBERS_FOLDER / m).is_dir()):
        model = ConductanceModel.load(MEMBERS_FOLDER / member)
        model.check_predicts(label_definition(stated), model.ndim)
        found[member] = member_scores(judge(model, CONDUITS), truth)
    chosen = chosen_member(found, gate.member_gain)
    probe = write_probe(OUT / "probe.h5", CONDUITS, LABELS, gate.probe)
    report = {
        "chosen": chosen,
        "sha256": sha256(MEMBERS_FOLDER / chosen),
        "conduits": len(truth),
        "members": found,
        "constant": constant(training, truth),
        "probe": probe_scores(MEMBERS_FOLDER / chosen, probe),
    }
    write_json(OUT / "gate.json", report)
    with run("conductance_judge", f"{len(found)} members") as tracked:
        tracked.log_metrics({"members": found, "constant": report["constant"]})
        tracked.set_tags({"chosen": chosen})
    for member, scores in found.items():
        print(f"{member:>10}: error {100 * scores['mape']:6.2f} %   R² {scores['r2']:.4f}")
    print(f"chosen: {chosen} (of {np.size(truth)} conduits of the gate)")


if __name__ == "__main__":
    with exit_on_input_error():
        main()
