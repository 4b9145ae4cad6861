"""Size factor of every conduit of a partitioned image by any method, image faces included.

A region that touches an image face is a half conduit to that face, where c = 0. By antisymmetry
the region and its mirror image across the face make a whole conduit with c = 0 on the face, so
its size factor is half that from region to face. Every method takes faces that way.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any, Protocol, Self

import edt
import numpy as np
import scipy.ndimage as spim
from numpy.typing import NDArray

from poreops.base.arguments import AXES, shown
from poreops.base.conventions import (
    CONVENTION,
    WALLS,
    Convention,
    Walls,
    checked_convention,
    checked_walls,
    require_same_convention,
    require_same_walls,
)
from poreops.conduits.crop import (
    conduit_boxes,
    crop_conduit,
    crop_conduits,
    face_regions,
    mirrored_conduit,
)
from poreops.conduits.descriptors import RegionGeometry, face_geometry, region_geometry
from poreops.conduits.diffusive import conduit_size_factors
from poreops.conduits.hydraulic import conduit_hydraulic_size_factors
from poreops.conduits.joined import regions_in_pieces, without_loose_pieces
from poreops.conduits.loop import Names, pair_names
from poreops.conduits.partition import are_touching
from poreops.conduits.quantity import Target
from poreops.conduits.rules import (
    cones_and_cylinder,
    cones_and_cylinder_flow,
    pipes_in_series,
    pipes_in_series_flow,
)
from poreops.errors import InputError

METHODS = ("dns", "model", "geometry", "shape_factor")
TRANSPORTS = ("diffusion", "flow", "both")

FloatArray = NDArray[np.float64]
Crop = NDArray[np.uint8]
# wraps the stream of conduits, of the given number: a progress bar of the caller
Watch = Callable[[Iterable[Crop], int], Iterable[Crop]]
# size factor in powers of a voxel of each conduit crop, (n,)
ConduitSolver = Callable[[Iterable[Crop]], FloatArray]
# size factors from the diameters of both pores and of the throat, and the spacing
Rule = Callable[[FloatArray, FloatArray, FloatArray], FloatArray]

_RULES: dict[Target, dict[str, Rule]] = {
    "diffusive": {"geometry": pipes_in_series, "shape_factor": cones_and_cylinder},
    "hydraulic": {"geometry": pipes_in_series_flow, "shape_factor": cones_and_cylinder_flow},
}


class ConductanceModel(Protocol):
    """What `poreops.load_model` returns, as far as it is needed here."""

    target: Target
    walls: Walls | None
    convention: Convention | None

    def conduit_size_factors(self, crops: Iterable[Crop]) -> FloatArray:
        """Return the size factor in powers of a voxel of each conduit crop."""


@dataclass(frozen=True)
class FaceContacts:
    """The Nb places where a region meets an image face.

    Attributes
    ----------
    region : (Nb,) int, 0-based
    axis, side : (Nb,) int, the face: side 0 at index 0 of the axis, 1 at its last index
    """

    region: NDArray[np.int64]
    axis: NDArray[np.int64]
    side: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.region)

    def some(self, which: NDArray[Any]) -> Self:
        """Return the chosen ones, by index or mask."""
        return type(self)(self.region[which], self.axis[which], self.side[which])


_EMPTY = np.zeros(0, dtype=np.int64)
NO_CONTACTS = FaceContacts(_EMPTY, _EMPTY, _EMPTY)
NO_CONNS, ONE_CONN = np.zeros((0, 2), np.int64), np.array([[0, 1]])


def checked_method(method: str, model: object | None, ndim: int) -> str:
    """Return one of `METHODS`, or raise `InputError`; `shape-factor` is accepted too."""
    name = method.replace("-", "_") if isinstance(method, str) else method
    if not isinstance(name, str) or name not in METHODS:
        raise InputError(
            f"method must be one of {', '.join(METHODS)}, got {shown(method)}; correct --method"
        )
    if name == "model" and model is None:
        raise InputError(
            "method 'model' needs a model, got none; give --model models:/conductance@champion"
        )
    if name in _RULES["diffusive"] and ndim != 3:
        raise InputError(
            f"method {name!r} describes spheres and cones of 3D images, got a {ndim}D image; "
            "use --method dns"
        )
    return name


def checked_transport(transport: str, method: str) -> str:
    """Return one of `TRANSPORTS`, or raise `InputError`; a model knows either of the two."""
    if not isinstance(transport, str) or transport not in TRANSPORTS:
        raise InputError(
            f"transport must be one of {', '.join(TRANSPORTS)}, got {shown(transport)}; "
            "correct --transport"
        )
    if transport == "both" and method == "model":
        raise InputError(
            "a model predicts diffusion or flow, got transport 'both'; "
            "run --transport diffusion and --transport flow with a model each, or --method dns"
        )
    return transport


def walls_of_flow(
    walls: str | None, transport: str, method: str, model: ConductanceModel | None = None
) -> Walls | None:
    """Return the convention of the walls that the size factors of flow follow.

    Parameters
    ----------
    walls : what was asked for; None takes that of the model, or the default
    transport : one of `TRANSPORTS`, or a target
    method : one of `METHODS`
    model : ConductanceModel, for the method `model`

    Returns
    -------
    "stepped", "smooth" or None
        None where no voxel's wall is looked at: in diffusion, and by the rules of `METHODS`.

    Raises
    ------
    InputError
        Walls where there are none, or other ones than those of the model.
    """
    if walls is not None:
        walls = checked_walls(walls)
    if transport in ("diffusion", "diffusive") or method in _RULES["hydraulic"]:
        if walls is not None:
            raise InputError(
                f"walls belong to flow by dns or a model, got {walls} walls for {transport} by "
                f"{method}; drop --walls, or take --transport flow and another --method"
            )
        return None
    # a model of one's own may state none
    theirs: Walls | None = getattr(model, "walls", None) if method == "model" else None
    if theirs is not None:
        require_same_walls(walls or theirs, "the request", theirs, "the model")
    return walls or theirs or WALLS


def face_contacts(labels: NDArray[np.integer]) -> FaceContacts:
    """Find where regions meet the image faces, by axis, side and region."""
    found = [
        (region, axis, side)
        for axis in range(labels.ndim)
        for side in (0, 1)
        for region in face_regions(labels, axis, side)
    ]
    region, axis, side = np.array(found, dtype=np.int64).reshape(-1, 3).T
    return FaceContacts(region, axis, side)


def size_factors(
    labels: NDArray[np.integer],
    conns: NDArray[np.integer],
    contacts: FaceContacts,
    *,
    method: str = "dns",
    model: ConductanceModel | None = None,
    workers: int | None = None,
    watch: Watch | None = None,
    target: Target = "diffusive",
    walls: Walls | None = None,
    convention: Convention | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Return the size factors in voxels of all throats and of all face contacts.

    Parameters
    ----------
    labels : (nx, ny[, nz]) int, 0 solid, 1..Np regions
    conns : (Nt, 2) int, pairs of touching regions, 0-based, the smaller first
    contacts : FaceContacts
    method : one of `METHODS`
        `dns` solves each conduit, `model` predicts it, `geometry` takes pipes in series and
        `shape_factor` cones and a cylinder of PoreSpy's diameters.
    model : ConductanceModel, for the method `model`
    workers : int, threads of the method `dns`
    watch : callable, wraps the stream of conduits of `dns` and `model`
    target : "diffusive" [voxel] or "hydraulic" [voxel³]
    walls : "stepped" or "smooth", of flow by `dns` or `model`, see `walls_of_flow`
    convention : "centroid" or "porespy", of diffusion by `dns` or `model`
        By default that of the model, or centroid.

    Returns
    -------
    (Nt,) float64, (Nb,) float64
        0 where the regions share no face. Every method takes the same part of regions in several
        pieces, see `poreops.conduits.joined`.
    """
    method = checked_method(method, model, labels.ndim)
    of_flow = walls_of_flow(walls, target, method, model)
    if method in _RULES[target]:
        return _by_rule(labels, conns, contacts, _RULES[target][method])
    asked = checked_convention(convention or CONVENTION)
    names = _conduit_names(conns, contacts)
    solver: ConduitSolver = partial(
        conduit_size_factors, workers=workers, convention=asked, names=names
    )
    if of_flow is not None:
        solver = partial(
            conduit_hydraulic_size_factors, walls=of_flow, workers=workers, names=names
        )
    if model is not None and method == "model":
        if model.target != target:
            raise InputError(
                f"{target} size factors need a model of them, got one of {model.target} ones; "
                "choose another --model, or --transport "
                + ("flow" if target == "diffusive" else "diffusion")
            )
        if convention is not None and model.convention is not None:
            require_same_convention(asked, "the request", model.convention, "the model")
        solver = model.conduit_size_factors
    # in diffusion and in flow the field is constant on the mid-plane of a region and its image
    crops: Iterable[Crop] = chain(
        crop_conduits(labels, conns), mirrored_conduits(labels, contacts)
    )
    if watch is not None:
        crops = watch(crops, len(conns) + len(contacts))
    factors = np.asarray(solver(crops), dtype=np.float64)
    return factors[: len(conns)], 2 * factors[len(conns) :]


