"""Stokes flows with a known answer, and a slow solver to compare with."""

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.linalg import lsqr

# Zick & Homsy, J. Fluid Mech. 115 (1982): drag coefficient of simple-cubic spheres
SPHERE_DRAG = {0.027: 2.008, 0.064: 2.810, 0.125: 4.292, 0.216: 7.442, 0.343: 15.4, 0.45: 28.1}
# Sangani & Acrivos, Int. J. Multiphase Flow 8 (1982): L²/k of a square array of cylinders
CYLINDER_RESISTANCE = {
    0.05: 15.56, 0.1: 24.83, 0.2: 51.53, 0.3: 102.90, 0.4: 217.89, 0.5: 532.55, 0.6: 1763.0
}  # fmt: skip
DUCT = 0.0351443  # Q = DUCT a⁴ Δp / µL of a square duct


def duct(width, length=4):
    """Pores of a square duct along x, in walls of one voxel."""
    im = np.zeros((length, width + 2, width + 2), dtype=bool)
    im[:, 1:-1, 1:-1] = True
    return im


def sphere_permeability(solid):
    """k/L² of simple-cubic spheres of a solid fraction."""
    radius = (3 * solid / (4 * np.pi)) ** (1 / 3)
    return 1 / (6 * np.pi * radius * SPHERE_DRAG[solid])


def ball(size, ndim, solid, *, part=False):
    """Pores of a cell of spheres or cylinders, or with `part` of 1/2^ndim of it, by symmetry."""
    radius = size * ((3 * solid / (4 * np.pi)) ** (1 / 3) if ndim == 3 else np.sqrt(solid / np.pi))
    line = np.arange(size) + 0.5 - size / 2
    if part:
        line = line[size // 2 :]
    squares = np.meshgrid(*[line**2] * ndim, indexing="ij")
    return sum(squares) > radius**2


def direct_permeability(pore, axis, edge):
    """k of a periodic image by least squares on the equations of all faces, one at a time."""
    shape = pore.shape
    faces, cells = {}, {}
    for voxel in zip(*np.nonzero(pore), strict=True):
        cells[tuple(map(int, voxel))] = len(cells)

    def shifted(voxel, side, step):
        moved = list(voxel)
        moved[side] = (moved[side] + step) % shape[side]
        return tuple(moved)

    for side in range(3):
        for voxel in cells:
            if shifted(voxel, side, 1) in cells:
                faces[side, voxel] = len(faces)
    nu = len(faces)
    rows, columns, values, right = [], [], [], []

    def put(row, column, value):
        rows.append(row)
        columns.append(column)
        values.append(value)

    def flat(side, voxel):
        return voxel not in cells and shifted(voxel, side, 1) not in cells

    for (side, voxel), f in faces.items():
        put(f, nu + cells[shifted(voxel, side, 1)], 1)
        put(f, nu + cells[voxel], -1)
        right.append(float(side == axis))
        for beside in range(3):
            for step in (-1, 1):
                there = shifted(voxel, beside, step)
                friction = 1.0
                if (side, there) in faces:
                    put(f, faces[side, there], -1)
                elif beside != side:
                    friction = edge
                    if flat(side, there):
                        width, opposite = 1, shifted(voxel, beside, -step)
                        while (side, opposite) in faces:
                            width, opposite = width + 1, shifted(opposite, beside, -step)
                        friction = 2 / (1 - 2 / (3 * width)) if flat(side, opposite) else 2
                put(f, f, friction)
    for voxel, c in cells.items():
        for side in range(3):
            for sign, face in ((1, (side, voxel)), (-1, (side, shifted(voxel, side, -1)))):
                if face in faces:
                    put(nu + c, faces[face], sign)
        right.append(0.0)
    size = nu + len(cells)
    matrix = coo_array((values, (rows, columns)), shape=(size, size)).tocsr()
    solution = lsqr(matrix, np.array(right), atol=1e-13, btol=1e-13, iter_lim=20000)[0]
    return sum(solution[f] for (side, _), f in faces.items() if side == axis) / pore.size
