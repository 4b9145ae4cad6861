"""What the law says of a volume: porosity and permeability with intervals, by diffusion alone."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from poreops.base.arguments import checked_axis, checked_voxel_size
from poreops.base.show.result import Shown
from poreops.errors import InputError
from poreops.properties.volumes.counting import Interval, segmented_porosity
from poreops.properties.volumes.law import VolumeLaw, calibrated
from poreops.properties.volumes.measured import described, read_plugs, shipped
from poreops.solvers.diffusion.bulk import formation_factor

_MOST = 3.0  # times that an interval grows at most


@dataclass(frozen=True, repr=False)
class VolumeProperties(Shown, kind="volume properties"):
    """Porosity of a volume and its permeability along one axis, with intervals.

    Attributes
    ----------
    axis : int
    shape : of the volume
    voxel_size : float [m]
    porosity : value, low, high; counted, and moved by thresholds in doubt
    permeability : value, low, high [m²]; 0 if nothing percolates
    formation_factor, johnson_length : what the law is of; the length in metres
    coverage : of the interval of the permeability, for a rock that the law was not fitted on
    outside : what lies beyond the rocks of the law → by which factor; the interval is wider there
    """

    axis: int
    shape: tuple[int, ...]
    voxel_size: float
    porosity: Interval
    permeability: Interval
    formation_factor: float
    johnson_length: float
    coverage: float
    outside: Mapping[str, float]


@cache
def shipped_law() -> VolumeLaw:
    """Return the law of the plugs that the package was measured on, fitted once."""
    return calibrated(shipped())


def law_of(plugs: str | Path | None) -> VolumeLaw:
    """Return the law of the plugs of the package, and of a table of others beside them.

    Parameters
    ----------
    plugs : CSV as of `poreops.properties.volumes.measured.read_plugs`; None for no others
    """
    if plugs is None:
        return shipped_law()
    return calibrated(pd.concat([shipped(), read_plugs(plugs)], ignore_index=True))


def volume_properties(
    im: NDArray[np.generic],
    axis: int | str = 0,
    *,
    voxel_size: float = 1.0,
    law: VolumeLaw | None = None,
    workers: int | None = None,
) -> VolumeProperties:
    """Predict porosity and permeability of a segmented volume from one diffusion solve.

    Seconds, where `permeability` solves Stokes flow for minutes. The law was fitted on flow with
    stepped walls, and stands for that.

    Parameters
    ----------
    im : (nx, ny, nz) bool
        True = pore; some pores wide and not a slice.
    axis : int or "x", "y", "z"
        Array axis 0, 1 or 2 of the flow.
    voxel_size : float
        [m]; 1 gives k in voxel².
    law : VolumeLaw, optional
        That of the package by default; `law_of` fits one on plugs of yours too.
    workers : int, optional
        Threads; all cores by default.

    Returns
    -------
    VolumeProperties
        With ``permeability = (0, 0, 0)`` if nothing percolates.

    Raises
    ------
    InputError
        Not 3D or not binary, axis out of range, voxel size not positive.

    Examples
    --------
    >>> im = np.zeros((8, 8, 12), bool)
    >>> im[:, :, 2:10] = True
    >>> found = volume_properties(im, "x")
    >>> value, low, high = found.permeability
    >>> bool(low < 8**2 / 12 * 8 / 12 < high), round(found.porosity[0], 3)
    (True, 0.667)
    """
    edge = checked_voxel_size(voxel_size)
    image = np.asarray(im)
    if image.ndim != 3:
        raise InputError(
            f"a volume must be 3D, got {image.ndim}D of shape {image.shape}; for slices load a "
            "model with load_rock_model"
        )
    along = checked_axis(axis, 3)
    diffusion = formation_factor(image, along, workers=workers)
    known = described(diffusion)
    law = law or shipped_law()
    low_k, k, high_k, outside = _permeability(law, known)
    pore = image.astype(bool)
    return VolumeProperties(
        axis=along,
        shape=image.shape,
        voxel_size=edge,
        porosity=segmented_porosity(pore),
        permeability=(k * edge**2, low_k * edge**2, high_k * edge**2),
        formation_factor=known["formation_factor"],
        johnson_length=known["johnson_length"] * edge,
        coverage=law.coverage,
        outside=outside,
    )


def _permeability(
    law: VolumeLaw, known: Mapping[str, float]
) -> tuple[float, float, float, dict[str, float]]:
    """Return low, value and high [voxel²], and what lies beyond the rocks of the law."""
    if not math.isfinite(known["formation_factor"]):
        return 0.0, 0.0, 0.0, {}
    if not math.isfinite(known["johnson_length"]):
        raise InputError(
            "a volume must have walls beside its pores, got none that the current passes; give a "
            "segmented volume, True = pore"
        )
    row = pd.DataFrame([known])
    middle = float(law.predict(row)[0])
    outside = law.beyond(row)
    width = law.width * min(1 + math.log(max(outside.values(), default=1.0)), _MOST)
    low, value, high = (math.exp(middle + shift) for shift in (-width, 0.0, width))
    return low, value, high, outside
