"""Rocks with laboratory values: the table rocks.csv."""

import csv
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from poreops.base.conventions import Walls
from poreops.base.units import MILLIDARCY
from poreops.errors import InputError
from poreops.images.labels import parse_labels
from poreops.synthetic.plugs import PlugsConfig
from poreops.synthetic.scanner import RenderConfig

COLUMNS = ("sample", "file", "voxel_size_m", "porosity", "permeability_md")
OPTIONAL = ("porosity_error", "permeability_error", "measured_length_m", "pore_label")
"""Columns that may follow: errors of the laboratory, the length of what it measured, and which
values of a segmented image are pore."""
SCATTER = {"porosity": 0.016, "log_permeability": 0.54}
"""Standard deviation between plugs of one image, the median of eleven real ones (those with three
plugs or more of `poreops.properties.volumes`): by so much a part of a core differs from it."""


class LaboratoryConfig(BaseModel):
    """Noise of a laboratory, as standard deviations: of the porosity, and of log k."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    porosity: Annotated[float, Field(ge=0)]
    permeability: Annotated[float, Field(ge=0)]


class RocksConfig(BaseModel):
    """The rocks that models learn from: synthetic plugs, beside those of rocks.csv.

    Attributes
    ----------
    slices : of each rock, evenly spaced
    plugs : PlugsConfig
    rendering : RenderConfig, of the plugs
    tolerance : of the Stokes solver; the error of k is about a tenth of it
    walls : convention of the walls of flow through the plugs
    laboratory : LaboratoryConfig, of the plugs
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    slices: Annotated[int, Field(ge=1)]
    plugs: PlugsConfig
    rendering: RenderConfig
    tolerance: Annotated[float, Field(gt=0, lt=1)]
    walls: Walls
    laboratory: LaboratoryConfig


@dataclass(frozen=True)
class Rock:
    """A rock with its images and what the laboratory measured.

    files : one or more slices or stacks of the same size.
    voxel_size : [m]. permeability : [m²].
    porosity_error : standard deviation of the porosity. permeability_error : that of the
        permeability, as a share of it; 0 where none is stated.
    measured_length : edge of what was measured [m]; NaN where none is stated.
    pore_label : values of the pore in a segmented image; None where none is stated.
    """

    name: str
    files: tuple[Path, ...]
    voxel_size: float
    porosity: float
    permeability: float
    porosity_error: float = 0.0
    permeability_error: float = 0.0
    measured_length: float = math.nan
    pore_label: tuple[int, ...] | None = None

    def label_errors(self, seen: float) -> tuple[float, float]:
        """Return how unsure porosity and log k are as labels of what the images show.

        A laboratory measures a core, an image shows a part of it: to the error of the laboratory
        comes by how much plugs of one rock differ (`SCATTER`), where the core is larger.

        Parameters
        ----------
        seen : edge of the part that the images show [m]

        Returns
        -------
        porosity, log_permeability : standard deviations

        Examples
        --------
        >>> rock = Rock("A", (), 4e-6, 0.2, 1e-13, permeability_error=0.4, measured_length=0.04)
        >>> [round(rock.label_errors(seen)[1], 3) for seen in (1e-3, 0.04)]
        [0.663, 0.385]
        """
        part = self.measured_length > 1.01 * seen
        own = self.porosity_error, math.sqrt(math.log1p(self.permeability_error**2))
        porosity, log_k = (
            math.hypot(error, part * scatter)
            for error, scatter in zip(own, SCATTER.values(), strict=True)
        )
        return porosity, log_k


