"""Plugs with simulated permeability, and what the law needs of them: tables of plugs."""

from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from poreops.errors import InputError
from poreops.solvers.diffusion.bulk import BulkDiffusion, formation_factor
from poreops.solvers.diffusion.johnson import johnson_length

COLUMNS = (
    "rock", "group", "origin", "corner", "axis", "shape", "porosity", "formation_factor",
    "johnson_length", "permeability",
)  # fmt: skip
REAL, SYNTHETIC = "real", "synthetic"
_POSITIVE = ("formation_factor", "johnson_length", "permeability")


def shipped() -> pd.DataFrame:
    """Return the plugs that the package was measured on; see `read_plugs`."""
    return read_plugs(Path(str(files("poreops.properties.volumes") / "plugs.csv")))


def read_plugs(path: str | Path) -> pd.DataFrame:
    """Read a table of plugs, those through which fluid passes.

    Parameters
    ----------
    path : CSV with the columns `COLUMNS`: the image, what is left out together with it, "real" or
        "synthetic", where the plug was cut and how large it is [voxel], along which axis, and what
        was measured: porosity, formation factor, Johnson's length [voxel], permeability [voxel²]

    Raises
    ------
    InputError
        Other columns, or a number that cannot be.
    """
    table = pd.read_csv(path)
    if missing := [name for name in COLUMNS if name not in table.columns]:
        raise InputError(
            f"{path} must have the columns {','.join(COLUMNS)}, got none named "
            f"{', '.join(missing)}; make it with the command poreops plugs"
        )
    values = table[list(_POSITIVE)].to_numpy(np.float64)
    wrong = ~(np.isfinite(values) & (values >= 0)).all(axis=1)
    if wrong.any():
        raise InputError(
            f"{path} must hold numbers that are not negative, got row {int(wrong.argmax()) + 2}; "
            "make it anew with the command poreops plugs"
        )
    return table[table["permeability"] > 0].reset_index(drop=True)


def described(diffusion: BulkDiffusion) -> dict[str, float]:
    """Return what the law needs of a diffusion solve.

    Parameters
    ----------
    diffusion : of `formation_factor`
    """
    return {
        "porosity": diffusion.porosity,
        "formation_factor": diffusion.formation_factor,
        "johnson_length": johnson_length(diffusion),
    }


def describe(im: NDArray[np.generic], axis: int, workers: int | None = None) -> dict[str, float]:
    """Solve diffusion along an axis of a plug, and return what the law needs.

    Parameters
    ----------
    im : (nx, ny, nz) bool, True = pore
    axis : int
    workers : threads; all cores by default
    """
    return described(formation_factor(im, axis, workers=workers))
