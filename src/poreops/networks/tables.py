"""Write a pore network as CSV tables and as an OpenPNM-ready file."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poreops.base.arrays import Array
from poreops.conduits.quantity import Target

Arrays = Mapping[str, Array]

# name of the network's property → column
_SIZE_FACTORS = {
    "throat.diffusive_size_factors": "diffusive_size_factor_m",
    "throat.hydraulic_size_factors": "hydraulic_size_factor_m3",
}


def write_pores_csv(path: str | Path, arrays: Arrays) -> None:
    """Write one row a pore: position, sizes and the face of a boundary pore, in SI units.

    Parameters
    ----------
    path : file to write
    arrays : of the network, by OpenPNM's names
    """
    import pandas as pd

    coords = arrays["pore.coords"]
    face = np.full(len(coords), "", dtype="U4")
    for key, values in arrays.items():
        if key.removeprefix("pore.")[1:] in {"min", "max"}:
            face[values] = key.removeprefix("pore.")
    pd.DataFrame(
        {
            "pore": np.arange(len(coords)),
            "region": arrays["pore.region_label"],
            "x_m": coords[:, 0],
            "y_m": coords[:, 1],
            "z_m": coords[:, 2],
            "volume_m3": arrays["pore.volume"],
            "equivalent_diameter_m": arrays["pore.equivalent_diameter"],
            "inscribed_diameter_m": arrays["pore.inscribed_diameter"],
            "face": face,
        }
    ).to_csv(path, index=False)


def write_throats_csv(path: str | Path, arrays: Arrays) -> None:
    """Write one row a throat: its two pores, size factors and sizes, in SI units.

    Parameters
    ----------
    path : file to write
    arrays : of the network, by OpenPNM's names
    """
    import pandas as pd

    conns = arrays["throat.conns"]
    size_factors = {
        column: arrays[name] for name, column in _SIZE_FACTORS.items() if name in arrays
    }
    pd.DataFrame(
        {
            "throat": np.arange(len(conns)),
            "pore_1": conns[:, 0],
            "pore_2": conns[:, 1],
            **size_factors,
            "inscribed_diameter_m": arrays["throat.inscribed_diameter"],
            "cross_sectional_area_m2": arrays["throat.cross_sectional_area"],
            "length_m": arrays["throat.total_length"],
            "boundary": arrays["throat.boundary"],
        }
    ).to_csv(path, index=False)


def write_size_factors_csv(
    path: str | Path,
    conns: NDArray[np.integer],
    size_factors: NDArray[np.float64],
    target: Target = "diffusive",
) -> None:
    """Write one row a throat: its two regions (labels) and the size factor, [m] or [m³].

    Parameters
    ----------
    path : file to write
    conns : (Nt, 2) int, regions, 0-based
    size_factors : (Nt,) float64
    target : "diffusive" or "hydraulic"
    """
    import pandas as pd

    pd.DataFrame(
        {
            "region_1": conns[:, 0] + 1,
            "region_2": conns[:, 1] + 1,
            _SIZE_FACTORS[f"throat.{target}_size_factors"]: size_factors,
        }
    ).to_csv(path, index=False)


def write_slices_csv(path: str | Path, columns: Mapping[str, Sequence[float]]) -> None:
    """Write one row a slice, numbered from 0.

    Parameters
    ----------
    path : file to write
    columns : name → value of each slice
    """
    import pandas as pd

    pd.DataFrame(columns).rename_axis("slice").reset_index().to_csv(path, index=False)


def write_network_npz(path: str | Path, arrays: Arrays) -> None:
    """Write all arrays of a network, for `networks.network.load_network` and OpenPNM.

    Parameters
    ----------
    path : file to write
    arrays : of the network, by OpenPNM's names
    """
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]  # no array is allow_pickle