def read_rocks(table: str | Path, images: str | Path | None = None) -> list[Rock]:
    """Read a table of rocks and check each of its rows.

    Parameters
    ----------
    table : CSV with the columns `COLUMNS`, and any of `OPTIONAL`, whose cells may be empty; a rock
        of several files has a row for each, with the same values
    images : folder whose files must all be in the table; its absence is no error

    Raises
    ------
    InputError
        Names every wrong row: a missing file, a value that is no number or out of range, rows of
        one rock that contradict each other, an image without a row.
    """
    table = Path(table)
    with table.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        columns = tuple(reader.fieldnames or ())
        if columns[: len(COLUMNS)] != COLUMNS or not _optional(columns[len(COLUMNS) :]):
            raise InputError(
                f"{table} must have the columns {','.join(COLUMNS)}, then any of "
                f"{','.join(OPTIONAL)}, got {','.join(columns) or 'none'}; correct its first line"
            )
        rows = list(reader)
    complaints: list[str] = []
    found: dict[str, Rock] = {}
    for number, row in enumerate(rows, start=2):
        complaint = "; ".join(_complaints(row, table.parent, found))
        if complaint:
            complaints.append(f"row {number} ({row['sample'] or 'no sample'}): {complaint}")
            continue
        name, path = row["sample"].strip(), table.parent / row["file"].strip()
        files = (*found[name].files, path) if name in found else (path,)
        found[name] = Rock(
            name, files, float(row["voxel_size_m"]), float(row["porosity"]),
            float(row["permeability_md"]) * MILLIDARCY, *_stated(row), _label(row),
        )  # fmt: skip
    named = {path.resolve() for rock in found.values() for path in rock.files}
    named |= {(table.parent / (row["file"] or "")).resolve() for row in rows}
    folder = Path(images) if images is not None else None
    if folder is not None and folder.is_dir():
        complaints += [
            f"{path.name} in {folder} is in no row"
            for path in sorted(folder.iterdir())
            if not path.name.startswith(".") and path.resolve() not in named
        ]
    if complaints:
        raise InputError(f"{table}: {' | '.join(complaints)}; correct these rows")
    return list(found.values())


def _optional(columns: tuple[str, ...]) -> bool:
    return set(columns) <= set(OPTIONAL) and len(set(columns)) == len(columns)


def _stated(row: Mapping[str, str | None]) -> tuple[float, float, float]:
    """Return both errors, 0 where a cell is empty, and the length, then NaN."""
    porosity, permeability, length = ((row.get(column) or "").strip() for column in OPTIONAL[:3])
    return float(porosity or 0), float(permeability or 0), float(length or math.nan)


def _label(row: Mapping[str, str | None]) -> tuple[int, ...] | None:
    return parse_labels(row.get("pore_label"))


def _complaints(
    row: Mapping[str, str | None], folder: Path, found: Mapping[str, Rock]
) -> Iterator[str]:
    values: dict[str, float] = {}
    # name, rule, whether a number keeps it
    rules: tuple[tuple[str, str, Callable[[float], bool]], ...] = (
        ("voxel_size_m", "between 0 and 0.001 m, not included", lambda v: 0 < v < 1e-3),
        ("porosity", "a share between 0 and 1, not included", lambda v: 0 < v < 1),
        ("permeability_md", "positive", lambda v: v > 0),
        ("porosity_error", "a share from 0 to 0.5", lambda v: 0 <= v <= 0.5),
        ("permeability_error", "a share of the value from 0 to 10", lambda v: 0 <= v <= 10),
        ("measured_length_m", "between 0 and 10 m, not included", lambda v: 0 < v < 10),
    )
    name = (row["sample"] or "").strip()
    if not name:
        yield "sample is empty"
    if "/" in name:
        yield f"sample must not hold a slash, got {name}"
    for column, rule, keeps in rules:
        text = (row.get(column) or "").strip()
        if not text and column in OPTIONAL:
            continue
        try:
            value = float(text)
        except ValueError:
            yield f"{column} must be a number, got {text!r}"
            continue
        if not (math.isfinite(value) and keeps(value)):
            yield f"{column} must be {rule}, got {text}"
        values[column] = value
    other = found.get(name)
    text = (row.get("pore_label") or "").strip()
    try:
        label = _label(row)
        if other is not None and label != other.pore_label:
            yield f"pore_label must be that of the rock's other rows, got {text or 'none'}"
    except InputError:
        yield f'pore_label must be a whole number, or several as "1,2", got {text!r}'
    file = (row["file"] or "").strip()
    if not file or not (folder / file).is_file():
        yield f"file must exist, got {file or 'none'}"
    if other is not None and set(COLUMNS[2:]) <= set(values):
        same = (
            other.voxel_size, other.porosity, other.permeability / MILLIDARCY,
            other.porosity_error, other.permeability_error, other.measured_length,
        )  # fmt: skip
        missing = {"measured_length_m": math.nan}
        for (column, _, _), stated in zip(rules, same, strict=True):
            value = values.get(column, missing.get(column, 0.0))
            if not (math.isclose(value, stated) or (math.isnan(value) and math.isnan(stated))):
                yield f"{column} must be that of the rock's other rows, {stated:g}, got {value:g}"


def spaced(count: int, most: int) -> NDArray[np.int64]:
    """Return at most so many of `count` slices, evenly spaced.

    Parameters
    ----------
    count : of slices there are
    most : to return

    Examples
    --------
    >>> spaced(9, 3), spaced(2, 3)
    (array([0, 4, 8]), array([0, 1]))
    """
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))
