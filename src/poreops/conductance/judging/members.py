"""Score the members on conduits that they did not learn from, and choose one to be served."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poreops.base.arrays import Array
from poreops.base.content import Json
from poreops.base.hdf5 import open_hdf5, read_hdf5, write_hdf5
from poreops.conductance.judging.scores import scores
from poreops.conductance.learning.encoding import (
    Encoded,
    ImageEncoding,
    covers,
    encode,
    narrowed,
    richest,
)
from poreops.conductance.learning.members import MEMBERS, Member
from poreops.conductance.model import ConductanceModel
from poreops.conduits.labels import FURTHER, label_definition
from poreops.conduits.quantity import zoom_power
from poreops.conduits.table import Conduits, read_conduits

_SLICE = 512  # conduits read and encoded at a time: 134 MB of ROIs
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Judged:
    """What a model says of some conduits, and what it says when its inputs are permuted.

    Attributes
    ----------
    found : (n,) float64 [voxel], of flow [voxel³]
    permuted : the same with the images (the scalars, of a model without an image) of other
        conduits; None for the coarse solve, which learned nothing
    """

    found: Floats
    permuted: Floats | None


def judge(model: ConductanceModel, conduits: str | Path, *, seed: int = 0) -> Judged:
    """Predict the conduits of a file of the stage conductance_conduits.

    Parameters
    ----------
    model : ConductanceModel
    conduits : path
    seed : of the permutation
    """
    return judged(model, *encoded_conduits(conduits, model.sees), seed=seed)


def judged(model: ConductanceModel, encoded: Encoded, ratios: Floats, *, seed: int = 0) -> Judged:
    """Predict encoded conduits, and the same with permuted inputs.

    Parameters
    ----------
    model : ConductanceModel
    encoded : of n conduits
    ratios : (n,) float64, their zoom ratios
    seed : of the permutation
    """
    found = predicted(model, encoded, ratios)
    return Judged(found, permuted(model, encoded, ratios, seed=seed))


class EncodedConduits:
    """The conduits of a file for several models, encoded once where one encoding covers others.

    Parameters
    ----------
    path : HDF5 file of the stage conductance_conduits
    images : encodings that will be asked for
    """

    def __init__(self, path: str | Path, images: Sequence[ImageEncoding]) -> None:
        self.path, self.image = path, richest(images)
        self._whole = encoded_conduits(path, self.image)

    def seen_as(self, image: ImageEncoding) -> tuple[Encoded, Floats]:
        """Return the conduits in an encoding, and their zoom ratios (n,) float64.

        Parameters
        ----------
        image : ImageEncoding
        """
        if not covers(self.image, image):
            return encoded_conduits(self.path, image)
        encoded, ratios = self._whole
        return narrowed(encoded, image), ratios


def encoded_conduits(conduits: str | Path, image: ImageEncoding) -> tuple[Encoded, Floats]:
    """Encode the conduits of a file; return their zoom ratios too.

    Parameters
    ----------
    conduits : HDF5 file of the stage conductance_conduits
    image : encoding of the image branch
    """
    images, scalars, ratios = [], [], []
    for part in _slices(conduits):
        encoded = encode(part.roi, image)
        images.append(encoded.image)
        scalars.append(encoded.scalars)
        ratios.append(part.zoom_ratio)
    return Encoded(np.concatenate(images), np.concatenate(scalars)), np.concatenate(ratios)


def predicted(model: ConductanceModel, encoded: Encoded, ratios: Floats) -> Floats:
    """Return size factors (n,) in powers of a voxel of the image of encoded conduits.

    Parameters
    ----------
    model : ConductanceModel
    encoded : of n conduits
    ratios : (n,) float64, their zoom ratios
    """
    found: Floats = model.predict_encoded(encoded) / ratios ** zoom_power(model.target, model.ndim)
    return found


def permuted(
    model: ConductanceModel, encoded: Encoded, ratios: Floats, *, seed: int = 0
) -> Floats | None:
    """Return what `Judged.permuted` holds.

    Parameters
    ----------
    model : ConductanceModel
    encoded : of n conduits
    ratios : (n,) float64, their zoom ratios
    seed : of the permutation
    """
    if model.member == "coarse":
        return None
    order = np.random.default_rng(seed).permutation(len(ratios))
    if encoded.image[0].size == 0:
        mixed = Encoded(encoded.image, encoded.scalars[order])
    else:
        mixed = Encoded(encoded.image[order], encoded.scalars)
    return predicted(model, mixed, ratios)


def _slices(conduits: str | Path) -> Iterator[Conduits]:
    with open_hdf5(conduits) as file:
        count = len(file["volume"])
    for start in range(0, count, _SLICE):
        yield read_conduits(conduits, slice(start, start + _SLICE))


def member_scores(judged: Judged, truth: Floats) -> dict[str, float]:
    """Scores of a member, and its mean error once its inputs are permuted.

    Conduits whose simulation did not settle have no truth and are left out.

    Parameters
    ----------
    judged : of n conduits
    truth : (n,) float64 in powers of a voxel, NaN where a simulation did not settle
    """
    known = np.isfinite(truth)
    found = scores(judged.found[known], truth[known])
    if judged.permuted is not None:
        found["mape_permuted"] = scores(judged.permuted[known], truth[known])["mape"]
    return found


def constant(training: Floats, truth: Floats) -> dict[str, float]:
    """Scores of the constant that errs least on the training labels: their geometric mean.

    Parameters
    ----------
    training : (m,) float64, labels that were learned from; NaN is left out
    truth : (n,) float64, labels to be judged on; NaN is left out
    """
    value = float(np.exp(np.nanmean(np.log(training))))
    known = truth[np.isfinite(truth)]
    return scores(np.full(len(known), value), known)


def chosen_member(found: Mapping[Member, Mapping[str, float]], gain: float) -> Member:
    """Return the member to be served.

    A dearer member takes the place of a simpler one only where its mean error is below ``gain``
    times that of the simpler one.

    Parameters
    ----------
    found : member → scores, with ``mape``
    gain : in (0, 1], as of GateConfig.member_gain

    Examples
    --------
    >>> errors = {"coarse": 0.065, "scalars": 0.039, "image": 0.27, "both": 0.038}
    >>> chosen_member({name: {"mape": error} for name, error in errors.items()}, 0.9)
    'scalars'
    """
    order: Sequence[Member] = [member for member in MEMBERS if member in found]
    best = order[0]
    for member in order[1:]:
        if found[member]["mape"] < gain * found[best]["mape"]:
            best = member
    return best


def probe_scores(folder: Path, probe: Path) -> dict[str, float]:
    """Load a model from its own files and score it on a probe, as the registry does.

    Parameters
    ----------
    folder : that ``ConductanceModel.save`` wrote
    probe : HDF5 file with ``roi`` (n, 64, 64[, 64]) uint8 and ``size_factor`` (n,) float64 in
        voxels of the ROI, of what the attributes ``target``, ``ndim`` and ``convention`` say

    Raises
    ------
    InputError
        If the model does not load, is not finite, or predicts something else.
    """
    arrays, stated = read_hdf5(probe)
    model = ConductanceModel.load(folder)
    model.check_predicts(label_definition(stated), int(stated["ndim"]))
    return scores(model.predict(arrays["roi"]), arrays["size_factor"])


def write_probe(path: Path, conduits: Path, labels: Path, count: int) -> Path:
    """Keep every k-th conduit of a file, for every later rival to be scored on.

    Parameters
    ----------
    path : HDF5 file to write, as `probe_scores` reads it
    conduits, labels : files of the stages conductance_conduits and conductance_labels
    count : about the number of conduits
    """
    arrays, stated = read_hdf5(labels)
    truth = arrays["size_factor"]
    known = np.flatnonzero(np.isfinite(truth))
    rows = known[:: -(-len(known) // count)]
    part = read_conduits(conduits, rows)
    ndim = part.roi.ndim - 1
    scale = part.zoom_ratio ** zoom_power(stated["target"], ndim)
    content: dict[str, Array] = {"roi": part.roi, "size_factor": truth[rows] * scale}
    own = {name: value for name, value in stated.items() if not name.startswith(FURTHER)}
    attributes: dict[str, Json] = {**own, "ndim": ndim}
    write_hdf5(path, content, attributes)
    return path
