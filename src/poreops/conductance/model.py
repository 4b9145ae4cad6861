"""A trained conductance model on disk and in use: ROI in, size factor in voxels out."""

import warnings
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar, cast, get_args

import numpy as np
from numpy.typing import NDArray

from poreops.base.arguments import checked_voxel_size
from poreops.base.arrays import Array
from poreops.base.conventions import (
    BEFORE_WALLS,
    CONVENTION,
    WALLS,
    Convention,
    Walls,
    checked_convention,
    checked_walls,
    require_same_convention,
    require_same_walls,
)
from poreops.base.files import read_json, write_json
from poreops.base.finite import check_finite
from poreops.base.show.result import Shown
from poreops.conductance.learning.encoding import (
    VERSION,
    Encoded,
    ImageEncoding,
    checked_rois,
    encode,
)
from poreops.conductance.learning.members import Member
from poreops.conductance.learning.resnet import ResnetConfig, inputs, probe, resnet, with_unscaling
from poreops.conductance.learning.scaling import TargetScaling
from poreops.conductance.learning.seen import Drift, Seen
from poreops.conduits.crop import ROI_SIZE, checked_conns, crop_conduits, zoomed_conduit
from poreops.conduits.joined import joined
from poreops.conduits.labels import LabelConfig
from poreops.conduits.quantity import Target, voxel_power, zoom_power
from poreops.errors import InputError
from poreops.mlops.weights.finite import check_network
from poreops.mlops.weights.graphs import Graph, compiled, predicted

if TYPE_CHECKING:
    import keras

WEIGHTS, DESCRIPTION = "conductance.weights.h5", "conductance.json"
T = TypeVar("T")
BATCH = 128  # conduits encoded and predicted at a time: 34 MB of ROIs


