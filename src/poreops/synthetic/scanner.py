"""Grey micro-CT slices of a segmented volume: blur, noise, ring and beam artefacts."""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from poreops.base.arrays import Integers

Level = Annotated[float, Field(ge=0, le=255)]
NotNegative = Annotated[float, Field(ge=0)]


class RenderConfig(BaseModel):
    """How a scanner would see a rock.

    Attributes
    ----------
    pore, solid : grey levels
    blur : standard deviation of the point spread [voxel]
    noise : standard deviation of the noise [grey level]
    rings : standard deviation of the offset that each ring round the middle has [grey level]
    beam : how much darker the middle is than the rim, by beam hardening [grey level]
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    pore: Level
    solid: Level
    blur: NotNegative
    noise: NotNegative
    rings: NotNegative
    beam: NotNegative


def render_slices(
    pore: NDArray[np.bool_], chosen: Integers, config: RenderConfig, seed: int
) -> NDArray[np.uint8]:
    """Render slices of a volume as grey images.

    Parameters
    ----------
    pore : (n, h, w) bool
        True = pore; slices lie along axis 0, and blur mixes neighbouring ones.
    chosen : (m,) int
        Which slices.
    config : RenderConfig
    seed : int
        Of the noise and the rings.

    Returns
    -------
    (m, h, w) uint8
    """
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    grey = np.where(pore, np.float32(config.pore), np.float32(config.solid))
    grey = gaussian_filter(grey, config.blur)[chosen]
    _, h, w = grey.shape
    y, x = np.ogrid[:h, :w]
    radius = np.hypot(y - (h - 1) / 2, x - (w - 1) / 2)
    place = radius.astype(int)
    rings = rng.normal(0, config.rings, (len(grey), place.max() + 1))
    grey += rings[:, place]
    grey += config.beam * ((radius / radius.max()) ** 2 - 0.5)
    grey += rng.normal(0, config.noise, grey.shape)
    return np.asarray(np.clip(np.round(grey), 0, 255), dtype=np.uint8)
