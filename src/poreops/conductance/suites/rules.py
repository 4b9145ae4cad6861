"""What is expected of volumes, conduits and labels: facts as tables, rules as plain data.

Each `*_facts` function makes the table that the suite of the same name checks.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

import numpy as np
import pandas as pd
from numba import njit, prange
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, Field

from poreops.base.arrays import Array
from poreops.conduits.table import Conduits
from poreops.mlops.expectations import Expectation, Suite
from poreops.solvers.stokes.percolation import percolating

BETWEEN = "expect_column_values_to_be_between"
EQUAL = "expect_column_values_to_be_in_set"
PRESENT = "expect_column_values_to_not_be_null"
UNIQUE = "expect_column_values_to_be_unique"
ROWS = "expect_table_row_count_to_be_between"

Positive = Annotated[float, Field(gt=0)]


class ValidationConfig(BaseModel):
    """Limits of the suites.

    porosity_min, porosity_max : band of the porosity of a volume.
    size_factor_min, size_factor_max : range of a label [voxel].
    drift_max : largest Kolmogorov-Smirnov distance of the labels from the reference profile.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    porosity_min: Annotated[float, Field(ge=0, le=1)]
    porosity_max: Annotated[float, Field(ge=0, le=1)]
    size_factor_min: Positive
    size_factor_max: Positive
    drift_max: Annotated[float, Field(gt=0, le=1)]


# Volumes


