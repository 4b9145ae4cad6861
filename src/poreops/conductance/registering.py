"""What is registered of the line: the chosen member as a candidate, and the package it is in."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poreops.base.files import read_json, sha256
from poreops.conductance.model import DESCRIPTION
from poreops.conductance.registry import MODELS
from poreops.mlops.registry import Candidate
from poreops.mlops.tracking import Tensor, save_pyfunc

COMPARED = ("r2", "r2_log", "mape", "off_by_10pct")
"""Scores that are kept with a version."""
DOES = {
    "diffusive": "Predicts the diffusive size factor of a pore-throat-pore conduit, zoomed to 64 "
    "voxels, in voxels of the cube.",
    "hydraulic": "Predicts the hydraulic size factor of a pore-throat-pore conduit, zoomed to 64 "
    "voxels, in voxels³ of the cube.",
}
"""What a model of each target is for, in a sentence of its card."""
_LIMITS = (
    "It knows conduits like those it was trained on (by default packs of overlapping spheres); on "
    "other rock compare some conduits with direct simulation (`--method dns`) first."
)


def judged_candidate(judged: Path, members: Path, *, valid: bool) -> Candidate:
    """Return the member that the stage conductance_judge chose.

    Parameters
    ----------
    judged : folder of gate.json and probe.h5
    members : folder of the members
    valid : whether the data passed their validation
    """
    report, probe = read_json(judged / "gate.json"), judged / "probe.h5"
    files = members / report["chosen"]
    own, coarse = (report["members"].get(name) for name in (report["chosen"], "coarse"))
    nulls = {"a constant": report["constant"]}
    if coarse is not None:
        nulls["the coarse solve"] = coarse
    if "mape_permuted" in own:
        nulls["its own with the inputs of other conduits"] = {"mape": own["mape_permuted"]}
    ablation = {
        name: {score: of[score] for score in COMPARED if score in of}
        for name, of in report["members"].items()
        if name not in (report["chosen"], "coarse")
    }
    description = read_json(files / DESCRIPTION)
    return Candidate(
        name=MODELS[description["target"]],
        files=files,
        probe=probe,
        judged=report["sha256"],
        judged_on=sha256(probe),
        scores={name: own[name] for name in COMPARED},
        main="mape",
        probed=report["probe"],
        valid=valid,
        nulls=nulls,
        params=description,
        walls=description["walls"],
        does=DOES[description["target"]],
        limits=_LIMITS,
        ablation=ablation,
    )


def packaged(candidate: Candidate, folder: Path) -> Path:
    """Save what MLflow serves: the line's served code, the model's files and the probe.

    Parameters
    ----------
    candidate : of `judged_candidate`
    folder : replaced if it exists
    """
    return save_pyfunc(
        folder,
        Path(__file__).with_name("served.py"),
        {"network": candidate.files, "probe": candidate.probe},
        inputs=Tensor("uint8", (-1, *(64,) * candidate.params["ndim"])),
        outputs=Tensor("float64", (-1,)),
        example=_example(candidate.params["ndim"]),
    )


def _example(ndim: int) -> NDArray[np.uint8]:
    """Return a straight channel of two regions, (1, 64, 64[, 64]) uint8."""
    rois = np.zeros((1, *(64,) * ndim), np.uint8)
    across = [np.arange(24, 40)] * (ndim - 1)
    for label, along in ((1, np.arange(32)), (2, np.arange(32, 64))):
        rois[0][np.ix_(along, *across)] = label
    return rois
