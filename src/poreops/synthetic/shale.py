"""Draw a synthetic shale: pores, angular grains, ores and cracks under scanner noise."""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from poreops.base.arrays import Integers

Grey = NDArray[np.uint8]
Pixels = tuple[Integers, Integers]


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


def synthetic_shale(config: SyntheticShaleConfig, seed: int) -> Grey:
    """Draw slices of a grey matrix with dark pores and fractures, bright ores, and noise.

    Parameters
    ----------
    config : SyntheticShaleConfig
    seed : of all that is drawn

    Returns
    -------
    (images, shape, shape) uint8
    """
    rng = np.random.default_rng(seed)
    return np.stack([_synthetic_slice(config, rng) for _ in range(config.images)])


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
