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
from numba import njit
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
    cell = _number_cells(box)
    _wrap(cell, periodic)
    face = np.full((3, *box.shape), -1, np.int32)
    block = np.zeros(4, np.int64)
    for axis in range(3):
        block[axis + 1] = _number_faces(box, face[axis], axis, block[axis], periodic[axis])
        _wrap(face[axis], periodic)
    count = int(cell.max(initial=-1)) + 1
    faces, place = _cell_table(cell, face, count, block[3])
    friction, cells, inflow, outflow = _face_tables(box, cell, face, block, count, edge, periodic)
    return StaggeredFlow(Matrix(*friction), cells, faces, place, inflow, outflow)


def _wrap(box: Values, periodic: tuple[bool, bool, bool]) -> None:
    """Copy the last layer before the first one and the first behind the last one."""
    for axis in range(3):
        if periodic[axis]:
            layers = np.moveaxis(box, axis, 0)
            layers[0] = layers[-2]
            layers[-1] = layers[1]


@njit(cache=True, nogil=True)
def _number_cells(box: NDArray[np.uint8]) -> IntArray:
    nx, ny, nz = box.shape
    cell = np.full(box.shape, -1, np.int32)
    count = 0
    for i in range(1, nx - 1):
        for j in range(1, ny - 1):
            for k in range(1, nz - 1):
                if box[i, j, k] == PORE:
                    cell[i, j, k] = count
                    count += 1
    return cell


@njit(cache=True, nogil=True)
def _is_open(state: np.uint8) -> bool:
    return bool(PORE <= state <= OUTLET_PLANE)


@njit(cache=True, nogil=True)
def _is_reservoir(state: np.uint8) -> bool:
    return bool(INLET <= state <= OUTLET_PLANE)


@njit(cache=True, nogil=True)
def _number_faces(
    box: NDArray[np.uint8], face: IntArray, axis: int, count: int, periodic: bool
) -> int:
    """Count through the open faces between cell (i, j, k) and the next one along the axis."""
    nx, ny, nz = box.shape
    di, dj, dk = int(axis == 0), int(axis == 1), int(axis == 2)
    skip = int(periodic)  # the face before the first layer is the one behind the last
    for i in range(1 - di * (1 - skip), nx - 1):
        for j in range(1 - dj * (1 - skip), ny - 1):
            for k in range(1 - dk * (1 - skip), nz - 1):
                one, two = box[i, j, k], box[i + di, j + dj, k + dk]
                if not (_is_open(one) and _is_open(two)):
                    continue
                if one == two and one != PORE:
                    continue  # inside a reservoir
                face[i, j, k] = count
                count += 1
    return count


@njit(cache=True, nogil=True)
def _cell_table(
    cell: IntArray, face: IntArray, count: int, none: int
) -> tuple[IntArray, NDArray[np.int16]]:
    nx, ny, nz = cell.shape
    faces = np.full((count, 6), none, np.int32)
    place = np.empty((count, 3), np.int16)
    for i in range(1, nx - 1):
        for j in range(1, ny - 1):
            for k in range(1, nz - 1):
                c = cell[i, j, k]
                if c < 0:
                    continue
                place[c, 0], place[c, 1], place[c, 2] = i, j, k
                for axis in range(3):
                    di, dj, dk = int(axis == 0), int(axis == 1), int(axis == 2)
                    behind = face[axis, i - di, j - dj, k - dk]
                    ahead = face[axis, i, j, k]
                    if behind >= 0:
                        faces[c, 2 * axis] = behind
                    if ahead >= 0:
                        faces[c, 2 * axis + 1] = ahead
    return faces, place


@njit(cache=True, nogil=True)
def _slot(
    box: NDArray[np.uint8],
    face: IntArray,
    at: tuple[int, int, int],
    ahead: tuple[int, int, int],
    wall: tuple[int, int, int],
    periodic: tuple[bool, bool, bool],
) -> int:
    """Width of the slot between two flat walls, walking from a face away from one of them.

    0 if there is no flat wall on the other side.
    """
    nx, ny, nz = box.shape
    (i, j, k), (di, dj, dk), (bi, bj, bk) = at, ahead, wall
    repeated = (bi != 0 and periodic[0]) or (bj != 0 and periodic[1]) or (bk != 0 and periodic[2])
    width = 1
    while width < nx + ny + nz:
        i, j, k = i - bi, j - bj, k - bk
        if repeated:  # a layer of padding stands for the one at the other end
            i = (i - 1) % (nx - 2) + 1 if bi != 0 else i
            j = (j - 1) % (ny - 2) + 1 if bj != 0 else j
            k = (k - 1) % (nz - 2) + 1 if bk != 0 else k
        if face[i, j, k] < 0:
            one, two = box[i, j, k], box[i + di, j + dj, k + dk]
            if one == SOLID and two == SOLID:
                return width
            if min(one, two) >= INLET_PLANE:
                return 2 * width  # the slot goes on in the reflected image
            return 0
        width += 1
    return 0