def volume_facts(volumes: Iterable[tuple[str, Array]]) -> pd.DataFrame:
    """Return one row per volume, named as it.

    Parameters
    ----------
    volumes : (name, (nx, ny[, nz]) array of 0 and 1 or bool, 1 = pore), taken one after the other.

    Returns
    -------
    columns : other_values (voxels that are neither 0 nor 1), porosity, closed_axes (axes along
        which no pore joins the two faces).
    """
    rows = {}
    for name, image in volumes:
        pore = image == 1
        cube = pore if pore.ndim == 3 else pore[..., None]
        rows[name] = {
            "other_values": int(np.count_nonzero(image)) - int(np.count_nonzero(pore)),
            "porosity": float(pore.mean()),
            "closed_axes": sum(not percolating(cube, axis).any() for axis in range(pore.ndim)),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def volume_suite(config: ValidationConfig) -> Suite:
    """Return the rules of `volume_facts`.

    Parameters
    ----------
    config : ValidationConfig
    """
    draw = "change volumes.seed or the volumes.spheres section in params.yaml"
    return Suite(
        "volumes",
        (
            rule(ROWS, "", "ask for at least one volume in params.yaml", min_value=1),
            rule(EQUAL, "other_values", "segment the image to 0 and 1", value_set=[0]),
            rule(PRESENT, "porosity", "take the empty volume out"),
            rule(
                BETWEEN, "porosity", f"{draw}, or widen validation.porosity_min and _max",
                min_value=config.porosity_min, max_value=config.porosity_max,
            ),
            rule(EQUAL, "closed_axes", f"{draw}, so that every axis percolates", value_set=[0]),
        ),
    )  # fmt: skip


# Conduits


def conduit_facts(conduits: Conduits, shapes: Mapping[int, Sequence[int]]) -> pd.DataFrame:
    """Return one row per conduit, named "volume/region-region".

    Parameters
    ----------
    conduits : any number of conduits; a large file is read in slices and the tables concatenated.
    shapes : volume index → shape of that volume.

    Returns
    -------
    columns : unknown_labels, voxels_1, voxels_2 (voxels of the roi), contacts (voxel faces between
        1 and 2), box_outside (edges of the box outside its volume or empty), zoom_error (voxels
        between the zoomed box and the roi), centroids_outside (coordinates outside the box),
        digest (of the roi's content).
    """
    shape = conduits.roi.shape
    counts = _counts(conduits.roi.reshape(*shape, *(1,) * (4 - len(shape))))
    ndim = conduits.box.shape[1] // 2
    starts, stops = conduits.box[:, :ndim], conduits.box[:, ndim:]
    limits = np.array([tuple(shapes[int(v)]) for v in conduits.volume]).reshape(-1, ndim)
    outside = (starts < 0) | (stops > limits) | (starts >= stops)
    low, high = starts[:, None], stops[:, None] - 1
    size = conduits.roi.shape[1]
    return pd.DataFrame(
        {
            "unknown_labels": counts[:, 0],
            "voxels_1": counts[:, 1],
            "voxels_2": counts[:, 2],
            # a large conduit is zoomed down, and a small throat may fall between the rows
            "contacts": np.where(conduits.zoom_ratio >= 1, counts[:, 3], np.nan),
            "box_outside": outside.sum(axis=1),
            "zoom_error": np.abs(conduits.zoom_ratio * (stops - starts).max(axis=1) - size),
            "centroids_outside": (
                ~((conduits.centroids >= low) & (conduits.centroids <= high))
            ).sum(axis=(1, 2)),
            "digest": [hashlib.blake2b(roi, digest_size=16).hexdigest() for roi in conduits.roi],
        },
        index=[
            f"{volume}/{i}-{j}"
            for volume, (i, j) in zip(conduits.volume, conduits.conns, strict=True)
        ],
    )


def conduit_suite() -> Suite:
    """Return the rules of `conduit_facts`."""
    again = "extract again with: dvc repro -f conductance_conduits"
    return Suite(
        "conduits",
        (
            rule(ROWS, "", "generate volumes with more than one pore", min_value=1),
            rule(EQUAL, "unknown_labels", f"a roi holds 0, 1 and 2 only; {again}", value_set=[0]),
            rule(BETWEEN, "voxels_1", f"a roi holds its first region; {again}", min_value=1),
            rule(BETWEEN, "voxels_2", f"a roi holds its second region; {again}", min_value=1),
            rule(BETWEEN, "contacts", f"the two regions share a face; {again}", min_value=1),
            rule(EQUAL, "box_outside", f"a box lies in its volume; {again}", value_set=[0]),
            rule(
                BETWEEN, "zoom_error", f"the box fills the roi when zoomed; {again}",
                min_value=0, max_value=1e-6,
            ),
            rule(PRESENT, "zoom_error", f"a zoom ratio is a number; {again}"),
            rule(
                EQUAL, "centroids_outside", f"centroids lie in the box; {again}", value_set=[0]
            ),
        ),
    )  # fmt: skip


# Labels


def label_facts(
    size_factors: ArrayLike, digests: Sequence[str], splits: Sequence[str], index: Sequence[str]
) -> pd.DataFrame:
    """Return one row per labelled conduit.

    Parameters
    ----------
    size_factors : (N,) float [voxel].
    digests : (N,) content of the roi, as `conduit_facts` gives it.
    splits : (N,) which part of the data the conduit is in, as "train".
    index : (N,) names of the rows.

    Returns
    -------
    columns : size_factor, other_splits (splits beside its own that hold the same content).
    """
    frame = pd.DataFrame(
        {"size_factor": np.asarray(size_factors, float), "digest": digests, "split": splits},
        index=pd.Index(index),
    )
    frame["other_splits"] = frame.groupby("digest")["split"].transform("nunique") - 1
    return frame[["size_factor", "other_splits"]]


def label_suite(config: ValidationConfig) -> Suite:
    """Return the rules of `label_facts`.

    Parameters
    ----------
    config : ValidationConfig
    """
    again = "label again with: dvc repro -f conductance_labels"
    return Suite(
        "labels",
        (
            rule(ROWS, "", "generate volumes with more than one pore", min_value=1),
            rule(PRESENT, "size_factor", f"the solver gave no number; {again}"),
            rule(
                BETWEEN, "size_factor",
                f"{again}, or widen validation.size_factor_min and _max if the rows are right",
                min_value=config.size_factor_min, max_value=config.size_factor_max,
            ),
            rule(
                EQUAL, "other_splits",
                "the same conduit is in two splits: use another seed or split by volume",
                value_set=[0],
            ),
        ),
    )  # fmt: skip


def rule(kind: str, column: str, remedy: str, **limits: object) -> Expectation:
    """Return one expectation of a column, or of the table where there is no column.

    Parameters
    ----------
    kind : of Great Expectations, as BETWEEN
    column : its name, or ""
    remedy : what to do where it fails
    limits : arguments of the expectation, as min_value=0
    """
    return Expectation(kind, ({"column": column} if column else {}) | limits, remedy)


@njit(parallel=True, cache=True)
def _counts(cubes: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Count, per cube, the voxels > 2, 1, 2 and the voxel faces between 1 and 2."""
    n, nx, ny, nz = cubes.shape
    counts = np.zeros((n, 4), np.int64)
    for c in prange(n):
        unknown = first = second = contacts = 0
        for x in range(nx):
            for y in range(ny):
                for z in range(nz):
                    label = cubes[c, x, y, z]
                    if label == 0:
                        continue
                    if label > 2:
                        unknown += 1
                        continue
                    if label == 1:
                        first += 1
                    else:
                        second += 1
                    other = 3 - label
                    contacts += x + 1 < nx and cubes[c, x + 1, y, z] == other
                    contacts += y + 1 < ny and cubes[c, x, y + 1, z] == other
                    contacts += z + 1 < nz and cubes[c, x, y, z + 1] == other
        counts[c, 0], counts[c, 1], counts[c, 2], counts[c, 3] = unknown, first, second, contacts
    return counts