def _conduit_names(conns: NDArray[np.integer], contacts: FaceContacts) -> Names:
    pairs = pair_names(conns)

    def name(i: int) -> str:
        if i < len(conns):
            return pairs(i)
        at = i - len(conns)
        face = AXES[contacts.axis[at]] + ("min", "max")[contacts.side[at]]
        return f"label {contacts.region[at] + 1} at the face {face}"

    return name


def mirrored_conduits(labels: NDArray[np.integer], contacts: FaceContacts) -> Iterator[Crop]:
    """Yield the conduit of a region and its mirror image for each face contact.

    The face may also be that of a padding layer: the region's box must only end there.
    """
    boxes = spim.find_objects(labels)
    for region, axis, side in zip(contacts.region, contacts.axis, contacts.side, strict=True):
        yield mirrored_conduit(labels, region, axis, side, boxes[region])


def _by_rule(
    labels: NDArray[np.integer],
    conns: NDArray[np.integer],
    contacts: FaceContacts,
    rule: Rule,
) -> tuple[FloatArray, FloatArray]:
    distance: Any = edt.edt(labels > 0)
    sizes = region_geometry(labels, NO_CONNS, distance)
    diameters = sizes.pore_equivalent_diameter
    in_pieces = regions_in_pieces(labels)
    throats, faces = np.zeros(len(conns)), np.zeros(len(contacts))

    split = in_pieces[conns].any(axis=1)
    plain = np.flatnonzero(~split & are_touching(labels, conns))
    throat = region_geometry(labels, conns[plain], distance)
    throats[plain] = rule(
        diameters[conns[plain]], throat.throat_inscribed_diameter, throat.throat_length
    )
    # of regions in pieces what the other methods solve, and no more, is measured
    boxes = conduit_boxes(labels, conns[split])
    for i, box in zip(np.flatnonzero(split), boxes, strict=True):
        part = without_loose_pieces(crop_conduit(labels, conns[i], box))
        if part is not None:
            window = distance[tuple(slice(*ends) for ends in box.reshape(2, -1).T)]
            found = region_geometry(part, ONE_CONN, window)
            both = found.pore_equivalent_diameter[np.newaxis]
            throats[i] = rule(both, found.throat_inscribed_diameter, found.throat_length)[0]

    def to_faces(
        image: NDArray[np.integer], some: FaceContacts, sizes: RegionGeometry, near: Any
    ) -> FloatArray:
        found = face_geometry(image, some.region, some.axis, some.side, sizes, near)
        both = np.column_stack([sizes.pore_equivalent_diameter[some.region]] * 2)
        return 2 * rule(both, found.inscribed_diameter, found.length)

    split = in_pieces[contacts.region]
    faces[~split] = to_faces(labels, contacts.some(~split), sizes, distance)
    regions = spim.find_objects(labels) if split.any() else []
    for i in np.flatnonzero(split):
        at = contacts.some(np.array([i]))
        region, axis, side = (int(field[0]) for field in (at.region, at.axis, at.side))
        box = regions[region]
        part = without_loose_pieces(mirrored_conduit(labels, region, axis, side, box))
        if part is not None:
            half = np.split(part, 2, axis=axis)[1 - side]
            found = region_geometry(half, NO_CONNS, distance[box])
            first = FaceContacts(np.zeros(1, np.int64), at.axis, at.side)
            faces[i] = to_faces(half, first, found, distance[box])[0]
    return throats, faces