@njit(cache=True, nogil=True)
def _side_friction(
    box: NDArray[np.uint8],
    face: IntArray,
    at: tuple[int, int, int],
    ahead: tuple[int, int, int],
    side: tuple[int, int, int],
    edge: float,
    periodic: tuple[bool, bool, bool],
) -> float:
    """Friction of the face (i, j, k) at its closed neighbour beside it."""
    (i, j, k), (di, dj, dk), (bi, bj, bk) = at, ahead, side
    one = box[i + bi, j + bj, k + bk]
    two = box[i + bi + di, j + bj + dj, k + bk + dk]
    if one == MIRROR or two == MIRROR:
        return 0.0
    if one >= INLET_PLANE and two >= INLET_PLANE:
        return 2.0  # the reflected flow along the end plane is opposite: 0 on the plane
    if _is_open(one) and _is_open(two):
        return 0.0  # inside a reservoir
    if _is_open(one) or _is_open(two):
        return edge
    width = _slot(box, face, at, ahead, side, periodic)
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
def _row(
    box: NDArray[np.uint8],
    numbers: IntArray,
    at: tuple[int, int, int],
    ahead: tuple[int, int, int],
    edge: float,
    periodic: tuple[bool, bool, bool],
    neighbour: IntArray,
    strength: NDArray[np.float32],
) -> tuple[int, float]:
    """Write the neighbours of the face at (i, j, k) and how strongly they rub on it.

    Returns
    -------
    (int, float)
        Number of neighbours, and the friction of the face with all that surrounds it.
    """
    (i, j, k), (di, dj, dk) = at, ahead
    one, two = box[i, j, k], box[i + di, j + dj, k + dk]
    # half of the face's control volume lies behind an end plane
    share = 0.5 if one >= INLET_PLANE or two >= INLET_PLANE else 1.0
    total = 0.0
    found = 0
    for side in range(6):
        sign = 2 * (side % 2) - 1
        bi = sign if side // 2 == 0 else 0
        bj = sign if side // 2 == 1 else 0
        bk = sign if side // 2 == 2 else 0
        g = numbers[i + bi, j + bj, k + bk]
        part, rubbing = share, 1.0
        if bi * di + bj * dj + bk * dk != 0:
            if _is_reservoir(two if sign > 0 else one):
                continue  # developed flow: no stress inside a reservoir
            part = 1.0
        elif g < 0:
            rubbing = _side_friction(box, numbers, at, ahead, (bi, bj, bk), edge, periodic)
        if g == numbers[i, j, k]:
            continue  # a periodic axis of one voxel
        total += part * rubbing
        if g >= 0:
            neighbour[found] = g
            strength[found] = part
            found += 1
    return found, total


@njit(cache=True, nogil=True)
def _face_tables(
    box: NDArray[np.uint8],
    cell: IntArray,
    face: IntArray,
    block: NDArray[np.int64],
    none: int,
    edge: float,
    periodic: tuple[bool, bool, bool],
) -> tuple[Entries, IntArray, NDArray[np.int8], NDArray[np.int8]]:
    nx, ny, nz = box.shape
    count = block[3]
    start = np.zeros(count + 1, np.int32)
    middle = np.empty(count, np.int32)
    column = np.empty(6 * count, np.int32)
    weight = np.empty(6 * count, np.float32)
    diagonal = np.empty(count, np.float32)
    place = np.empty((count, 3), np.int16)
    cells = np.full((count, 2), none, np.int32)
    inflow = np.zeros(count, np.int8)
    outflow = np.zeros(count, np.int8)
    entry = 0
    neighbour = np.empty(6, np.int32)
    strength = np.empty(6, np.float32)
    for axis in range(3):
        di, dj, dk = int(axis == 0), int(axis == 1), int(axis == 2)
        skip = int(periodic[axis])
        numbers = face[axis]
        for i in range(1 - di * (1 - skip), nx - 1):
            for j in range(1 - dj * (1 - skip), ny - 1):
                for k in range(1 - dk * (1 - skip), nz - 1):
                    f = numbers[i, j, k]
                    if f < 0:
                        continue
                    one, two = box[i, j, k], box[i + di, j + dj, k + dk]
                    place[f, 0], place[f, 1], place[f, 2] = i, j, k
                    if cell[i, j, k] >= 0:
                        cells[f, 0] = cell[i, j, k]
                    if cell[i + di, j + dj, k + dk] >= 0:
                        cells[f, 1] = cell[i + di, j + dj, k + dk]
                    inflow[f], outflow[f] = _through_end(one, two)
                    found, diagonal[f] = _row(
                        box,
                        numbers,
                        (i, j, k),
                        (di, dj, dk),
                        edge,
                        periodic,
                        neighbour,
                        strength,
                    )
                    for lower in (True, False):
                        for n in range(found):
                            if (neighbour[n] < f) == lower:
                                column[entry] = neighbour[n]
                                weight[entry] = strength[n]
                                entry += 1
                        if lower:
                            middle[f] = entry
                    start[f + 1] = entry
    column, weight = column[:entry].copy(), weight[:entry].copy()
    matrix = (start, column, weight, diagonal, middle, place, block)
    return matrix, cells, inflow, outflow
