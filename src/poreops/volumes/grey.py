"""Cut crops from grey images, and draw a synthetic shale where there is no image."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from poreops.errors import InputError

Grey = NDArray[np.uint8]
_TRIES = 100  # draws of a place before a seed is given up


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
    """Crops of grey images for training and for judging.

    Attributes
    ----------
    seed : of the places of the crops and of the synthetic images
    images : paths of grey images, slice stacks among them, relative to data/ or absolute; none
        draws synthetic ones
    synthetic : SyntheticShaleConfig
    size : edge of a crop [pixel]
    train, held_out : number of crops of each kind
    hold_out : "slices" keeps the last slices (images) for judging, "columns" the last columns of
        every slice: consecutive slices of a tomogram show the same grains
    share : of the slices or columns that is held out
    gap : columns between the two parts, wider than slices are shifted against each other [pixel]
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int
    images: tuple[str, ...]
    synthetic: SyntheticShaleConfig
    size: Annotated[int, Field(ge=16)]
    train: Annotated[int, Field(ge=2)]
    held_out: Annotated[int, Field(ge=2)]
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


def cut_crops(slices: Sequence[Grey], config: ShaleConfig) -> tuple[Crops, Crops]:
    """Cut training and held-out crops at random; no pixel is in both.

    Parameters
    ----------
    slices : grey slices (rows, columns), of any sizes
    config : ShaleConfig

    Raises
    ------
    InputError
        If a slice, or the part that is held out, is smaller than a crop.
    """
    rng = np.random.default_rng(config.seed)
    parts = list(_parts(slices, config))
    return (
        _random_crops(slices, [train for train, _ in parts], config.size, config.train, rng),
        _random_crops(slices, [held for _, held in parts], config.size, config.held_out, rng),
    )


def synthetic_shale(config: SyntheticShaleConfig, seed: int) -> Grey:
    """Draw slices of a grey matrix with dark pores and fractures, bright ores, and noise.

    Returns
    -------
    (images, shape, shape) uint8
    """
    rng = np.random.default_rng(seed)
    return np.stack([_synthetic_slice(config, rng) for _ in range(config.images)])


# Columns (start, stop) of a slice; an empty range where a slice has no such part
_Range = tuple[int, int]


def _parts(slices: Sequence[Grey], config: ShaleConfig) -> Iterator[tuple[_Range, _Range]]:
    for i, image in enumerate(slices):
        rows, columns = image.shape
        if min(rows, columns) < config.size:
            raise InputError(
                f"a slice must be as large as a crop of {config.size} pixels, slice {i} has "
                f"{rows} x {columns}; lower shale.size or leave the image out"
            )
        if config.hold_out == "columns":
            first = columns - max(round(config.share * columns), 1)
            train, held = (0, first - config.gap), (first, columns)
            if min(train[1], columns - first) < config.size:
                raise InputError(
                    f"both parts of a slice must be as wide as a crop of {config.size} pixels, "
                    f"slice {i} has {max(train[1], 0)} columns for training and {columns - first} "
                    "held out; change shale.share or shale.size"
                )
            yield train, held
    if config.hold_out == "slices":
        held_count = max(round(config.share * len(slices)), 1)
        if held_count >= len(slices):
            raise InputError(
                f"holding out slices needs two or more, got {len(slices)}; set shale.hold_out: "
                "columns"
            )
        for i, image in enumerate(slices):
            whole, none = (0, image.shape[1]), (0, 0)
            yield (whole, none) if i < len(slices) - held_count else (none, whole)


def _random_crops(
    slices: Sequence[Grey],
    ranges: Sequence[_Range],
    size: int,
    count: int,
    rng: np.random.Generator,
) -> Crops:
    places = [
        (image.shape[0] - size + 1) * max(stop - start - size + 1, 0)
        for image, (start, stop) in zip(slices, ranges, strict=True)
    ]
    taken: dict[tuple[int, int, int], Grey] = {}
    for _ in range(_TRIES * count):
        if len(taken) == count:
            break
        i = int(rng.choice(len(slices), p=np.array(places) / sum(places)))
        row = int(rng.integers(slices[i].shape[0] - size + 1))
        column = int(rng.integers(ranges[i][0], ranges[i][1] - size + 1))
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
