"""The work of each chunk, from files to files, so that any process can do it and none is lost."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import scipy.ndimage as spim
from numpy.typing import NDArray

from poreops.base.hdf5 import open_hdf5, read_hdf5, write_hdf5
from poreops.conduits.large.chunks import SIDES, Chunks
from poreops.conduits.large.flood import LABEL, States, flood, no_states
from poreops.conduits.large.peaks import peaks_of
from poreops.conduits.partition import touching_pairs


@dataclass(frozen=True)
class Flooded:
    """Which states a chunk was flooded from, and which it has now.

    Attributes
    ----------
    seen : (6,) fingerprint of the states behind each of `SIDES`; empty where there were none
    own : (6,) fingerprint of the states on the chunk's own side of it
    """

    seen: tuple[str, ...]
    own: tuple[str, ...]


@dataclass(frozen=True)
class Rest:
    """What a chunk says once the flood stands still.

    Attributes
    ----------
    pairs : (n, 2) int64, regions that touch in it or behind its far faces, 0-based
    starts : (m,) int64, first voxel of each piece that the flood did not reach, flat
    voxels, pieces : (k,) voxels of these pieces on the faces of the chunk, and their piece from 0
    """

    pairs: NDArray[np.int64]
    starts: NDArray[np.int64]
    voxels: NDArray[np.int64]
    pieces: NDArray[np.int32]


@dataclass(frozen=True)
class Job:
    """A partition in chunks.

    Attributes
    ----------
    folder : of the files that the chunks leave
    chunks : that tile the volume
    r_max, sigma : as of `poreops.conduits.partition.partition`
    """

    folder: Path
    chunks: Chunks
    r_max: int
    sigma: float

    @property
    def pores(self) -> Path:
        """File of the volume, True = pore."""
        return self.folder / "pores.h5"

    @property
    def markers(self) -> Path:
        """File of the markers of the whole volume."""
        return self.folder / "markers.h5"

    def peaks(self, index: int) -> Path:
        """Return the file of a chunk's distances and peaks.

        Parameters
        ----------
        index : number of the chunk
        """
        return self.folder / f"peaks-{index}.h5"

    def flooded(self, index: int) -> Path:
        """Return the file of a chunk's labels, and of the states on its faces.

        Parameters
        ----------
        index : number of the chunk
        """
        return self.folder / f"flood-{index}.h5"

    def find_peaks(self, index: int) -> None:
        """Write the distances and peaks of a chunk.

        Parameters
        ----------
        index : number of the chunk
        """
        with open_hdf5(self.pores) as file:
            found = peaks_of(file["pores"], self.chunks, index, r_max=self.r_max, sigma=self.sigma)
        write_hdf5(self.peaks(index), vars(found))

    def flood(self, index: int) -> Flooded:
        """Flood a chunk from the states that its neighbours have by now.

        Parameters
        ----------
        index : number of the chunk
        """
        box = self.chunks.box(index)
        around = no_states(tuple(b - a for a, b in box))
        seen = [self._take(index, side, around) for side in range(len(SIDES))]
        marked, _ = read_hdf5(self.markers)
        mine = self.chunks.owner(marked["voxels"]) == index
        markers = np.zeros([b - a for a, b in box], np.int32)
        places = self.chunks.inside(marked["voxels"][mine], box)
        markers.ravel()[places] = marked["numbers"][mine]
        states = flood(_dataset(self.peaks(index), "squared"), markers, around)
        sides = {
            f"side{n}": np.ascontiguousarray(states.take(-1 if high else 0, axis + 1))
            for n, (axis, high) in enumerate(SIDES)
        }
        write_hdf5(self.flooded(index), {"labels": states[LABEL], **sides})
        return Flooded(tuple(seen), tuple(map(_fingerprint, sides.values())))

    def _take(self, index: int, side: int, around: States) -> str:
        """Put the states behind a face round the chunk; return their fingerprint."""
        axis, high = SIDES[side]
        other = self.chunks.neighbour(index, axis, high)
        if other is None or not self.flooded(other).exists():
            return ""
        # sides come in pairs, near and far
        states = _dataset(self.flooded(other), f"side{side ^ 1}")
        place = [slice(None)] + [slice(1, -1)] * 3
        place[axis + 1] = slice(-1, None) if high else slice(0, 1)
        around[tuple(place)] = np.expand_dims(states, axis + 1)
        return _fingerprint(states)

    def rest(self, index: int) -> Rest:
        """Find the throats of a chunk, and the pores in it that hold no marker.

        Parameters
        ----------
        index : number of the chunk
        """
        labels = _dataset(self.flooded(index), "labels")
        pairs = [touching_pairs(labels)]
        for axis in range(3):
            other = self.chunks.neighbour(index, axis, True)
            if other is not None:
                side = SIDES.index((axis, False))
                beyond = _dataset(self.flooded(other), f"side{side}")[LABEL]
                pairs.append(touching_pairs(np.stack([labels.take(-1, axis), beyond])))
        box = self.chunks.box(index)
        pieces, count = self.unreached(index, labels)
        inside = np.flatnonzero(pieces)
        number = pieces.ravel()[inside]
        _, first = np.unique(number, return_index=True)
        places = np.unravel_index(inside, pieces.shape)
        ends = [(p == 0) | (p == n - 1) for p, n in zip(places, pieces.shape, strict=True)]
        edge = np.logical_or.reduce(ends) & (count > 0)
        return Rest(
            np.unique(np.concatenate(pairs), axis=0),
            self.chunks.flat(inside[first], box),
            self.chunks.flat(inside[edge], box),
            (number[edge] - 1).astype(np.int32),
        )

    def unreached(self, index: int, labels: NDArray[np.int32]) -> tuple[NDArray[np.int32], int]:
        """Return the pieces of the chunk's pores that the flood did not reach, and their number.

        Parameters
        ----------
        index : number of the chunk
        labels : of its voxels
        """
        pores = _dataset(self.peaks(index), "squared") > 0
        pieces, count = spim.label(pores & (labels == 0))
        return pieces, int(count)

    def labels(self, index: int) -> NDArray[np.int32]:
        """Return the labels that the flood gave a chunk.

        Parameters
        ----------
        index : number of the chunk
        """
        return _dataset(self.flooded(index), "labels")


def _dataset(path: Path, name: str) -> NDArray[np.int32]:
    with open_hdf5(path) as file:
        found: h5py.Dataset = file[name]
        values: NDArray[np.int32] = found[()]
        return values


def _fingerprint(states: States) -> str:
    return hashlib.sha256(states.tobytes()).hexdigest()
