"""Quilt cores of pieces: each is one of those that fit best to its neighbours, cut along a seam.

Image quilting (Efros and Freeman 2001), with the shares of pores and ores of every core as a goal:
among the pieces that fit, those are likelier that bring the core nearer to it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poreops.cores.learning.pieces import ORE, PORE, Library

Floats = NDArray[np.float64]
Grey = NDArray[np.uint8]

_FULLEST = 0.9  # share that may be asked of a piece
_FIRM = 0.6  # exponent of ores over that of pores, both for one standard deviation of the shares


@dataclass(frozen=True)
class Steering:
    """How firmly cores are led to their goal: what leads more changes the shapes of pores more.

    Attributes
    ----------
    horizon : pieces that make up for what is missing
    steepest : largest exponent of a weight, for a share of one
    firm : whether weights are steeper for ores, whose shares differ less from piece to piece
    """

    horizon: float
    steepest: float
    firm: bool = False


NATURAL, STATED = Steering(8, 10), Steering(4, 40)
"""To a goal of the rock's own law, and to one that was asked for."""


@dataclass(frozen=True)
class Quilted:
    """Cores without noise.

    Attributes
    ----------
    greys : (n, size, size) uint8
    labels : (n, size, size) uint8, 0 matrix, 1 pore, 2 ore
    chosen : (n, rows, columns) int64, number of each piece
    """

    greys: Grey
    labels: Grey
    chosen: NDArray[np.int64]


def rows_of(library: Library, size: int) -> int:
    """Return how many rows, and columns, of pieces a core takes.

    Parameters
    ----------
    library : Library
    size : edge of the core [pixel]
    """
    config = library.config
    return max(-(-(size - config.overlap) // config.step), 1)


def quilt(
    library: Library, size: int, goals: Floats, draws: Floats, steering: Steering = NATURAL
) -> Quilted:
    """Quilt cores, all side by side; each depends on its own goal and draws only.

    Parameters
    ----------
    library : Library
    size : edge of the cores [pixel]
    goals : (n, 2), share of pores and of ores of each
    draws : (n, rows, columns) in 0..1, `rows_of` each: which of the fitting pieces is taken
    steering : Steering
    """
    count, rows, _ = draws.shape
    step, piece, overlap = library.config.step, library.config.piece, library.config.overlap
    edge = rows * step + overlap
    greys = np.zeros((count, edge, edge), dtype=np.uint8)
    labels = np.zeros_like(greys)
    chosen = np.zeros((count, rows, rows), dtype=np.int64)
    finished = np.zeros((count, 2))  # cells of a step each: nothing will cover them
    for number in range(rows**2):
        row, column = divmod(number, rows)
        place = np.s_[:, row * step : row * step + piece, column * step : column * step + piece]
        there = greys[place]
        # made up for steadily: what is missing at the end must not crowd the last rows
        missing = (goals * number - finished) / steering.horizon
        need = np.clip(goals + missing, 0, _FULLEST)
        fitting = _fitting(library, there, row, column)
        taken = _drawn(library, fitting, need, draws[:, row, column], steering)
        new = library.greys[taken]
        mask = _covers(there, new, overlap, row, column)
        greys[place] = np.where(mask, new, there)
        labels[place] = np.where(mask, library.labels[taken], labels[place])
        cell = labels[place][:, :step, :step]
        finished += np.stack([(cell == phase).mean((1, 2)) for phase in (PORE, ORE)], axis=1)
        chosen[:, row, column] = taken
    return Quilted(greys[:, :size, :size], labels[:, :size, :size], chosen)


def _fitting(library: Library, there: Grey, row: int, column: int) -> NDArray[np.int64]:
    """Return the numbers of the pieces that fit best to what is there, (n, choices or all)."""
    if not row and not column:
        every = np.arange(len(library.places))
        return np.broadcast_to(every, (len(there), len(every)))
    fit = library.fits["both" if row and column else "top" if row else "left"]
    values = library.averaged(there)[:, fit.where].astype(fit.values.dtype)
    # the squares of what is there are the same for all pieces
    errors = fit.squares - 2 * values @ fit.values.T
    best = np.argpartition(errors, library.config.choices, axis=1)[:, : library.config.choices]
    return np.sort(best, axis=1)


def _drawn(
    library: Library, fitting: NDArray[np.int64], need: Floats, draws: Floats, steering: Steering
) -> NDArray[np.int64]:
    """Draw a piece for each core, by weights exp(λ share) of about the needed mean.

    To first order the mean moves by λ times the variance of the shares.
    """
    mean, variance = library.shares.mean(axis=0), np.maximum(library.shares.var(axis=0), 1e-9)
    steepest = np.full(2, float(steering.steepest))
    if steering.firm:
        steepest[1] *= _FIRM * np.sqrt(variance[0] / variance[1])
    slope = np.clip((need - mean) / variance, -steepest, steepest)
    weights = (library.shares[fitting] * slope[:, None]).sum(axis=2)
    weights = np.exp(weights - weights.max(axis=1, keepdims=True)).cumsum(axis=1)
    which = (weights < draws[:, None] * weights[:, -1:]).sum(axis=1)
    found: NDArray[np.int64] = fitting[np.arange(len(fitting)), which]
    return found


def _covers(there: Grey, new: Grey, overlap: int, row: int, column: int) -> NDArray[np.bool_]:
    """Return where new pieces cover what is there: beyond the seams of least difference."""
    difference = (new.astype(np.float32) - there) ** 2
    mask = np.ones(new.shape, dtype=bool)
    if column:
        mask[:, :, :overlap] &= beyond_seam(difference[:, :, :overlap])
    if row:
        across = difference[:, :overlap].swapaxes(1, 2)
        mask[:, :overlap] &= beyond_seam(across).swapaxes(1, 2)
    return mask


def beyond_seam(difference: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Cut overlaps from top to bottom where two pieces differ least; a step moves by one pixel.

    Parameters
    ----------
    difference : (n, length, width), of the pieces at every pixel of the overlap

    Returns
    -------
    (n, length, width) bool, True from the seam on
    """
    count, length, width = difference.shape
    total = np.full((count, length, width + 2), np.inf, dtype=np.float64)
    total[:, :, 1:-1] = difference
    for row in range(1, length):
        above = total[:, row - 1]
        total[:, row, 1:-1] += np.minimum(np.minimum(above[:, :-2], above[:, 1:-1]), above[:, 2:])
    seam = np.zeros((count, length), dtype=np.int64)
    seam[:, -1] = total[:, -1, 1:-1].argmin(axis=1)
    every = np.arange(count)[:, None]
    for row in range(length - 2, -1, -1):
        near = seam[:, row + 1, None] + np.arange(3)  # of the padded columns
        seam[:, row] = near[:, 0] + total[every, row, near].argmin(axis=1) - 1
    found: NDArray[np.bool_] = np.arange(width) >= seam[:, :, None]
    return found
