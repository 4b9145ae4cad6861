"""Cut a segmented volume into plugs and simulate each: rows for a table of plugs."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from poreops.errors import InputError, NotConvergedError
from poreops.properties.volumes.measured import COLUMNS, REAL, describe

Corner = tuple[int, int, int]
TOLERANCE = 1e-2
"""Of the Stokes solver; the error of k is about a tenth of it."""


@dataclass(frozen=True)
class Cut:
    """A plug to be cut: its corner, its shape and the axis of the flow."""

    corner: Corner
    shape: tuple[int, int, int]
    axis: int

    def of(self, im: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return the plug.

        Parameters
        ----------
        im : (nx, ny, nz)
        """
        place = tuple(slice(c, c + n) for c, n in zip(self.corner, self.shape, strict=True))
        return np.ascontiguousarray(im[place])

    @property
    def stated(self) -> dict[str, str | int]:
        """The columns that say which plug it is."""
        texts = {"corner": self.corner, "shape": self.shape}
        return {k: " ".join(map(str, of)) for k, of in texts.items()} | {"axis": self.axis}


def cuts(shape: tuple[int, ...], edge: int, count: int) -> list[Cut]:
    """Return disjoint plugs, spread over the volume, the flow along each axis in turn.

    Parameters
    ----------
    shape : of the volume
    edge : of the plugs [voxel]; that of the volume where it is shorter
    count : most of them

    Examples
    --------
    >>> [cut.corner for cut in cuts((64, 64, 100), 32, 3)]
    [(0, 0, 0), (32, 0, 0), (32, 32, 64)]
    """
    if len(shape) != 3:
        raise InputError(f"a volume must be 3D, got {len(shape)}D of shape {shape}")
    edges = tuple(min(edge, n) for n in shape)
    counts = [n // e for n, e in zip(shape, edges, strict=True)]
    corners = [
        tuple(k * e for k, e in zip(place, edges, strict=True))
        for place in product(*map(range, counts))
    ]
    chosen = np.unique(np.linspace(0, len(corners) - 1, min(count, len(corners))).round())
    return [
        Cut(corners[int(k)], edges, number % 3)  # type: ignore[arg-type]
        for number, k in enumerate(chosen)
    ]


def add_plugs(
    table: Path,
    im: NDArray[np.bool_],
    rock: str,
    group: str,
    wanted: list[Cut],
    *,
    workers: int | None = None,
    announce: Callable[[str], object] = lambda _: None,
) -> pd.DataFrame:
    """Simulate the plugs of a volume that a table does not hold yet, and add them to it.

    The table is written after each plug: a killed run goes on where it stopped.

    Parameters
    ----------
    table : CSV, made if missing
    im : (nx, ny, nz) bool, True = pore
    rock : name of the volume
    group : what is left out together with it: volumes of one rock have one
    wanted : of `cuts`
    workers : threads of the solvers; all cores by default
    announce : told each plug

    Returns
    -------
    pd.DataFrame
        The rows of this rock.

    Raises
    ------
    InputError
        The table holds other columns, or plugs of another volume under this name.
    """
    known = pd.read_csv(table) if table.exists() else pd.DataFrame(columns=list(COLUMNS))
    if tuple(known.columns) != COLUMNS:
        raise InputError(
            f"{table} must have the columns {','.join(COLUMNS)}, got {','.join(known.columns)}; "
            "name another file"
        )
    for row in _missing(known, im, rock, group, wanted, workers):
        known = pd.DataFrame([*known.to_dict("records"), row], columns=list(COLUMNS))
        whole = table.with_suffix(table.suffix + ".part")
        known.to_csv(whole, index=False, float_format="%.8g")
        whole.replace(table)
        announce(f"{rock} at {row['corner']} along {row['axis']}: k {row['permeability']:.4g}")
    return known[known["rock"] == rock].reset_index(drop=True)


def _missing(
    known: pd.DataFrame,
    im: NDArray[np.bool_],
    rock: str,
    group: str,
    wanted: list[Cut],
    workers: int | None,
) -> Iterator[dict[str, str | int | float]]:
    own = known[known["rock"] == rock]
    done = {(row["corner"], row["shape"], row["axis"]): row for _, row in own.iterrows()}
    for cut in wanted:
        plug, stated = cut.of(im), cut.stated
        row = done.get((stated["corner"], stated["shape"], stated["axis"]))
        if row is None:
            yield (
                {"rock": rock, "group": group, "origin": REAL}
                | stated
                | simulated(plug, cut.axis, workers)
            )
        elif not np.isclose(row["porosity"], plug.mean(), atol=1e-6):
            raise InputError(
                f"the plugs of {rock} must be of one volume, got porosity {plug.mean():.6f} at "
                f"{stated['corner']} where the table has {row['porosity']:.6f}; name it otherwise"
            )


def simulated(plug: NDArray[np.bool_], axis: int, workers: int | None = None) -> dict[str, float]:
    """Return what the law needs of a plug, and its permeability by Stokes flow [voxel²].

    Parameters
    ----------
    plug : (nx, ny, nz) bool
    axis : of the flow
    workers : threads; all cores by default

    Returns
    -------
    dict
        As of `describe`, with ``permeability``: 0 where nothing percolates, or where pores of a
        voxel's edge keep the solver from an answer.
    """
    from poreops.solvers.stokes.permeability import UnderResolvedWarning, permeability

    found = describe(plug, axis, workers)
    if not np.isfinite(found["formation_factor"]):
        return found | {"formation_factor": 0.0, "permeability": 0.0}
    with warnings.catch_warnings():
        # tight plugs have throats of a voxel; the law is to know them too
        warnings.simplefilter("ignore", UnderResolvedWarning)
        try:
            flow = permeability(plug, axis, tolerance=TOLERANCE, workers=workers)
        except NotConvergedError:
            return found | {"permeability": 0.0}
    return found | {"permeability": flow.permeability}
