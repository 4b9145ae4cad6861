"""What a block lets through for given modes at its patches, from its condensed matrix.

With B the orthonormal modes of a patch and E the voxels behind its faces, a face being half an
edge (conductance 2) from the voxel:

* shorted: potentials on the patch are Bλ. The least energy is λᵀSλ with
  S = 2 − 4 BᵀEᵀ(K + 2EEᵀ)⁻¹EB, an upper bound;
* cut: only the moments λ = Bᵀc are held, so the flux is Bμ. The least energy is λᵀN⁻¹λ with
  N = BᵀEᵀK⁻¹EB + 1/2, a lower bound.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit

from poreops.base.arrays import Array
from poreops.networks.interface.condense import complement

_ROWS = 32  # that are solved before those above them are touched


@dataclass(frozen=True)
class Response:
    """Matrix of a block, and the potentials of its kept voxels for each of its columns.

    Attributes
    ----------
    matrix : (m + t, m + t) float64
        Rows of the modes and of the t terminals, inlet and outlet as a rule: potentials (moments)
        to currents.
    trace : (k, m + t) float32
        Shorted: potentials of the voxels for unit potentials. Cut: for unit fluxes (and unit
        potentials of the terminals), up to a constant if there is none.
    """

    matrix: Array
    trace: Array


def shorted(conductance: Array, faces: Array, modes: Array) -> Response:
    """Return the response with potentials in the modes.

    Parameters
    ----------
    conductance : (k + t, k + t) float64, of `condense`, upper triangle
    faces : (k,) float64, faces in patches of each kept voxel
    modes : (k, m) float64, EB
    """
    k, m = modes.shape
    front = np.zeros((len(conductance) + m,) * 2)
    front[:k, :k] = conductance[:k, :k]
    front[np.arange(k), np.arange(k)] += 2 * faces
    front[:k, k : k + m] = -2 * modes
    front[:k, k + m :] = conductance[:k, k:]
    at = np.arange(k, k + m)
    front[at, at] = 2.0
    front[k + m :, k + m :] = conductance[k:, k:]
    left = complement(front, k)
    return Response(_symmetric(left), _solved(front, k, -1.0))


def cut(conductance: Array, modes: Array, whole: Array) -> Response:
    """Return the response with fluxes in the modes.

    Parameters
    ----------
    conductance, modes : as for `shorted`
    whole : (m,) float64, flux Bᵀ1 that each mode carries
    """
    k, m = modes.shape
    terminals = len(conductance) - k
    closed = not conductance[k:, k:].any()
    size = k - closed  # the last voxel of a closed block is grounded; what it takes is 0
    front = np.zeros((size + m + terminals,) * 2)
    front[:size, :size] = conductance[:size, :size]
    front[:size, size : size + m] = modes[:size]
    front[:size, size + m :] = -conductance[:size, k:]
    inner = -_symmetric(complement(front, size))
    inverse = np.linalg.inv(inner[:m, :m] + np.eye(m) / 2)
    inverse = (inverse + inverse.T) / 2
    matrix = np.zeros((m + terminals,) * 2)
    trace = np.zeros((k, m + terminals), np.float32)
    trace[:size] = _solved(front, size, 1.0)
    if closed:
        taken = inverse @ whole
        matrix[:m, :m] = inverse - np.outer(taken, taken) / (whole @ taken)
        return Response(matrix, trace)
    across = inverse @ inner[:m, m:]
    matrix[:m, :m] = inverse
    matrix[:m, m:], matrix[m:, :m] = -across, -across.T
    matrix[m:, m:] = _symmetric(conductance[k:, k:]) - inner[m:, m:] + inner[:m, m:].T @ across
    return Response(matrix, trace)


def _symmetric(upper: Array) -> Array:
    """Return the symmetric matrix whose upper triangle this is."""
    matrix: Array = np.where(np.tri(len(upper), k=-1, dtype=bool), upper.T, upper)
    return matrix


def _solved(front: Array, count: int, sign: float) -> Array:
    """Return the eliminated unknowns for each of the others, (count, rest) float32."""
    solution = np.ascontiguousarray(front[:count, count:])
    _substitute(front, solution)
    return (sign * solution).astype(np.float32)


@njit(cache=True, nogil=True, fastmath={"contract"})
def _substitute(front: Array, solution: Array) -> None:
    """Solve U X = B in place, U the first rows of a front."""
    count, width = solution.shape
    for last in range(count, 0, -_ROWS):
        first = max(last - _ROWS, 0)
        if last < count:
            solution[first:last] -= np.dot(front[first:last, last:count].copy(), solution[last:])
        for i in range(last - 1, first - 1, -1):
            row = solution[i]
            for r in range(i + 1, last):
                other, factor = solution[r], front[i, r]
                for j in range(width):
                    row[j] -= factor * other[j]
            scale = 1.0 / front[i, i]
            for j in range(width):
                row[j] *= scale
