"""Judge the members on the gate's volumes, and choose the one that asks for the champion's place.

Nothing here reads the unseen volumes, which the report reads once.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from poreops.base.content import Json
from poreops.base.files import sha256
from poreops.base.hdf5 import read_hdf5
from poreops.conductance.gate import GateConfig
from poreops.conductance.judging.members import (
    EncodedConduits,
    chosen_member,
    constant,
    judged,
    member_scores,
    probe_scores,
    write_probe,
)
from poreops.conductance.learning.members import MEMBERS, Member
from poreops.conductance.model import ConductanceModel
from poreops.conduits.labels import label_definition


def gate_report(artifacts: Path, probe: Path, gate: GateConfig, of: str) -> dict[str, Json]:
    """Score every member and the nulls, choose, and keep a probe for later rivals.

    Parameters
    ----------
    artifacts : folder of the line, with models/members and the conduits and labels of the gate
    probe : HDF5 file to write, as `probe_scores` reads it
    gate : GateConfig
    of : folder of the target

    Returns
    -------
    chosen member and the digest of its files, number of conduits, scores of the members, of the
    best constant, and of the chosen member on the probe

    Raises
    ------
    InputError
        If a model does not load, or predicts something else than the labels are.
    """
    members = artifacts / "models/members" / of
    conduits, labels = artifacts / "conduits/gate.h5", artifacts / "labels" / of / "gate.h5"
    arrays, stated = read_hdf5(labels)
    truth = arrays["size_factor"]
    training = read_hdf5(artifacts / "labels" / of / "train.h5")[0]["size_factor"]
    models: dict[Member, ConductanceModel] = {}
    for member in (m for m in MEMBERS if (members / m).is_dir()):
        models[member] = ConductanceModel.load(members / member)
        models[member].check_predicts(label_definition(stated), models[member].ndim)
    encoded = EncodedConduits(conduits, [model.sees for model in models.values()])
    found: dict[Member, dict[str, float]] = {}
    for member, model in models.items():
        answers = judged(model, *encoded.seen_as(model.sees))
        found[member] = member_scores(answers, truth)
    chosen = chosen_member(found, gate.member_gain)
    write_probe(probe, conduits, labels, gate.probe)
    return {
        "chosen": chosen,
        "sha256": sha256(members / chosen),
        "conduits": len(truth),
        "members": found,
        "constant": constant(training, truth),
        "probe": probe_scores(members / chosen, probe),
    }


def lines(report: Mapping[str, Json]) -> Iterator[str]:
    """Yield a report of `gate_report` as lines for the terminal.

    Parameters
    ----------
    report : of `gate_report`
    """
    for member, scores in report["members"].items():
        yield f"{member:>10}: error {100 * scores['mape']:6.2f} %   R² {scores['r2']:.4f}"
    yield f"chosen: {report['chosen']} (of {report['conduits']} conduits of the gate)"
