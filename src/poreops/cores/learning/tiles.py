"""Parts of a large core that a spatial generator draws one after the other, without a seam.

Every pixel is a function of the noise round it alone, so that a part of the noise gives exactly
the part of the core that it gives with all of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from poreops.cores.learning.networks import GeneratorConfig, cell, input_shapes

if TYPE_CHECKING:
    import keras

Square = tuple[slice, slice]


@dataclass(frozen=True)
class Tile:
    """One part.

    Attributes
    ----------
    noise : rows and columns of every plane of `input_shapes` that it is drawn from
    image : rows and columns of the core that it is
    """

    noise: tuple[Square, ...]
    image: Square


def tiles(config: GeneratorConfig, size: int, edge: int) -> Iterator[Tile]:
    """Yield the parts of a core, row by row.

    Parameters
    ----------
    config : of a generator that is not the published one
    size : edge of the core, of `reachable_size` [pixel]
    edge : of a part, at most [pixel]; a vector of the latent grid at least
    """
    pixels = cell(config)
    step = max(edge // pixels, 1) * pixels
    spans = [(start, min(start + step, size)) for start in range(0, size, step)]
    planes = {span: _planes(config, *span) for span in spans}
    for rows in spans:
        for columns in spans:
            pairs = zip(planes[rows], planes[columns], strict=True)
            yield Tile(tuple(pairs), (slice(*rows), slice(*columns)))


def in_parts(
    model: "keras.Model",
    config: GeneratorConfig,
    noise: list[NDArray[np.float32]],
    size: int,
    edge: int,
) -> NDArray[np.float32]:
    """Run a generator, on parts of the noise where a core is larger than `edge`.

    Parameters
    ----------
    model : of `poreops.cores.learning.networks.generator`
    config : GeneratorConfig
    noise : of `input_shapes`, (n, ...) each
    size : edge of the cores, of `reachable_size` [pixel]
    edge : of a part, at most [pixel]

    Returns
    -------
    (n, size, size) float32
    """
    # called as it is: a graph would be traced for every generator of a training
    if size <= edge or config.architecture == "paper":
        return np.asarray(model(noise, training=False))[..., 0]
    found = np.empty((len(noise[0]), size, size), dtype=np.float32)
    for tile in tiles(config, size, edge):
        part = [
            plane[:, rows, columns]
            for plane, (rows, columns) in zip(noise, tile.noise, strict=True)
        ]
        found[:, *tile.image] = np.asarray(model(part, training=False))[..., 0]
    return found


def _planes(config: GeneratorConfig, first: int, last: int) -> list[slice]:
    """Return where the noise of pixels first to last lies in each plane, along one axis."""
    edges = [shape[0] for shape in input_shapes(config, last - first)]
    level = first // cell(config)
    starts = [level * 2**i for i in range(len(edges) - 1)]
    # the last plane has the resolution of the image
    return [
        slice(start, start + edge) for start, edge in zip([*starts, first], edges, strict=True)
    ]
