"""Judge the members on materials that none of them learned from, beside what learned nothing."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poreops.base.arrays import Integers
from poreops.base.content import Json
from poreops.base.files import read_json
from poreops.base.hdf5 import read_hdf5
from poreops.conductance.judging.members import constant
from poreops.conductance.judging.scores import scores
from poreops.conductance.learning.members import MEMBERS, UNCORRECTED
from poreops.conductance.learning.priors import ESTIMATE, ZOOM
from poreops.conductance.model import ConductanceModel, carrying
from poreops.conductance.physics import PhysicsModel
from poreops.conduits.crop import crop_conduits
from poreops.conduits.labels import LabelConfig, label_definition
from poreops.conduits.partition import PartitionConfig, partition
from poreops.conduits.quantity import zoom_power
from poreops.conduits.simulated import simulated_size_factors

Floats = NDArray[np.float64]
Scores = dict[str, float]


def material_report(
    images: Mapping[str, NDArray[np.bool_]],
    cut: PartitionConfig,
    most: int,
    artifacts: Path,
    of: str,
) -> dict[str, Json]:
    """Score every member and what learned nothing on some conduits of each material.

    Parameters
    ----------
    images : material → (nx, ny[, nz]) bool, True = pore, of the dimension of the members
    cut : of the partition
    most : conduits of each material at most
    artifacts : folder of the line, with models/members, labels/train.h5 and judged/gate.json
    of : folder of the target

    Returns
    -------
    champion, and for each of the ``materials`` its ``porosity``, number of ``conduits``, and
    scores of the ``members`` and of the ``nulls``: the constant that errs least on the training
    labels, and the estimate of the member physics without its correction
    """
    arrays, stated = read_hdf5(artifacts / "labels" / of / "train.h5")
    label, folder = label_definition(stated), artifacts / "models/members" / of
    models = {m: ConductanceModel.load(folder / m) for m in MEMBERS if (folder / m).is_dir()}
    report: dict[str, Json] = {}
    for name, im in images.items():
        labels, conns, truth = simulated(im, cut, most, label)
        members: dict[str, Scores] = {}
        nulls = {"a constant": constant(arrays["size_factor"], truth)}
        for member, model in models.items():
            if isinstance(model, PhysicsModel):
                members[member], estimate = _with_estimate(model, labels, conns, truth)
                nulls[UNCORRECTED] = estimate
            else:
                members[member] = scores(model.size_factors(labels, conns), truth)
        report[name] = {
            "porosity": float(im.mean()),
            "conduits": len(truth),
            "members": members,
            "nulls": nulls,
        }
    chosen = read_json(artifacts / "judged" / of / "gate.json")["chosen"]
    return {"champion": chosen, "materials": report}


def simulated(
    im: NDArray[np.bool_], cut: PartitionConfig, most: int, label: LabelConfig
) -> tuple[Integers, Integers, Floats]:
    """Partition an image and simulate some of its conduits, spread evenly.

    Parameters
    ----------
    im : (nx, ny[, nz]) bool, True = pore
    cut : of the partition
    most : conduits at most
    label : LabelConfig

    Returns
    -------
    labels (nx, ny[, nz]) int, conns (n, 2) int and size factors (n,) float64 in powers of a
    voxel, of those conduits whose simulation settled and that carry anything
    """
    regions = partition(im, r_max=cut.r_max, sigma=cut.sigma)
    conns = regions.conns[:: max(1, -(-len(regions.conns) // most))]
    truth = simulated_size_factors(regions.labels, conns, label)
    known = np.isfinite(truth) & (truth > 0)
    return regions.labels, conns[known], truth[known]


def _with_estimate(
    model: PhysicsModel, labels: Integers, conns: Integers, truth: Floats
) -> tuple[Scores, Scores]:
    """Scores of the member physics with its coverage, and of its estimate without correction."""
    crops = carrying(crop_conduits(labels, conns), [])
    rows = np.concatenate([encoded.scalars for encoded, _ in model.prepared(crops)])
    answer = model.answer(rows)
    found = scores(answer.size_factors, truth)
    inside = np.abs(np.log(answer.size_factors / truth)) <= answer.half_widths
    power = zoom_power(model.target, model.ndim)
    estimate = np.exp(rows[:, ESTIMATE].astype(np.float64) + power * rows[:, ZOOM])
    return found | {"covered": float(inside.mean())}, scores(estimate, truth)


def lines(report: Mapping[str, Json]) -> Iterator[str]:
    """Yield a report of `material_report` as lines for the terminal.

    Parameters
    ----------
    report : of `material_report`
    """
    chosen = report["champion"]
    for name, one in report["materials"].items():
        nulls = ", ".join(f"{null} {each['mape']:.2%}" for null, each in one["nulls"].items())
        yield (
            f"{name:>12}: {chosen} off by {one['members'][chosen]['mape']:.2%} on "
            f"{one['conduits']} conduits; {nulls}"
        )
