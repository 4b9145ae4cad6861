"""Discretise Stokes flow -lap u + grad p = f, div u = 0 on the voxels (marker and cell).

Pressures sit at voxel centres, velocities on the voxel faces they cross (Harlow & Welch 1965;
Mostaghimi, Blunt & Bijeljic, Mathematical Geosciences 45, 2013). Viscosity and voxel size are 1.
A velocity exchanges momentum with its six neighbours of the same component; where there is none,
the wall takes it up:

- ahead or behind lies a wall face, where the velocity is 0 one voxel away: friction 1;
- beside lies a flat wall, half a voxel away: friction 2. In a slot of N voxels between two flat
  walls 2 / (1 - 2 / 3N) makes the flow rate exact, N^3 / 12, even for N = 1 (2 gives a relative
  error of 2 / N^2);
- beside lies an edge, solid on one side of the face only: friction `edge`. 2 takes the wall as
  flat there: the voxels are cubes (walls: stepped). 1 takes the velocity to vanish at the middle
  of the wall face, one voxel away: they sample smooth grains (walls: smooth).

Only open faces and pore voxels are stored, so memory and time scale with the pore volume.
"""

from typing import NamedTuple

import numpy as np
from numba import int64, njit
from numpy.typing import NDArray

from poreops.base.arrays import Values
from poreops.base.conventions import Walls

EDGE_FRICTION: dict[Walls, float] = {"stepped": 2.0, "smooth": 1.0}
"""Friction of a face beside an edge."""

# what a cell of the padded box is
SOLID = np.uint8(0)
PORE = np.uint8(1)
INLET = np.uint8(2)  # a voxel kept at the pressure 1
OUTLET = np.uint8(3)  # a voxel kept at the pressure 0
INLET_PLANE = np.uint8(4)  # padding: the pressure is 1 on the image face, continued by reflection
OUTLET_PLANE = np.uint8(5)
MIRROR = np.uint8(6)  # padding: reflected flow, without friction

IntArray = NDArray[np.int32]
FloatArray = NDArray[np.float64]


class Matrix(NamedTuple):
    """A symmetric M-matrix diag(diagonal) - W in compressed rows.

    Attributes
    ----------
    start : (n + 1,) int32, the entries of row i are start[i] .. start[i + 1] - 1
    column : (nnz,) int32
    weight : (nnz,) float32, entries of W, > 0
    diagonal : (n,) float32
    middle : (n,) int32, end of the entries with column < i, which come first
    place : (n, 3) int16, cell of the box, for the coarsening
    block : (m + 1,) int64, first row of each of the m uncoupled blocks, and n
    """

    start: IntArray
    column: IntArray
    weight: NDArray[np.float32]
    diagonal: NDArray[np.float32]
    middle: IntArray
    place: NDArray[np.int16]
    block: NDArray[np.int64]


Entries = tuple[
    IntArray,
    IntArray,
    NDArray[np.float32],
    NDArray[np.float32],
    IntArray,
    NDArray[np.int16],
    NDArray[np.int64],
]
"""The fields of a `Matrix`, as compiled code gives them."""


class StaggeredFlow(NamedTuple):
    """Momentum A u + G p = f and continuity -G' u = 0 of one flow problem.

    Attributes
    ----------
    friction : Matrix
        A over the nu open faces, those across axis 0, 1 and 2 one after the other.
    cells : (nu, 2) int32, pore voxel behind and ahead of the face; nc stands for none
    faces : (nc, 6) int32, faces behind and ahead along axis 0, 1, 2; nu stands for none
    place : (nc, 3) int16, cell of the box
    inflow : (nu,) int8
        1 or -1 on the faces of the inlet, along or against the axis: the force of its unit
        pressure, and what gives its flow rate.
    outflow : (nu,) int8
        The same for the flow rate into the outlet.
    """

    friction: Matrix
    cells: IntArray
    faces: IntArray
    place: NDArray[np.int16]
    inflow: NDArray[np.int8]
    outflow: NDArray[np.int8]


def discretise(
    box: NDArray[np.uint8], periodic: tuple[bool, bool, bool], edge: float
) -> StaggeredFlow:
    """Assemble the equations of a padded box.

    Parameters
    ----------
    box : (nx + 2, ny + 2, nz + 2) uint8
        State of each cell; the outer layer is padding and its content ignored along periodic axes.
    periodic : three bool
        Axes along which the last layer is a neighbour of the first.
    edge : float
        Friction at an edge, 1 to 2.
    """
    box = box.copy()
    _wrap(box, periodic)
    place = _cell_places(box)
    face = np.full((3, *box.shape), -1, np.int32)
    block, places = _number_faces(box, face, periodic)
    for numbers in face:
        _wrap(numbers, periodic)
    faces, cells = _neighbours(face, place, block[3])
    friction, inflow, outflow = _face_tables(box, face, places, block, edge, periodic)
    return StaggeredFlow(Matrix(*friction), cells, faces, place, inflow, outflow)


