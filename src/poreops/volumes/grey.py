"""Cut crops from grey images, and draw a synthetic shale where there is no image."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from poreops.errors import InputError

Grey = NDArray[np.uint8]
_TRIES = 100  # draws of a place before a seed is given up

PARTS = ("train", "search", "gate", "report")
"""What crops are for: to train on, to search and stop on, to gate on, to be read by the report."""
JUDGING = PARTS[1:]


class SyntheticShaleConfig(BaseModel):
    """Images that are drawn where no image is given.

    Attributes
    ----------
    images : how many
    shape : edge of the square images [pixel]
    pore_share : of the area, in dark pores without fractures
    fractures, ores : how many in a million pixels
    noise : standard deviation of the grey value
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    images: Annotated[int, Field(ge=2)]
    shape: Annotated[int, Field(ge=64)]
    pore_share: Annotated[float, Field(ge=0, lt=0.5)]
    fractures: Annotated[float, Field(ge=0)]
    ores: Annotated[float, Field(ge=0)]
    noise: Annotated[float, Field(ge=0)]


class ShaleConfig(BaseModel):
    """Crops of grey images, in four parts that share no area of the images.

    Attributes
    ----------
    seed : of the places of the crops and of the synthetic images
    images : paths of grey images, slice stacks among them, relative to data/ or absolute; none
        draws synthetic ones
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

    images : (n, size, size) uint8.
    slices : (n,) int32, the slice each was cut from.
    corners : (n, 2) int32, its first row and column there.
    """

    images: Grey
    slices: NDArray[np.int32]
    corners: NDArray[np.int32]


def cut_crops(slices: Sequence[Grey], config: ShaleConfig) -> dict[str, Crops]:
    """Cut the crops of each of `PARTS` at random; no pixel is in two parts.

    Parameters
    ----------
    slices : grey slices (rows, columns), of any sizes
    config : ShaleConfig

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


def synthetic_shale(config: SyntheticShaleConfig, seed: int) -> Grey:
    """Draw slices of a grey matrix with dark pores and fractures, bright ores, and noise.

    Returns
    -------
    (images, shape, shape) uint8
    """
    rng = np.random.default_rng(seed)
    return np.stack([_synthetic_slice(config, rng) for _ in range(config.images)])


# Rows and columns (start, stop) of a slice; empty ranges where a slice has no such part
_Area = tuple[tuple[int, int], tuple[int, int]]
_NOWHERE: _Area = ((0, 0), (0, 0))


def _areas(slices: Sequence[Grey], config: ShaleConfig) -> Mapping[str, Sequence[_Area]]:
    """Return part → its area in each slice."""
    for i, image in enumerate(slices):
        rows, columns = image.shape
        if min(rows, columns) < config.size:
            raise InputError(
                f"a slice must be as large as a crop of {config.size} pixels, slice {i} has "
                f"{rows} x {columns}; lower shale.size or leave the image out"
            )
    areas = _by_slices if config.hold_out == "slices" else _by_columns
    each = list(areas(slices, config))
    return {part: [found[part] for found in each] for part in PARTS}


def _by_slices(slices: Sequence[Grey], config: ShaleConfig) -> Iterator[dict[str, _Area]]:
    kept = max(round(config.share * len(slices)), len(JUDGING))
    if kept >= len(slices):
        raise InputError(
            f"holding out slices needs {len(JUDGING) + 1} or more and a shale.share that leaves "
            f"some to train on, got {len(slices)} with {config.share:g}; set shale.hold_out: "
            "columns"
        )
    first = len(slices) - kept
    for i, (rows, columns) in enumerate(image.shape for image in slices):
        owner = "train" if i < first else JUDGING[(i - first) * len(JUDGING) // kept]
        whole = ((0, rows), (0, columns))
        yield {part: whole if part == owner else _NOWHERE for part in PARTS}


def _by_columns(slices: Sequence[Grey], config: ShaleConfig) -> Iterator[dict[str, _Area]]:
    for i, (rows, columns) in enumerate(image.shape for image in slices):
        first = columns - max(round(config.share * columns), 1)
        width = max(first - config.gap, 0)
        band = max((columns - first - (len(JUDGING) - 1) * config.gap) // len(JUDGING), 0)
        if min(width, band) < config.size:
            raise InputError(
                f"the parts of a slice must be as wide as a crop of {config.size} pixels, slice "
                f"{i} has {width} columns for training and 3 x {band} for judging; change "
                "shale.share or lower shale.size"
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


def _synthetic_slice(config: SyntheticShaleConfig, rng: np.random.Generator) -> Grey:
    from scipy.ndimage import gaussian_filter

    edge = config.shape
    # wraps round, so that the statistics are the same everywhere
    texture = gaussian_filter(rng.standard_normal((edge, edge)), 10, mode="wrap")
    image = 120 + 5 * texture / texture.std()
    blobs = gaussian_filter(rng.standard_normal((edge, edge)), 5, mode="wrap")
    image[blobs > np.quantile(blobs, 1 - config.pore_share)] = 45
    for _ in range(rng.poisson(config.ores * edge**2 / 1e6)):
        rows, columns = _grain(edge, rng)
        image[rows, columns] = rng.normal(205, 8)
    for _ in range(rng.poisson(config.fractures * edge**2 / 1e6)):
        rows, columns = _fracture(edge, rng)
        image[rows, columns] = 40
    blurred = gaussian_filter(image, 0.7, mode="wrap")
    noisy = blurred + config.noise * rng.standard_normal((edge, edge))
    found: Grey = np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
    return found


Pixels = tuple[NDArray[np.integer], NDArray[np.integer]]


def _grain(edge: int, rng: np.random.Generator) -> Pixels:
    """Pixels of an angular grain: a polygon of a few corners round a centre."""
    from skimage.draw import polygon

    angles = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(5, 9)))
    radii = rng.lognormal(np.log(7), 0.4) * rng.uniform(0.7, 1.2, len(angles))
    row, column = rng.uniform(0, edge, 2)
    rows, columns = polygon(row + radii * np.sin(angles), column + radii * np.cos(angles))
    return rows % edge, columns % edge


def _fracture(edge: int, rng: np.random.Generator) -> Pixels:
    """Pixels of a thin crack: a walk whose direction, mostly along a row, turns slowly."""
    from skimage.draw import disk

    length = int(rng.integers(edge // 8, edge // 2))
    direction = rng.normal(0, 0.4) + np.cumsum(rng.normal(0, 0.06, length))
    rows = rng.uniform(0, edge) + np.cumsum(np.sin(direction))
    columns = rng.uniform(0, edge) + np.cumsum(np.cos(direction))
    radius = rng.uniform(1.0, 2.2)
    # fades out towards the ends
    widths = radius * np.sqrt(np.sin(np.linspace(0.1, np.pi - 0.1, length)))
    pixels = [disk((r, c), w) for r, c, w in zip(rows, columns, widths, strict=True)]
    return tuple(np.concatenate(axis) % edge for axis in zip(*pixels, strict=True))  # type: ignore[return-value]
