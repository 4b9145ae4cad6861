"""The model of rock properties on disk and in use: grey slices in, porosity and permeability out.

Everything inside is free of units: lengths in the hydraulic length ℓ of each slice, the targets
what Kozeny and Carman's law and the counted porosity leave. The voxel size comes in at one place,
so a prediction scales with its square exactly.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from poreops.base.conventions import BEFORE_WALLS, LABORATORY, Walls, checked_walls
from poreops.base.files import read_json, write_json
from poreops.base.finite import DivergedError, check_finite
from poreops.base.hdf5 import read_hdf5, write_hdf5
from poreops.base.show.result import Result, Shown
from poreops.errors import InputError
from poreops.properties.learning.beyond import (
    counted_porosity,
    growth,
    kozeny_carman,
    state_of,
    widened,
)
from poreops.properties.learning.intervals import scales
from poreops.properties.learning.laws import (
    LAW,
    TARGETS,
    by_law,
    in_units,
    law_corrections,
    law_inputs,
)
from poreops.properties.learning.predictors import Arrays, Floats, below, packed, unpacked
from poreops.properties.learning.stacks import Meta, Stack
from poreops.properties.slices.features import design, measure
from poreops.properties.slices.labelled import Pores
from poreops.properties.slices.segment import SegmentConfig, Segmented, segment

ARRAYS, DESCRIPTION = "rock_properties.h5", "rock_properties.json"


@dataclass(frozen=True)
class Widths:
    """Half widths of the intervals of both targets, for one slice and for a whole plug.

    Where a stack corrects the law they are multiplied; see
    `poreops.properties.learning.intervals.scales`.

    coverage : of the intervals. slices : of a plug, at which the narrower width counts.
    slice, plug : (2,) float64, of porosity and of log k.
    """

    coverage: float
    slices: int
    slice: Floats
    plug: Floats


@dataclass(frozen=True, repr=False)
class Properties(Result, kind="properties"):
    """Predicted properties with their intervals.

    porosity, permeability [m²] : of each slice (n,).
    plug : {"porosity", "permeability_m2"} → (value, low, high), of all slices together.
    outside : inputs of the model beyond the rocks it learned from → by how many of their ranges;
        the intervals are wider then (`poreops.properties.learning.beyond.widened`).
    segmented : the slices as the model saw them, and how they were understood.
    """

    porosity: Floats
    permeability: Floats
    plug: Mapping[str, tuple[float, float, float]]
    outside: Mapping[str, float]
    segmented: Segmented

    @property
    def inputs(self) -> str:
        """Where the inputs lie: "inside", "near" or "outside" of the rocks learned from."""
        return state_of(self.outside)


def input_ranges(x: Floats) -> Floats:
    """Return lowest and highest of each input (n, d) of the rocks learned from, (2, d).

    Parameters
    ----------
    x : (n, d) float64
    """
    return np.stack([x.min(axis=0), x.max(axis=0)])


def walls_of(table: pd.DataFrame) -> Walls | None:
    """Return the walls that the simulated permeabilities of slices follow.

    None if all were measured in a laboratory; raises InputError if they follow several.

    Parameters
    ----------
    table : with ``walls`` of each slice
    """
    found = sorted(set(table["walls"]) - {LABORATORY})
    if len(found) > 1:
        raise InputError(
            f"the rocks must have been simulated with the same walls, got {' and '.join(found)}; "
            "make them again with the stage properties_rocks"
        )
    return checked_walls(found[0]) if found else None


class RockModel(Shown, kind="rock model"):
    """A law, a stack that corrects it, and all that turns grey slices into their inputs.

    Attributes
    ----------
    stack : Stack, of corrections
    name : of the stack
    features : names of its inputs
    segmentation : SegmentConfig, as in training
    ranges : (2, inputs) lowest and highest of each input in training
    law : correction that the law by itself is; see `poreops.properties.learning.laws.fit_law`
    corrected : for each of `TARGETS` whether the stack corrects the law; the gate part decides
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
        *,
        law: Floats,
        corrected: tuple[bool, bool] = (True, True),
        widths: Widths | None = None,
        walls: Walls | None = None,
    ) -> None:
        self.stack, self.name, self.features = stack, name, tuple(features)
        self.segmentation, self.ranges, self.widths = segmentation, ranges, widths
        self.law, self.corrected = law, corrected
        self.walls = walls

    @property
    def served(self) -> dict[str, str]:
        """What answers for each of `TARGETS`: the name of the stack, or the law's."""
        names = (self.name if own else LAW for own in self.corrected)
        return dict(zip(TARGETS, names, strict=True))

    @property
    def coverage(self) -> float:
        """Coverage of the intervals."""
        return self.judged.coverage

    @property
    def judged(self) -> Widths:
        """Widths of the intervals; raises InputError for a model that was not judged yet."""
        if self.widths is None:
            raise InputError(
                f"a model must have been judged before use, got {self.name} without the widths of "
                "its intervals; load the one that properties_register registered"
            )
        return self.widths

    def correcting(self, corrected: tuple[bool, bool]) -> Self:
        """Return this model with the stack correcting other targets.

        Parameters
        ----------
        corrected : whether it corrects the porosity, and log k
        """
        other = copy.copy(self)
        other.corrected = corrected
        return other

    def with_threshold(self, level: float) -> Self:
        """Return this model with a manual threshold [grey level].

        Parameters
        ----------
        level : pores are darker [grey level]
        """
        manual = self.segmentation.model_copy(update={"threshold": "manual", "level": level})
        other = copy.copy(self)
        other.segmentation = manual
        return other

    def predict_table(self, table: pd.DataFrame) -> Floats:
        """Predict porosity and log(k/m²) of measured slices.

        Parameters
        ----------
        table : one row a slice, as `poreops.properties.slices.features.measure` gives

        Returns
        -------
        (n, 2) float64
            Porosity within 0 and 1.
        """
        stacked = self.stack.predict(design(table, self.features))
        found = in_units(np.where(self.corrected, stacked, self.by_fitted_law(table)), table)
        found[:, 0] = np.clip(found[:, 0], 0, 1)
        return found

    def predict(
        self,
        grey: NDArray[np.generic],
        voxel_size: float,
        name: str = "image",
        *,
        pores: Pores | None = None,
        pore_label: float | Sequence[float] | None = None,
        mask: NDArray[np.generic] | None = None,
    ) -> Properties:
        """Predict the properties of a rock from its grey slices, or from segmented ones.

        Parameters
        ----------
        grey : (n, h, w) or (h, w)
            Greys, or at most 8 values: phases, whose porosity is counted.
        voxel_size : float
            [m]
        name : for messages
        pores, pore_label, mask : the phase of the pores and the field of view; see
            `poreops.properties.slices.segment.segment`

        Raises
        ------
        InputError
            A slice that cannot be segmented, no word which phase is pore, or a voxel size that is
            not positive.
        """
        if not voxel_size > 0:
            raise InputError(f"voxel size must be positive, got {voxel_size}; give it in metres")
        stack = np.asarray(grey)
        segmented = segment(
            stack[None] if stack.ndim == 2 else stack, self.segmentation, name,
            pores=pores, pore_label=pore_label, mask=mask,
        )  # fmt: skip
        table = measure(segmented.labels, voxel_size, name)
        found = self.predict_table(table)
        outside, counted = self._outside(table), float(segmented.porosity.mean())
        plug = self._plug(found, table, growth(outside))
        if segmented.reading.kind == "segmented":
            plug = counted_porosity(plug, counted)
        plug = widened(plug, outside, segmented.reading.doubt, counted, kozeny_carman(table))
        return Properties(found[:, 0], np.exp(found[:, 1]), plug, outside, segmented)

    def predict_plug(self, table: pd.DataFrame) -> Floats:
        """Predict porosity and log(k/m²) of the plug that measured slices are of, (2,).

        Parameters
        ----------
        table : one row a slice, as `poreops.properties.slices.features.measure` gives
        """
        stacked = self.stack.predict_plug(design(table, self.features))
        law = self.by_fitted_law(table).mean(axis=0)
        return np.asarray(np.where(self.corrected, stacked, law) + by_law(table).mean(axis=0))

    def by_fitted_law(self, table: pd.DataFrame) -> Floats:
        """Return the corrections that the law by itself is, of each slice (n, 2).

        Parameters
        ----------
        table : one row a slice, as `poreops.properties.slices.features.measure` gives
        """
        return law_corrections(self.law, law_inputs(table))

    def _plug(
        self, found: Floats, table: pd.DataFrame, shrunk: float = 1.0
    ) -> dict[str, tuple[float, float, float]]:
        """Return the answer for a plug; beyond the rocks a stack corrects so many times less."""
        widths = self.judged
        if len(table) >= widths.slices:
            middle, width = self.predict_plug(table), widths.plug
        else:
            middle, width = found.mean(axis=0), widths.slice
        # of one slice and of all together the law is the same mean
        law = (self.by_fitted_law(table) + by_law(table)).mean(axis=0)
        width = width * scales(middle - law)
        middle = law + (middle - law) / shrunk
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

    def check(self) -> None:
        """Raise `DivergedError` unless every array, and the answers within its ranges, are finite.

        The probe is the lowest, the middle and the highest of each input in training.
        """
        low, high = self.ranges
        answers = self.stack.predict(np.stack([low, (low + high) / 2, high]))
        check_finite({**self._arrays()[1], "answers": answers}, f"the rock model {self.name}")

    def _arrays(self) -> tuple[dict[str, str], Arrays]:
        kinds: dict[str, str] = {}
        arrays: Arrays = {"ranges": self.ranges, "law": self.law}
        for name, committee in self.stack.base.items():
            kinds[name], parts = packed(committee)
            arrays |= {f"{name}/{key}": value for key, value in parts.items()}
        for name, meta in (("slices", self.stack.of_slices), ("plugs", self.stack.of_plugs)):
            arrays |= {f"meta/{name}/{key}": value for key, value in vars(meta).items()}
        return kinds, arrays

    def save(self, folder: str | Path) -> None:
        """Write arrays and description: the same bytes for the same model, no pickle.

        Parameters
        ----------
        folder : made if missing

        Raises
        ------
        DivergedError
            If an array or an answer is not finite; nothing is written.
        """
        self.check()
        folder, (kinds, arrays) = Path(folder), self._arrays()
        write_hdf5(folder / ARRAYS, arrays)
        description = {
            "stack": self.name,
            # a list: JSON is written with sorted keys, and the weights have an order
            "base": list(kinds.items()),
            "features": self.features,
            "targets": TARGETS,
            "served": self.served,
            "segmentation": self.segmentation.model_dump(mode="json"),
            "walls": self.walls,
            "widths": None if self.widths is None else vars(self.widths),
        }
        write_json(folder / DESCRIPTION, description)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Load what `save` wrote; raises InputError if it is missing, does not fit or is dead.

        Parameters
        ----------
        folder : that `save` wrote
        """
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
            by_stack = [description["served"][target] != LAW for target in TARGETS]
            model = cls(
                Stack(base, *(Meta(**below(arrays, f"meta/{of}")) for of in ("slices", "plugs"))),
                description["stack"],
                description["features"],
                SegmentConfig(**description["segmentation"]),
                arrays["ranges"],
                law=arrays["law"],
                corrected=(by_stack[0], by_stack[1]),
                widths=stated,
                walls=walls if walls is None else checked_walls(walls),
            )
            model.check()
        except DivergedError:
            raise
        except (KeyError, TypeError, ValueError, IndexError) as error:
            reason = " ".join(str(error).split())[:200]
            raise InputError(
                f"{folder} must hold a model of rock properties, got {reason}; "
                "make it again with the stage properties_train"
            ) from error
        return model
