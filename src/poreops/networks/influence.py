"""How much of what a network carries hangs on each of its conduits."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.linalg import spsolve

from poreops.base.arrays import Integers
from poreops.conduits.contacts import FaceContacts
from poreops.networks.arrays import joining_part

Floats = NDArray[np.float64]


def influence(conns: Integers, contacts: FaceContacts, conductances: Floats, ndim: int) -> Floats:
    """Return d log K / d log g of each conduit, the mean over the axes along which any flows.

    By Tellegen's theorem that is the share of the work that a conduit dissipates, so it is >= 0
    and the sum over all of them, those to the faces included, is 1.

    Parameters
    ----------
    conns : (Nt, 2) int, pairs of regions, 0-based
    contacts : of the regions with the faces of the image
    conductances : (Nt + Nb,) float64, of throats, then contacts, in any unit; those that are not
        > 0 carry nothing
    ndim : of the image

    Returns
    -------
    (Nt + Nb,) float64
        All 0 where nothing percolates.
    """
    count, throats = int(conns.max(initial=-1)) + 1, len(conns)
    count = max(count, int(contacts.region.max(initial=-1)) + 1)
    ends = np.column_stack([contacts.region, count + np.arange(len(contacts))])
    pairs = np.vstack([conns, ends])
    carries = np.isfinite(conductances) & (conductances > 0)
    shares = []
    for axis in range(ndim):
        own = np.append(np.ones(throats, np.bool_), contacts.axis == axis)
        inlet, outlet = (
            np.append(np.zeros(count, np.bool_), (contacts.axis == axis) & (contacts.side == side))
            for side in (0, 1)
        )
        _, kept = joining_part(pairs, carries & own, inlet, outlet)
        if kept.any():
            shares.append(np.zeros(len(pairs)))
            shares[-1][kept] = _dissipated(pairs[kept], conductances[kept], inlet, outlet)
    return np.mean(shares, axis=0) if shares else np.zeros(len(pairs))


def _dissipated(
    pairs: Integers, conductances: Floats, inlet: NDArray[np.bool_], outlet: NDArray[np.bool_]
) -> Floats:
    """Return the share of each conduit in the work between inlet (1) and outlet (0) pores."""
    size = len(inlet)
    weights = conductances / conductances.mean()
    first, second = pairs.T
    entries = np.concatenate([weights, weights, -weights, -weights])
    rows = np.concatenate([first, second, first, second])
    columns = np.concatenate([first, second, second, first])
    matrix = coo_array((entries, (rows, columns)), shape=(size, size)).tocsr()
    potential = inlet.astype(np.float64)
    met = np.zeros(size, np.bool_)
    met[pairs] = True
    inner = np.flatnonzero(met & ~inlet & ~outlet)
    if inner.size:
        source = -(matrix @ potential)[inner]
        potential[inner] = spsolve(matrix[inner][:, inner].tocsc(), source)
    work = weights * (potential[first] - potential[second]) ** 2
    shares: Floats = work / work.sum()
    return shares