def _wrap(box: Values, periodic: tuple[bool, bool, bool]) -> None:
    """Copy the last layer before the first one and the first behind the last one."""
    for axis in range(3):
        if periodic[axis]:
            layers = np.moveaxis(box, axis, 0)
            layers[0] = layers[-2]
            layers[-1] = layers[1]


# Boxes are read by flat index: three of them that may be negative cost more than what is read.


@njit(cache=True, nogil=True)
def _cell_places(box: NDArray[np.uint8]) -> NDArray[np.int16]:
    """Return the places (nc, 3) of the pore cells."""
    nx, ny, nz = box.shape
    most = 0
    for state in box.ravel():
        most += state == PORE
    place = np.empty((most, 3), np.int16)
    count = 0
    for i in range(1, nx - 1):
        for j in range(1, ny - 1):
            line = box[i, j]
            for k in range(1, nz - 1):
                if line[k] == PORE:
                    place[count, 0], place[count, 1], place[count, 2] = i, j, k
                    count += 1
    return place[:count]


@njit(cache=True, nogil=True)
def _is_open(state: np.uint8) -> bool:
    return bool(PORE <= state <= OUTLET_PLANE)


@njit(cache=True, nogil=True)
def _is_reservoir(state: np.uint8) -> bool:
    return bool(INLET <= state <= OUTLET_PLANE)


@njit(cache=True, nogil=True)
def _number_faces(
    box: NDArray[np.uint8], face: IntArray, periodic: tuple[bool, bool, bool]
) -> tuple[NDArray[np.int64], NDArray[np.int16]]:
    """Count through the open faces between each cell and the next one along the axes, in place.

    Returns
    -------
    (4,) int64, number of the first face across each axis, and of all; (nu, 3) int16, their places
    """
    nx, ny, nz = box.shape
    flat = box.ravel()
    most = 0
    for state in flat:
        most += _is_open(state)
    place = np.empty((3 * most, 3), np.int16)  # each face has an open cell behind it
    block = np.zeros(4, np.int64)
    steps = (ny * nz, nz, int64(1))
    count = 0
    for axis in range(3):
        numbers = face[axis].ravel()
        ahead = steps[axis]
        # along a periodic axis the face before the first layer is the one behind the last
        first = int(periodic[axis])
        for i in range(first if axis == 0 else 1, nx - 1):
            for j in range(first if axis == 1 else 1, ny - 1):
                row = (i * ny + j) * nz
                for m in range(row + (first if axis == 2 else 1), row + nz - 1):
                    one, two = flat[m], flat[m + ahead]
                    if not (_is_open(one) and _is_open(two)):
                        continue
                    if one == two and one != PORE:
                        continue  # inside a reservoir
                    numbers[m] = count
                    place[count, 0], place[count, 1], place[count, 2] = i, j, m - row
                    count += 1
        block[axis + 1] = count
    return block, place[:count]


@njit(cache=True, nogil=True)
def _neighbours(face: IntArray, place: NDArray[np.int16], count: int) -> tuple[IntArray, IntArray]:
    """Return the faces (nc, 6) of each cell and the cells (count, 2) at each face."""
    _, _, ny, nz = face.shape
    none = place.shape[0]
    faces = np.full((none, 6), count, np.int32)
    cells = np.full((count, 2), none, np.int32)
    steps = (ny * nz, nz, int64(1))
    for axis in range(3):
        numbers = face[axis].ravel()
        step = steps[axis]
        for c in range(none):
            m = (place[c, 0] * ny + place[c, 1]) * nz + place[c, 2]
            behind, ahead = numbers[m - step], numbers[m]
            if behind >= 0:
                faces[c, 2 * axis] = behind
                cells[behind, 1] = c
            if ahead >= 0:
                faces[c, 2 * axis + 1] = ahead
                cells[ahead, 0] = c
    return faces, cells


@njit(cache=True, nogil=True)
def _slot(
    flat: NDArray[np.uint8],
    numbers: IntArray,
    m: int,
    ahead: int,
    wall: int,
    left: int,
    repeat: int,
) -> int:
    """Width of the slot between two flat walls, walking from a face away from one of them.

    0 if there is no flat wall on the other side. After `left` steps, where there is a `repeat`,
    a layer of padding stands for the one at the other end.
    """
    width = 1
    while width < flat.size:
        m -= wall
        left -= 1
        if left == 0 and repeat > 0:
            left = repeat
            m += repeat * wall
        if numbers[m] < 0:
            one, two = flat[m], flat[m + ahead]
            if one == SOLID and two == SOLID:
                return width
            if min(one, two) >= INLET_PLANE:
                return 2 * width  # the slot goes on in the reflected image
            return 0
        width += 1
    return 0