class ConductanceModel(Shown, kind="conductance model"):
    """A network with the scaling of its target inside; dead ones are refused.

    Attributes
    ----------
    member : which of the competing members it is
    network : ResnetConfig
    scaling : TargetScaling
    ndim : 2 or 3, of the conduits it was trained on
    target : "diffusive" or "hydraulic", what it predicts
    walls : "stepped" or "smooth", of the labels of flow; None of diffusion
    convention : "centroid" or "porespy", of the labels of diffusion; None of flow
    seen : distribution of the inputs in training; None of a model of 0.2.0 or earlier
    """

    def __init__(
        self,
        trained: "keras.Model",
        network: ResnetConfig,
        scaling: TargetScaling,
        ndim: int,
        target: Target,
        walls: Walls = WALLS,
        convention: Convention = CONVENTION,
        *,
        member: Member,
        seen: Seen | None = None,
    ) -> None:
        self.network, self.scaling, self.ndim, self.target = network, scaling, ndim, target
        self.member, self.seen = member, seen
        self.walls: Walls | None = walls if target == "hydraulic" else None
        self.convention: Convention | None = convention if target == "diffusive" else None
        self.keras_model = with_unscaling(trained, scaling)

    @property
    def parameters(self) -> int:
        """Number of weights."""
        return int(self.keras_model.count_params())

    @property
    def sees(self) -> ImageEncoding:
        """The encoding of a conduit that it takes."""
        return self.network.image

    @cached_property
    def _graph(self) -> Graph:
        # traced when the weights are there: a normalisation is a constant of the graph
        return compiled(self.keras_model)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Load what `save` wrote.

        Parameters
        ----------
        folder : with weights and description

        Raises
        ------
        InputError
            If files are missing or do not fit, or weights or answers are not finite.
        """
        folder = Path(folder)
        description = read_json(folder / DESCRIPTION)
        if description.get("member") == "physics" and cls is ConductanceModel:
            from poreops.conductance.physics import PhysicsModel

            return cast(Self, PhysicsModel.load(folder))
        try:
            network = ResnetConfig(**description["network"])
            scaling = TargetScaling(**description["scaling"])
            ndim, target = int(description["ndim"]), _target(description["target"])
            member = description["member"]
            _check_encoding(description["encoding"])
            walls = checked_walls(description.get("walls") or BEFORE_WALLS)
            convention = checked_convention(description.get("convention") or CONVENTION)
            model = cls(
                resnet(network, ndim), network, scaling, ndim, target, walls, convention,
                member=member, seen=Seen.read(description.get("seen")),
            )  # fmt: skip
            with warnings.catch_warnings():
                # Keras would leave such layers as they were made
                warnings.filterwarnings("error", "Skipping nested container", UserWarning)
                if model.keras_model.weights:
                    model.keras_model.load_weights(folder / WEIGHTS)
        except (KeyError, TypeError, ValueError, OSError, UserWarning) as error:
            reason = " ".join(str(error).split())[:200]
            raise InputError(
                f"{folder} must hold a conductance model, got {reason}; "
                "make it again with the stage conductance_train"
            ) from error
        model.check(f"the model in {folder}")
        return model

    def check(self, what: str = "the conductance model") -> None:
        """Raise InputError unless weights and answers are finite, eagerly as in the graph.

        Parameters
        ----------
        what : how the message names the model
        """
        check_network(self.keras_model, self._graph, probe(self.network, self.ndim), what)

    def check_predicts(self, label: LabelConfig, ndim: int) -> None:
        """Raise InputError unless this is a model of labels of that definition and dimension.

        Parameters
        ----------
        label : LabelConfig
        ndim : 2 or 3
        """
        if (label.target, ndim) != (self.target, self.ndim):
            raise InputError(
                f"a model is judged on what it predicts, {self.target} size factors of "
                f"{self.ndim}D conduits, got labels of {label.target} ones of {ndim}D; "
                "choose a model of that kind"
            )
        if self.walls is not None:
            require_same_walls(self.walls, "the model", label.walls, "the labels")
        if self.convention is not None:
            require_same_convention(self.convention, "the model", label.convention, "the labels")

    def save(self, folder: str | Path) -> None:
        """Write weights and description: the same bytes for the same model, no pickle.

        Parameters
        ----------
        folder : made if missing

        Raises
        ------
        InputError
            If weights or answers are not finite; nothing is written then.
        """
        self.check()
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.keras_model.save_weights(folder / WEIGHTS)
        description = {
            "member": self.member,
            "encoding": VERSION,
            "network": self.network.model_dump(mode="json"),
            "scaling": vars(self.scaling),
            "ndim": self.ndim,
            "target": self.target,
            "walls": self.walls,
            "convention": self.convention,
        } | ({} if self.seen is None else {"seen": self.seen.content})
        write_json(folder / DESCRIPTION, description)

    def predict(self, rois: Array) -> NDArray[np.float64]:
        """Predict size factors of conduits zoomed to the network's cube.

        Parameters
        ----------
        rois : (n, 64, 64, 64[, 1]) in 3D, (n, 64, 64[, 1]) in 2D
            Whole numbers 0, 1, 2.

        Returns
        -------
        (n,) float64
            In voxels of the cube (voxels³ of flow); divide by the zoom ratio to the power of
            `conduits.quantity.zoom_power` for those of the image.
        """
        found = [self._predict(rois[i : i + BATCH]) for i in range(0, len(rois), BATCH)]
        return np.concatenate(found) if found else np.zeros(0)

    def conduit_size_factors(self, crops: Iterable[NDArray[np.uint8]]) -> NDArray[np.float64]:
        """Size factor in powers of a voxel of each conduit crop (0/1/2, any shape), streaming.

        Parameters
        ----------
        crops : each (nx, ny[, nz]) uint8, 0 solid, 1 and 2 the regions
        """
        power = zoom_power(self.target, self.ndim)
        touching: list[bool] = []
        found = [
            self.predict_encoded(encoded) / ratios**power
            for encoded, ratios in self.prepared(carrying(crops, touching))
        ]
        factors = np.zeros(len(touching))
        factors[touching] = np.concatenate(found) if found else 0
        return factors

    def prepared(
        self, crops: Iterable[NDArray[np.uint8]]
    ) -> Iterator[tuple[Encoded, NDArray[np.float64]]]:
        """Zoom and encode `joined` crops batch by batch; yield each with its zoom ratios (n,).

        Parameters
        ----------
        crops : as of `conduit_size_factors`, each in one piece
        """
        rois = np.empty((BATCH, *(ROI_SIZE,) * self.ndim), np.uint8)
        for batch in batched(crops, BATCH):
            if batch[0].ndim != self.ndim:
                raise InputError(
                    f"this model was trained on {self.ndim}D conduits, got {batch[0].ndim}D; "
                    f"give it a {self.ndim}D image or choose another model"
                )
            zoomed = zip(batch, rois, strict=False)
            ratios = np.array([zoomed_conduit(crop, out=roi)[1] for crop, roi in zoomed])
            yield encode(rois[: len(batch)], self.sees, whole=True), ratios

    def size_factors(
        self,
        labels: NDArray[np.integer],
        conns: NDArray[np.integer],
        voxel_size: float = 1.0,
    ) -> NDArray[np.float64]:
        """Size factor of every conduit of a partitioned image.

        Parameters
        ----------
        labels : (nx, ny[, nz]) int, 0 solid, 1..N regions
        conns : (Nt, 2) int, 0-based
        voxel_size : float
            [m]; 1 gives voxels.

        Returns
        -------
        (Nt,) float64, [m] of diffusion, [m³] of flow
        """
        voxel_size = checked_voxel_size(voxel_size)
        conns = checked_conns(labels, conns)
        unit = voxel_size ** voxel_power(self.target)
        return self.conduit_size_factors(crop_conduits(labels, conns)) * unit

    def drift(
        self, labels: NDArray[np.integer], conns: NDArray[np.integer], most: int = 300
    ) -> Drift | None:
        """Compare conduits with those that the model learned from; None if it kept none.

        Parameters
        ----------
        labels, conns : as of `size_factors`
        most : of how many conduits, spread evenly over `conns`
        """
        if self.seen is None:
            return None
        conns = checked_conns(labels, conns)
        chosen = conns[
            np.unique(np.linspace(0, len(conns) - 1, min(most, len(conns))).astype(int))
        ]
        parts = self.prepared(carrying(crop_conduits(labels, chosen), []))
        return self.drift_of([encoded.scalars for encoded, _ in parts])

    def drift_of(self, scalars: Sequence[NDArray[np.float32]]) -> Drift | None:
        """Compare encoded conduits with those that the model learned from; None if it kept none.

        Parameters
        ----------
        scalars : of `Encoded`, one array for each batch
        """
        if self.seen is None:
            return None
        every = [self.compared(batch) for batch in scalars]
        return self.seen.drift(np.concatenate(every) if every else np.zeros((0, 0), np.float32))

    def compared(self, scalars: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what `seen` keeps of the scalars (n, k) of encoded conduits.

        Parameters
        ----------
        scalars : of `Encoded`
        """
        return scalars

    def predict_encoded(self, encoded: Encoded) -> NDArray[np.float64]:
        """Predict size factors (n,) in voxels of the cube from encoded ROIs.

        Parameters
        ----------
        encoded : of n conduits
        """
        taken = inputs(self.network, encoded)
        values = predicted(self._graph, taken, BATCH).astype(np.float64)
        check_finite({"size factors": values}, "a prediction")
        return values

    def _predict(self, rois: Array) -> NDArray[np.float64]:
        return self.predict_encoded(self.encoded(rois))

    def encoded(self, rois: Array) -> Encoded:
        """Encode ROIs for `predict_encoded`.

        Parameters
        ----------
        rois : as of `predict`
        """
        rois = checked_rois(rois)
        if rois.ndim != self.ndim + 1:
            raise InputError(
                f"this model takes {self.ndim}D ROIs, got shape {np.shape(rois)}; "
                f"pass (n, {', '.join(['64'] * self.ndim)})"
            )
        return encode(rois, self.sees)


def _check_encoding(version: int) -> None:
    if version != VERSION:
        raise ValueError(f"encoding {version}, where this version of poreops has {VERSION}")


def _target(name: str) -> Target:
    if name not in get_args(Target):
        raise ValueError(f"target {name!r}")
    return cast(Target, name)


def carrying(
    crops: Iterable[NDArray[np.uint8]], touching: list[bool]
) -> Iterator[NDArray[np.uint8]]:
    """Yield what carries of each crop (0/1/2), and note in ``touching`` whether anything does.

    Parameters
    ----------
    crops : of conduits, uint8 of 0, 1 and 2
    touching : list that is added to, one bool for each crop
    """
    for crop in crops:
        part = joined(crop)
        touching.append(part is not None)
        if part is not None:
            yield part


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield lists of so many items, the last one of what is left.

    Parameters
    ----------
    items : of any kind
    size : most items of a list
    """
    stream = iter(items)
    while batch := list(islice(stream, size)):
        yield batch
