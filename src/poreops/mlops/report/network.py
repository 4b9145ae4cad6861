"""A pore network for the page: few bytes, drawn by the script of the page."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poreops.base.hdf5 import read_hdf5

_ROUGH = 1000  # steps along the longest edge: finer than a pixel
_SHARES = (0.02, 0.98)  # of the values at the ends of the colours


def network_data(path: Path) -> dict[str, object] | None:
    """Return a network as plain lists; None where there is none in three dimensions.

    Parameters
    ----------
    path : HDF5 file with ``coords`` (Np, 3) float, ``conns`` (Nt, 2) int,
        ``size_factors/<method>`` (Nt,) float, of which "dns" is the truth, and perhaps
        ``half_widths`` (Nt,) float, of the champion's intervals of the logarithm

    Returns
    -------
    dict
        "pores" (Np, 3) int in thousandths of the longest edge, "throats" (Nt, 2) int, and
        "colours", each way to colour the throats: title, unit, "low", "high" and "values" (Nt,)
        in [0, 1]
    """
    if not path.is_file():
        return None
    found, _ = read_hdf5(path)
    coords = found["coords"].astype(np.float64)
    if coords.shape[1] != 3 or not len(found["conns"]):
        return None
    low, edge = coords.min(0), float(np.ptp(coords, axis=0).max()) or 1.0
    factors = found["size_factors/dns"].astype(np.float64)
    colours = [_colour("size factor", "voxel", factors, logarithmic=True)]
    if "size_factors/model" in found:
        off = 100 * np.abs(found["size_factors/model"] / factors - 1)
        colours.append(_colour("how far the champion is off", "%", off, logarithmic=False))
    if "half_widths" in found:
        unsure = 100 * np.expm1(found["half_widths"].astype(np.float64))
        known = unsure[np.isfinite(unsure)]
        # of what the champion knows no interval it is least sure
        unsure = np.where(np.isfinite(unsure), unsure, known.max() if len(known) else 100.0)
        colours.append(_colour("how unsure the champion is", "± %", unsure, logarithmic=False))
    return {
        "pores": np.rint(_ROUGH * (coords - low) / edge).astype(int).tolist(),
        "throats": found["conns"].astype(int).tolist(),
        "colours": colours,
    }


def _colour(
    title: str, unit: str, values: NDArray[np.float64], *, logarithmic: bool
) -> dict[str, object]:
    low, high = (float(end) for end in np.quantile(values, _SHARES))
    if logarithmic:
        place = np.log(values / low) / np.log(max(high / low, 1 + 1e-9))
    else:
        place = (values - low) / max(high - low, 1e-12)
    place = np.nan_to_num(np.clip(place, 0, 1))
    return {
        "title": title, "unit": unit, "logarithmic": logarithmic,
        "low": float(f"{low:.3g}"), "high": float(f"{high:.3g}"),
        "values": np.round(place, 3).tolist(),
    }  # fmt: skip