@njit(cache=True, nogil=True)
def _side_friction(
    flat: NDArray[np.uint8],
    numbers: IntArray,
    m: int,
    ahead: int,
    side: int,
    left: int,
    repeat: int,
    edge: float,
) -> float:
    """Friction of the face at m with its closed neighbour beside it, `side` further."""
    one, two = flat[m + side], flat[m + side + ahead]
    if one == MIRROR or two == MIRROR:
        return 0.0
    if one >= INLET_PLANE and two >= INLET_PLANE:
        return 2.0  # the reflected flow along the end plane is opposite: 0 on the plane
    if _is_open(one) and _is_open(two):
        return 0.0  # inside a reservoir
    if _is_open(one) or _is_open(two):
        return edge
    width = _slot(flat, numbers, m, ahead, side, left, repeat)
    return 2.0 if width == 0 else 2.0 / (1.0 - 2.0 / (3.0 * width))


@njit(cache=True, nogil=True)
def _through_end(one: int, two: int) -> tuple[int, int]:
    """Tell whether a face leads from the inlet, or to the outlet: 1, -1 the other way, else 0."""
    inflow = outflow = 0
    if one in (INLET, INLET_PLANE):
        inflow = 1
    if two in (INLET, INLET_PLANE):
        inflow = -1
    if two in (OUTLET, OUTLET_PLANE):
        outflow = 1
    if one in (OUTLET, OUTLET_PLANE):
        outflow = -1
    return inflow, outflow


@njit(cache=True, nogil=True)
def _face_tables(
    box: NDArray[np.uint8],
    face: IntArray,
    place: NDArray[np.int16],
    block: NDArray[np.int64],
    edge: float,
    periodic: tuple[bool, bool, bool],
) -> tuple[Entries, NDArray[np.int8], NDArray[np.int8]]:
    _, ny, nz = box.shape
    count = place.shape[0]
    start = np.zeros(count + 1, np.int32)
    middle = np.empty(count, np.int32)
    column = np.empty(6 * count, np.int32)
    weight = np.empty(6 * count, np.float32)
    diagonal = np.empty(count, np.float32)
    inflow, outflow = np.zeros(count, np.int8), np.zeros(count, np.int8)
    later, strength = np.empty(6, np.int32), np.empty(6, np.float32)
    flat, sizes, steps = box.ravel(), box.shape, np.empty(6, np.int64)
    for axis in range(3):
        steps[2 * axis + 1] = (ny * nz, nz, int64(1))[axis]
        steps[2 * axis] = -steps[2 * axis + 1]
    entry = 0
    for axis in range(3):
        numbers, ahead = face[axis].ravel(), steps[2 * axis + 1]
        for f in range(block[axis], block[axis + 1]):
            m = (place[f, 0] * ny + place[f, 1]) * nz + place[f, 2]
            one, two = flat[m], flat[m + ahead]
            inflow[f], outflow[f] = _through_end(one, two)
            # half of the face's control volume lies behind an end plane
            share = 0.5 if one >= INLET_PLANE or two >= INLET_PLANE else 1.0
            total, held = 0.0, 0
            for side in range(6):
                along, forward = side // 2, side % 2 == 1
                step = steps[side]
                part, rubbing = 1.0 if along == axis else share, 1.0
                if along == axis and _is_reservoir(two if forward else one):
                    continue  # developed flow: no stress inside a reservoir
                g = numbers[m + step]
                if g == f:
                    continue  # a periodic axis of one voxel
                if g < 0 and along != axis:
                    repeat = sizes[along] - 2 if periodic[along] else 0
                    at = place[f, along]
                    left = at if forward else repeat + 1 - at
                    rubbing = _side_friction(flat, numbers, m, ahead, step, left, repeat, edge)
                total += part * rubbing
                if 0 <= g < f:
                    column[entry], weight[entry] = g, part
                    entry += 1
                elif g >= 0:
                    later[held], strength[held] = g, part
                    held += 1
            diagonal[f], middle[f] = total, entry
            for n in range(held):
                column[entry], weight[entry] = later[n], strength[n]
                entry += 1
            start[f + 1] = entry
    friction = (start, column[:entry], weight[:entry], diagonal, middle, place, block)
    return friction, inflow, outflow
