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
from poreops.synthetic.plugs import PlugsConfig
from poreops.synthetic.scanner import RenderConfig

COLUMNS = ("sample", "file", "voxel_size_m", "porosity", "permeability_md")


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
    """

    name: str
    files: tuple[Path, ...]
    voxel_size: float
    porosity: float
    permeability: float


def read_rocks(table: str | Path, images: str | Path | None = None) -> list[Rock]:
    """Read a table of rocks and check each of its rows.

    Parameters
    ----------
    table : CSV with the columns `COLUMNS`; a rock of several files has a row for each, with the
        same values
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
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise InputError(
                f"{table} must have the columns {','.join(COLUMNS)}, got "
                f"{','.join(reader.fieldnames or ()) or 'none'}; correct its first line"
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
            float(row["permeability_md"]) * MILLIDARCY,
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


def _complaints(
    row: Mapping[str, str | None], folder: Path, found: Mapping[str, Rock]
) -> Iterator[str]:
    values: dict[str, float] = {}
    # name, rule, whether a number keeps it
    rules: tuple[tuple[str, str, Callable[[float], bool]], ...] = (
        ("voxel_size_m", "between 0 and 0.001 m, not included", lambda v: 0 < v < 1e-3),
        ("porosity", "a share between 0 and 1, not included", lambda v: 0 < v < 1),
        ("permeability_md", "positive", lambda v: v > 0),
    )
    name = (row["sample"] or "").strip()
    if not name:
        yield "sample is empty"
    if "/" in name:
        yield f"sample must not hold a slash, got {name}"
    for column, rule, keeps in rules:
        text = (row[column] or "").strip()
        try:
            value = float(text)
        except ValueError:
            yield f"{column} must be a number, got {text!r}"
            continue
        if not (math.isfinite(value) and keeps(value)):
            yield f"{column} must be {rule}, got {text}"
        values[column] = value
    file = (row["file"] or "").strip()
    if not file or not (folder / file).is_file():
        yield f"file must exist, got {file or 'none'}"
    other = found.get(name)
    if other is not None and len(values) == len(rules):
        same = (other.voxel_size, other.porosity, other.permeability / MILLIDARCY)
        for (column, value), stated in zip(values.items(), same, strict=True):
            if not math.isclose(value, stated):
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
