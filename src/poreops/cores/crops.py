"""Cut crops from grey images, in parts that share no area."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from poreops.base.hdf5 import read_hdf5, write_hdf5
from poreops.errors import InputError
from poreops.synthetic.shale import SyntheticShaleConfig

Grey = NDArray[np.uint8]
_TRIES = 100  # draws of a place before a seed is given up

PARTS = ("train", "search", "gate", "report")
"""What crops are for: to train on, to search and stop on, to gate on, to be read by the report."""
JUDGING = PARTS[1:]


class CropsConfig(BaseModel):
    """Crops of grey images, in four parts that share no area of the images.

    Attributes
    ----------
    seed : of the places of the crops and of the synthetic images
    images : paths of grey images, slice stacks among them, relative to data/cores or absolute;
        none draws synthetic ones
    synthetic : SyntheticShaleConfig
    size : edge of a crop [pixel]
    train, search, gate, report : number of crops of each part
    hold_out : "slices" keeps the last slices (images) for judging, a third for each part;
        "columns" the last columns of every slice, in three bands: consecutive slices of a
        tomogram show the same grains
    share : of the slices or columns that is kept for judging
    gap : columns between parts, wider than slices are shifted against each other [pixel]
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int
    images: tuple[str, ...]
    synthetic: SyntheticShaleConfig
    size: Annotated[int, Field(ge=16)]
    train: Annotated[int, Field(ge=2)]
    search: Annotated[int, Field(ge=2)]
    gate: Annotated[int, Field(ge=2)]
    report: Annotated[int, Field(ge=2)]
    hold_out: Literal["slices", "columns"]
    share: Annotated[float, Field(gt=0, lt=1)]
    gap: Annotated[int, Field(ge=0)]


@dataclass(frozen=True)
class Crops:
    """Square crops of grey slices.

    Attributes
    ----------
    images : (n, size, size) uint8
    slices : (n,) int32, the slice each was cut from
    corners : (n, 2) int32, its first row and column there
    """

    images: Grey
    slices: NDArray[np.int32]
    corners: NDArray[np.int32]

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Return what `write` wrote; raises InputError if the file is missing or broken.

        Parameters
        ----------
        path : HDF5 file
        """
        arrays, _ = read_hdf5(path)
        return cls(arrays["images"], arrays["slices"], arrays["corners"])

    def write(self, path: str | Path, sources: Sequence[str], hold_out: str) -> None:
        """Write the crops with the place of each.

        Parameters
        ----------
        path : HDF5 file
        sources : names of what the slices come from
        hold_out : of `CropsConfig`: whether the slices show rock of their own
        """
        arrays: dict[str, NDArray[np.generic]] = {
            "images": self.images, "slices": self.slices, "corners": self.corners
        }  # fmt: skip
        write_hdf5(path, arrays, {"sources": list(sources), "hold_out": hold_out})


def cut_crops(slices: Sequence[Grey], config: CropsConfig) -> dict[str, Crops]:
    """Cut the crops of each of `PARTS` at random; no pixel is in two parts.

    Parameters
    ----------
    slices : grey slices (rows, columns), of any sizes
    config : CropsConfig

    Raises
    ------
    InputError
        If a slice, or the area of a part, is smaller than a crop.
    """
    rng = np.random.default_rng(config.seed)
    areas = _areas(slices, config)
    return {
        part: _random_crops(slices, areas[part], config.size, getattr(config, part), rng)
        for part in PARTS
    }


def shared_crops(first: Crops, second: Crops) -> NDArray[np.bool_]:
    """Tell of each crop of the first part whether it shares a pixel with one of the second.

    Parameters
    ----------
    first, second : Crops of one size, from the same slices

    Returns
    -------
    (n,) bool
    """
    size = first.images.shape[1]
    apart = np.abs(first.corners[:, None] - second.corners[None]) >= size
    found: NDArray[np.bool_] = (
        (first.slices[:, None] == second.slices[None]) & ~apart.any(axis=2)
    ).any(axis=1)
    return found


# Rows and columns (start, stop) of a slice; empty ranges where a slice has no such part
_Area = tuple[tuple[int, int], tuple[int, int]]
_NOWHERE: _Area = ((0, 0), (0, 0))


def _areas(slices: Sequence[Grey], config: CropsConfig) -> Mapping[str, Sequence[_Area]]:
    """Return part → its area in each slice."""
    for i, image in enumerate(slices):
        rows, columns = image.shape
        if min(rows, columns) < config.size:
            raise InputError(
                f"a slice must be as large as a crop of {config.size} pixels, slice {i} has "
                f"{rows} x {columns}; lower cores.crops.size or leave the image out"
            )
    areas = _by_slices if config.hold_out == "slices" else _by_columns
    each = list(areas(slices, config))
    return {part: [found[part] for found in each] for part in PARTS}


def _by_slices(slices: Sequence[Grey], config: CropsConfig) -> Iterator[dict[str, _Area]]:
    kept = max(round(config.share * len(slices)), len(JUDGING))
    if kept >= len(slices):
        raise InputError(
            f"holding out slices needs {len(JUDGING) + 1} or more and a cores.crops.share that "
            f"leaves some to train on, got {len(slices)} with {config.share:g}; set "
            "cores.crops.hold_out: columns"
        )
    first = len(slices) - kept
    for i, (rows, columns) in enumerate(image.shape for image in slices):
        owner = "train" if i < first else JUDGING[(i - first) * len(JUDGING) // kept]
        whole = ((0, rows), (0, columns))
        yield {part: whole if part == owner else _NOWHERE for part in PARTS}


def _by_columns(slices: Sequence[Grey], config: CropsConfig) -> Iterator[dict[str, _Area]]:
    for i, (rows, columns) in enumerate(image.shape for image in slices):
        first = columns - max(round(config.share * columns), 1)
        width = max(first - config.gap, 0)
        band = max((columns - first - (len(JUDGING) - 1) * config.gap) // len(JUDGING), 0)
        if min(width, band) < config.size:
            raise InputError(
                f"the parts of a slice must be as wide as a crop of {config.size} pixels, slice "
                f"{i} has {width} columns for training and 3 x {band} for judging; change "
                "cores.crops.share or lower cores.crops.size"
            )
        areas: dict[str, _Area] = {"train": ((0, rows), (0, width))}
        for k, part in enumerate(JUDGING):
            left = first + k * (band + config.gap)
            areas[part] = ((0, rows), (left, left + band))
        yield areas


def _random_crops(
    slices: Sequence[Grey],
    areas: Sequence[_Area],
    size: int,
    count: int,
    rng: np.random.Generator,
) -> Crops:
    places = [
        max(bottom - top - size + 1, 0) * max(right - left - size + 1, 0)
        for (top, bottom), (left, right) in areas
    ]
    taken: dict[tuple[int, int, int], Grey] = {}
    for _ in range(_TRIES * count):
        if len(taken) == count:
            break
        i = int(rng.choice(len(slices), p=np.array(places) / sum(places)))
        row, column = (int(rng.integers(start, stop - size + 1)) for start, stop in areas[i])
        taken[i, row, column] = slices[i][row : row + size, column : column + size]
    else:
        raise InputError(
            f"a part must have room for {count} different crops, got {sum(places)} places; ask "
            "for fewer crops or smaller ones"
        )
    where = np.array(list(taken), dtype=np.int32)
    return Crops(np.stack(list(taken.values())), where[:, 0], where[:, 1:])
