"""Judge everything on the unseen volumes, which nothing else reads: the report of the line."""

from pathlib import Path

from poreops.base.arrays import Array
from poreops.base.content import Json
from poreops.base.files import read_json
from poreops.base.hdf5 import write_hdf5
from poreops.conductance.judging.coverage import interval_report
from poreops.conductance.judging.tables import (
    Volumes,
    ablation,
    invariance,
    rules,
    split_comparison,
)


def unseen_report(artifacts: Path, out: Path, of: str) -> dict[str, Json]:
    """Score and time every member, rule and DNS; write what the pictures of them need.

    Parameters
    ----------
    artifacts : folder of the line
    out : HDF5 file to write: ``truth`` (n,) and ``found/<method>`` (n,) float64 of the conduits
        that have a truth, ``worst/roi`` uint8 of those that the champion misses most, and the
        attributes ``quantity`` and ``worst``, a title for each of these
    of : folder of the target

    Returns
    -------
    champion, conduits, the tables ``unseen``, ``split`` and ``invariance``, and ``intervals`` of
    the member that states any
    """
    unseen = Volumes(
        artifacts / "regions/unseen.h5",
        artifacts / "conduits/unseen.h5",
        artifacts / "labels" / of / "unseen.h5",
    )
    chosen = read_json(artifacts / "judged" / of / "gate.json")["chosen"]
    members = artifacts / "models/members" / of
    table, found = ablation(unseen, members, artifacts / "training/members" / of)
    if unseen.ndim == 3:  # both rules describe spheres and cones
        scores, others = rules(unseen)
        table |= scores
        found |= others
    report = {
        "champion": chosen,
        "conduits": len(unseen.truth),
        "unseen": table,
        "split": split_comparison(unseen, artifacts, artifacts / "splits/random.h5", of),
        "invariance": invariance(unseen, members / chosen),
    }
    physics = members / "physics"
    if physics.is_dir():
        report["intervals"] = interval_report(physics, unseen.conduits, unseen.truth)
    rois, titles = unseen.worst(found, chosen)
    arrays: dict[str, Array] = {
        f"found/{name}": values[unseen.known] for name, values in found.items()
    }
    arrays |= {"truth": unseen.truth[unseen.known], "worst/roi": rois}
    quantity = f"size factor [voxel{'³' * (unseen.target == 'hydraulic')}]"
    write_hdf5(out, arrays, {"quantity": quantity, "worst": titles})
    return report
