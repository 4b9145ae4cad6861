"""Whether pores go on: in how many windows of a slice one crosses from side to side.

The share of the largest cluster says that too, but falls as the slice grows. Windows are as wide
as the pores demand, a number of hydraulic lengths, so that neither field of view nor resolution
matters.
"""

import numpy as np
from numpy.typing import NDArray

WIDTH = 9.0
"""Edge of a window, in hydraulic lengths (pore area over wall length)."""
_LEAST = 6  # pixels


def crossed_share(
    pore: NDArray[np.bool_], inside: NDArray[np.bool_], hydraulic_length: float
) -> float:
    """Return the share of windows that a cluster of pores crosses, the mean of both directions.

    Parameters
    ----------
    pore, inside : (h, w) bool, pores and field of view
    hydraulic_length : of the slice [pixel]

    Returns
    -------
    float
        0 to 1. Windows overlap by half and lie wholly inside the field of view; where none does,
        the whole slice is the window.

    Examples
    --------
    >>> stripes = np.zeros((60, 60), bool)
    >>> stripes[::4] = True
    >>> crossed_share(stripes, np.ones_like(stripes), 2.0)  # along one direction of two
    0.5
    """
    rows, columns = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
    view = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    pore, inside = pore[view], inside[view]
    edge = max(round(WIDTH * hydraulic_length), _LEAST)
    starts = [_starts(n, edge) for n in pore.shape]
    crossed, windows = 0.0, 0
    for top in starts[0]:
        for left in starts[1]:
            window = (slice(top, top + edge), slice(left, left + edge))
            if inside[window].all():
                crossed += _crossed(pore[window])
                windows += 1
    return crossed / windows if windows else _crossed(pore & inside)


def _starts(length: int, edge: int) -> NDArray[np.int64]:
    """Where windows begin, spread evenly from end to end."""
    count = max(2 * length // edge - 1, 1)
    return np.unique(np.linspace(0, max(length - edge, 0), count).round().astype(np.int64))


def _crossed(pore: NDArray[np.bool_]) -> float:
    from scipy.ndimage import label

    clusters, _ = label(pore, np.ones((3, 3)))
    ends = ((clusters[0], clusters[-1]), (clusters[:, 0], clusters[:, -1]))
    return sum(np.intersect1d(a[a > 0], b[b > 0]).size > 0 for a, b in ends) / 2
