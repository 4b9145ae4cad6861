"""The model of rock properties on disk and in use: grey slices in, porosity and permeability out.

Everything inside is free of units: lengths in the hydraulic length ℓ of each slice, the target
log(k/ℓ²). The voxel size comes in at one place, so a prediction scales with its square exactly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from poreops.errors import InputError
from poreops.learning.ensemble import Meta, Stack
from poreops.learning.predictors import Arrays, Floats, below, packed, unpacked
from poreops.slices.features import design, hydraulic_length, measure
from poreops.slices.segment import SegmentConfig, Segmented, segment
from poreops.store import read_hdf5, read_json, write_hdf5, write_json
from poreops.transport.walls import BEFORE_WALLS, LABORATORY, Walls, checked_walls

ARRAYS, DESCRIPTION = "rock_properties.h5", "rock_properties.json"
TARGETS = ("porosity", "log_permeability")
"""What is predicted: porosity, and the natural logarithm of the permeability in m²."""


@dataclass(frozen=True)
class Widths:
    """Half widths of the intervals of both targets, for one slice and for a whole plug.

    coverage : of the intervals. slices : of a plug, at which the narrower width counts.
    slice, plug : (2,) float64, of porosity and of log k.
    """

    coverage: float
    slices: int
    slice: Floats
    plug: Floats


@dataclass(frozen=True)
class Properties:
    """Predicted properties with their intervals.

    porosity, permeability [m²] : of each slice (n,).
    plug : {"porosity", "permeability_m2"} → (value, low, high), of all slices together.
    outside : inputs of the model beyond the rocks it learned from → by how many of their ranges.
    segmented : the slices as the model saw them.
    """

    porosity: Floats
    permeability: Floats
    plug: Mapping[str, tuple[float, float, float]]
    outside: Mapping[str, float]
    segmented: Segmented


def targets(table: pd.DataFrame) -> Floats:
    """Return what stacks learn: porosity and log(k/ℓ²) of each slice, (n, 2)."""
    log_k = np.log(table["permeability"].to_numpy(np.float64))
    scale = 2 * np.log(hydraulic_length(table))
    return np.stack([table["porosity"].to_numpy(np.float64), log_k - scale], axis=1)


def in_units(y: Floats, table: pd.DataFrame) -> Floats:
    """Turn (…, n, 2) porosity and log(k/ℓ²) into porosity and log(k/m²)."""
    found = np.array(y, np.float64)
    found[..., 1] += 2 * np.log(hydraulic_length(table))
    return found


def walls_of(table: pd.DataFrame) -> Walls | None:
    """Return the walls that the simulated permeabilities of slices follow.

    None if all were measured in a laboratory; raises InputError if they follow several.
    """
    found = sorted(set(table["walls"]) - {LABORATORY})
    if len(found) > 1:
        raise InputError(
            f"the rocks must have been simulated with the same walls, got {' and '.join(found)}; "
            "make them again with the stage prepare_rocks"
        )
    return checked_walls(found[0]) if found else None


class RockModel:
    """A stack with all that turns grey slices into its inputs.

    Attributes
    ----------
    stack : Stack
    name : of the stack
    features : names of its inputs
    segmentation : SegmentConfig, as in training
    ranges : (2, inputs) lowest and highest of each input in training
    widths : Widths, or None before the model was judged
    walls : "stepped" or "smooth", of the flow that it learned from; None if that was measured
    """

    def __init__(
        self,
        stack: Stack,
        name: str,
        features: Sequence[str],
        segmentation: SegmentConfig,
        ranges: Floats,
        widths: Widths | None = None,
        walls: Walls | None = None,
    ) -> None:
        self.stack, self.name, self.features = stack, name, tuple(features)
        self.segmentation, self.ranges, self.widths = segmentation, ranges, widths
        self.walls = walls

    @property
    def coverage(self) -> float:
        """Coverage of the intervals."""
        return self._judged.coverage

    @property
    def _judged(self) -> Widths:
        if self.widths is None:
            raise InputError(
                f"a model must have been judged before use, got {self.name} without the widths of "
                "its intervals; load the one that register_ensemble registered"
            )
        return self.widths

    def with_threshold(self, level: float) -> Self:
        """Return this model with a manual threshold [grey level]."""
        manual = self.segmentation.model_copy(update={"threshold": "manual", "level": level})
        of = type(self)
        return of(
            self.stack, self.name, self.features, manual, self.ranges, self.widths, self.walls
        )

    def predict_table(self, table: pd.DataFrame) -> Floats:
        """Predict porosity and log(k/m²) of measured slices.

        Parameters
        ----------
        table : one row a slice, as `poreops.slices.features.measure` gives

        Returns
        -------
        (n, 2) float64
            Porosity within 0 and 1.
        """
        found = in_units(self.stack.predict(design(table, self.features)), table)
        found[:, 0] = np.clip(found[:, 0], 0, 1)
        return found

    def predict(
        self, grey: NDArray[np.generic], voxel_size: float, name: str = "image"
    ) -> Properties:
        """Predict the properties of a rock from its grey slices.

        Parameters
        ----------
        grey : (n, h, w) or (h, w), darker is pore
        voxel_size : float
            [m]
        name : for messages

        Raises
        ------
        InputError
            A slice that cannot be segmented, or a voxel size that is not positive.
        """
        if not voxel_size > 0:
            raise InputError(f"voxel size must be positive, got {voxel_size}; give it in metres")
        stack = np.asarray(grey)
        segmented = segment(stack[None] if stack.ndim == 2 else stack, self.segmentation, name)
        table = measure(segmented.labels, voxel_size, name)
        found = self.predict_table(table)
        return Properties(
            found[:, 0],
            np.exp(found[:, 1]),
            self._plug(found, table),
            self._outside(table),
            segmented,
        )

    def _of_plug(self, table: pd.DataFrame) -> Floats:
        """Predict porosity and log(k/m²) of the plug that measured slices are of, (2,)."""
        found = self.stack.predict_plug(design(table, self.features))
        return np.asarray(found + [0.0, 2 * np.log(hydraulic_length(table)).mean()])  # noqa: RUF005

    def _plug(self, found: Floats, table: pd.DataFrame) -> dict[str, tuple[float, float, float]]:
        widths = self._judged
        if len(table) >= widths.slices:
            middle, width = self._of_plug(table), widths.plug
        else:
            middle, width = found.mean(axis=0), widths.slice
        low, high = middle - width, middle + width
        porosity = [float(np.clip(v, 0, 1)) for v in (middle[0], low[0], high[0])]
        permeability = [float(np.exp(v)) for v in (middle[1], low[1], high[1])]
        return {
            "porosity": (porosity[0], porosity[1], porosity[2]),
            "permeability_m2": (permeability[0], permeability[1], permeability[2]),
        }

    def _outside(self, table: pd.DataFrame) -> dict[str, float]:
        mean = design(table, self.features).mean(axis=0)
        low, high = self.ranges
        beyond = np.maximum(low - mean, mean - high) / np.maximum(high - low, 1e-12)
        return {n: float(b) for n, b in zip(self.features, beyond, strict=True) if b > 0}

    def save(self, folder: str | Path) -> None:
        """Write arrays and description: the same bytes for the same model, no pickle."""
        folder = Path(folder)
        kinds: dict[str, str] = {}
        arrays: Arrays = {}
        for name, committee in self.stack.base.items():
            kinds[name], parts = packed(committee)
            arrays |= {f"{name}/{key}": value for key, value in parts.items()}
        for name, meta in (("slices", self.stack.of_slices), ("plugs", self.stack.of_plugs)):
            arrays |= {f"meta/{name}/{key}": value for key, value in vars(meta).items()}
        write_hdf5(folder / ARRAYS, arrays | {"ranges": self.ranges})
        description = {
            "stack": self.name,
            # a list: JSON is written with sorted keys, and the weights have an order
            "base": list(kinds.items()),
            "features": self.features,
            "targets": TARGETS,
            "segmentation": self.segmentation.model_dump(mode="json"),
            "walls": self.walls,
            "widths": None if self.widths is None else vars(self.widths),
        }
        write_json(folder / DESCRIPTION, description)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Load what `save` wrote; raises InputError if it is missing or does not fit."""
        folder = Path(folder)
        description, (arrays, _) = read_json(folder / DESCRIPTION), read_hdf5(folder / ARRAYS)
        try:
            base = {
                name: unpacked(kind, below(arrays, name)) for name, kind in description["base"]
            }
            stated = description["widths"]
            if stated is not None:
                shares = {key: np.array(stated[key]) for key in ("slice", "plug")}
                stated = Widths(**(stated | shares))
            walls = description.get("walls", BEFORE_WALLS)
            return cls(
                Stack(base, *(Meta(**below(arrays, f"meta/{of}")) for of in ("slices", "plugs"))),
                description["stack"],
                description["features"],
                SegmentConfig(**description["segmentation"]),
                arrays["ranges"],
                stated,
                walls if walls is None else checked_walls(walls),
            )
        except (KeyError, TypeError, ValueError) as error:
            reason = " ".join(str(error).split())[:200]
            raise InputError(
                f"{folder} must hold a model of rock properties, got {reason}; "
                "make it again with the stage train_ensemble"
            ) from error
