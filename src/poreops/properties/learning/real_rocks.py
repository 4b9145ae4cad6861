"""Slices of real rocks with simulated permeability, measured once: no image, only their features.

The table was made of public images of rocks, by the rendering, the segmentation and the Stokes
solver of this package. Where the origin states no voxel size it is 5 µm; nothing that models see
depends on it.
"""

from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd

from poreops.properties.learning.laws import (
    LawRows,
    fit_law,
    law_corrections,
    law_inputs,
    law_rows,
)
from poreops.properties.learning.predictors import Floats

TABLE = "real_slices.csv"


@dataclass(frozen=True)
class RealRocks:
    """Slices of plugs of real rocks.

    table : a row a slice: its features, ``rock`` (the plug), ``kind`` (the rock, all plugs and
        scales of one together), ``porosity``, ``permeability``.
    """

    table: pd.DataFrame

    @cached_property
    def law_rows(self) -> LawRows:
        """What `fit_law` takes of each slice; the plug is its rock, the rock its family."""
        return law_rows(self.table)

    def without(self, kind: str) -> "RealRocks":
        """Return the rocks but one, with all its plugs.

        Parameters
        ----------
        kind : the rock
        """
        return RealRocks(self.table[self.table["kind"] != kind].reset_index(drop=True))


@cache
def real_rocks() -> RealRocks:
    """Return the rocks of the package."""
    return RealRocks(pd.read_csv(Path(str(files("poreops.properties.learning") / TABLE))))


def law_without(kind: str, learned: LawRows) -> Floats:
    """Fit the law on rocks learned from and on all real rocks but one.

    Parameters
    ----------
    kind : the real rock that is left out
    learned : of `law_rows`, of slices that were learned from
    """
    others = real_rocks().without(kind).law_rows
    return fit_law(*(np.concatenate(parts) for parts in zip(learned, others, strict=True)))


def predicted_by(law: Floats, table: pd.DataFrame) -> Floats:
    """Return the mean correction of a law over the slices of a plug, (2,).

    Parameters
    ----------
    law : of `fit_law`
    table : slices of one plug
    """
    return np.asarray(law_corrections(law, law_inputs(table)).mean(axis=0))
