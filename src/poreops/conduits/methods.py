"""Size factor of every conduit of a partitioned image by any method, image faces included.

A region that touches an image face is a half conduit to that face, where c = 0. By antisymmetry
the region and its mirror image across the face make a whole conduit with c = 0 on the face, so
its size factor is half that from region to face. Every method takes faces that way.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import NamedTuple, Protocol, cast

import edt
import numpy as np
import scipy.ndimage as spim
from numpy.typing import NDArray

from poreops.base.arguments import AXES, shown
from poreops.base.arrays import Integers
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
from poreops.conduits.contacts import FaceContacts, mirrored_conduits
from poreops.conduits.crop import (
    conduit_boxes,
    crop_conduit,
    crop_conduits,
    mirrored_conduit,
)
from poreops.conduits.descriptors import (
    CORNER,
    RegionGeometry,
    face_geometry,
    region_geometry,
)
from poreops.conduits.diffusive import conduit_size_factors
from poreops.conduits.hydraulic import conduit_hydraulic_size_factors
from poreops.conduits.joined import regions_in_pieces, without_loose_pieces
from poreops.conduits.loop import Crop, Names, pair_names
from poreops.conduits.partition import are_touching
from poreops.conduits.quantity import Target
from poreops.conduits.rules import (
    cones_and_cylinder,
    cones_and_cylinder_flow,
    pipes_in_series,
    pipes_in_series_flow,
)
from poreops.conduits.sure import (
    COST,
    RTOL,
    IntervalModel,
    SizeFactors,
    Sureness,
    checked_rtol,
    require_intervals,
    sure_size_factors,
    with_intervals,
)
from poreops.errors import InputError

METHODS = ("dns", "model", "auto", "geometry", "shape_factor")
PREDICTED = ("model", "auto")
TRANSPORTS = ("diffusion", "flow", "both")

FloatArray = NDArray[np.float64]
# wraps the stream of conduits, of the given number: a progress bar of the caller
Watch = Callable[[Iterable[Crop], int], Iterable[Crop]]
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
        """Return the size factor in powers of a voxel of each conduit crop.

        Parameters
        ----------
        crops : of conduits, (n0, n1[, n2]) uint8 with 0/1/2
        """


class Within(NamedTuple):
    """What labels that are a part of an image must know of the rest.

    Attributes
    ----------
    distance : (nx, ny[, nz]) float32, of each voxel of the part to the solid of the image
    origin : first voxel of the part in the image
    """

    distance: NDArray[np.float32]
    origin: Sequence[int]


NO_CONNS, ONE_CONN = np.zeros((0, 2), np.int64), np.array([[0, 1]])


def checked_method(method: str, model: object | None, ndim: int) -> str:
    """Return one of `METHODS`, or raise `InputError`; `shape-factor` is accepted too.

    Parameters
    ----------
    method : as the user gave it
    model : that was given, or None
    ndim : of the image
    """
    name = method.replace("-", "_") if isinstance(method, str) else method
    if isinstance(name, str) and name == "interface":
        raise InputError(
            "an interface network has no size factors, got method 'interface'; call "
            "poreops.interface_network, or poreops network --method interface"
        )
    if not isinstance(name, str) or name not in METHODS:
        raise InputError(
            f"method must be one of {', '.join(METHODS)}, got {shown(method)}; correct --method"
        )
    if name in PREDICTED and model is None:
        raise InputError(
            f"method {name!r} needs a model, got none; give --model models:/conductance@champion"
        )
    if name in _RULES["diffusive"] and ndim != 3:
        raise InputError(
            f"method {name!r} describes spheres and cones of 3D images, got a {ndim}D image; "
            "use --method dns"
        )
    return name


def checked_transport(transport: str, method: str) -> str:
    """Return one of `TRANSPORTS`, or raise `InputError`; a model knows either of the two.

    Parameters
    ----------
    transport : as the user gave it
    method : one of `METHODS`
    """
    if not isinstance(transport, str) or transport not in TRANSPORTS:
        raise InputError(
            f"transport must be one of {', '.join(TRANSPORTS)}, got {shown(transport)}; "
            "correct --transport"
        )
    if transport == "both" and method in PREDICTED:
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
    theirs: Walls | None = getattr(model, "walls", None) if method in PREDICTED else None
    if theirs is not None:
        require_same_walls(walls or theirs, "the request", theirs, "the model")
    return walls or theirs or WALLS


def size_factors(
    labels: Integers,
    conns: Integers,
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
    """Return throats and faces of `all_size_factors`, whose parameters these are."""
    return all_size_factors(
        labels, conns, contacts, method=method, model=model, workers=workers, watch=watch,
        target=target, walls=walls, convention=convention,
    )[:2]  # fmt: skip


def all_size_factors(
    labels: Integers,
    conns: Integers,
    contacts: FaceContacts,
    *,
    method: str = "dns",
    model: ConductanceModel | None = None,
    workers: int | None = None,
    watch: Watch | None = None,
    target: Target = "diffusive",
    walls: Walls | None = None,
    convention: Convention | None = None,
    rtol: float = RTOL,
    within: Within | None = None,
) -> SizeFactors:
    """Return the size factors in voxels of all throats and of all face contacts.

    Parameters
    ----------
    labels : (nx, ny[, nz]) int, 0 solid, 1..Np regions
    conns : (Nt, 2) int, pairs of touching regions, 0-based, the smaller first
    contacts : FaceContacts
    method : one of `METHODS`
        `dns` solves each conduit, `model` predicts it, `auto` predicts where the model's interval
        is narrower than ``rtol`` and solves the rest, `geometry` takes pipes in series and
        `shape_factor` cones and a cylinder of PoreSpy's diameters.
    model : ConductanceModel, for the methods `model` and `auto`
    workers : int, threads of the method `dns`
    watch : callable, wraps the stream of conduits of `dns`, `model` and `auto`
    target : "diffusive" [voxel] or "hydraulic" [voxel³]
    walls : "stepped" or "smooth", of flow by `dns` or `model`, see `walls_of_flow`
    convention : "centroid" or "porespy", of diffusion by `dns` or `model`
        By default that of the model, or centroid.
    rtol : half width of the interval of log G below which `auto` takes a prediction
    within : the image, where the labels are a part of it that holds the named regions wholly

    Returns
    -------
    SizeFactors
        Every method takes the same part of regions in several pieces, see
        `poreops.conduits.joined`.
    """
    method = checked_method(method, model, labels.ndim)
    of_flow = walls_of_flow(walls, target, method, model)
    if method in _RULES[target]:
        return SizeFactors(*_by_rule(labels, conns, contacts, _RULES[target][method], within))
    if method not in PREDICTED:
        model = None
    asked = _convention_of(model, method, target, convention)
    names = conduit_names(conns, contacts)

    def simulate(crops: Iterable[Crop], names: Names) -> FloatArray:
        if of_flow is not None:
            return conduit_hydraulic_size_factors(
                crops, walls=of_flow, workers=workers, names=names
            )
        return conduit_size_factors(crops, convention=asked, workers=workers, names=names)

    # in diffusion and in flow the field is constant on the mid-plane of a region and its image
    crops: Iterable[Crop] = chain(
        crop_conduits(labels, conns), mirrored_conduits(labels, contacts)
    )
    if watch is not None:
        crops = watch(crops, len(conns) + len(contacts))
    sureness: Sureness | None = None
    if model is None:
        factors = simulate(crops, names)
    elif with_intervals(model):
        limit = checked_rtol(rtol) if method == "auto" else np.inf
        factors, sureness = sure_size_factors(
            crops, cast(IntervalModel, model), simulate, names, limit, COST[target],
            len(conns) + len(contacts),
        )  # fmt: skip
    else:
        factors = np.asarray(model.conduit_size_factors(crops), dtype=np.float64)
    return SizeFactors(factors[: len(conns)], 2 * factors[len(conns) :], sureness)


def _convention_of(
    model: ConductanceModel | None, method: str, target: Target, convention: Convention | None
) -> Convention:
    """Return what diffusion follows, or raise InputError where the model is none for the task."""
    if model is None:
        return checked_convention(convention or CONVENTION)
    if model.target != target:
        raise InputError(
            f"{target} size factors need a model of them, got one of {model.target} ones; "
            "choose another --model, or --transport "
            + ("flow" if target == "diffusive" else "diffusion")
        )
    if method == "auto":
        require_intervals(model)
    theirs: Convention | None = getattr(model, "convention", None)
    asked = checked_convention(convention or theirs or CONVENTION)
    if theirs is not None:
        require_same_convention(asked, "the request", theirs, "the model")
    return asked


def conduit_names(conns: Integers, contacts: FaceContacts) -> Names:
    """Return what warnings call the conduits of an image and those to its faces.

    Parameters
    ----------
    conns : (Nt, 2) int, 0-based
    contacts : FaceContacts, numbered after the throats
    """
    pairs = pair_names(conns)

    def name(i: int) -> str:
        if i < len(conns):
            return pairs(i)
        at = i - len(conns)
        face = AXES[contacts.axis[at]] + ("min", "max")[contacts.side[at]]
        return f"label {contacts.region[at] + 1} at the face {face}"

    return name


def _by_rule(
    labels: Integers,
    conns: Integers,
    contacts: FaceContacts,
    rule: Rule,
    within: Within | None,
) -> tuple[FloatArray, FloatArray]:
    distance, origin = within or Within(edt.edt(labels > 0), CORNER)
    sizes = region_geometry(labels, NO_CONNS, distance, origin)
    diameters = sizes.pore_equivalent_diameter
    in_pieces = regions_in_pieces(labels)
    throats, faces = np.zeros(len(conns)), np.zeros(len(contacts))

    split = in_pieces[conns].any(axis=1)
    plain = np.flatnonzero(~split & are_touching(labels, conns))
    throat = region_geometry(labels, conns[plain], distance, origin)
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
        image: Integers, some: FaceContacts, sizes: RegionGeometry, near: Within
    ) -> FloatArray:
        found = face_geometry(image, some.region, some.axis, some.side, sizes, *near)
        both = np.column_stack([sizes.pore_equivalent_diameter[some.region]] * 2)
        return 2 * rule(both, found.inscribed_diameter, found.length)

    split = in_pieces[contacts.region]
    faces[~split] = to_faces(labels, contacts.some(~split), sizes, Within(distance, origin))
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
            faces[i] = to_faces(half, first, found, Within(distance[box], CORNER))[0]
    return throats, faces
