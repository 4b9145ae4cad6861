"""Rocks whose values a laboratory measured, judged at the scale that these have.

The label of a synthetic plug is that of the very voxels that its slices show. A laboratory
measures a core: its value has an error, and the image shows a part of it. Such rocks stand apart
from the others, all slices of one together, the interval with the error of the label in it.
"""

import math
from statistics import NormalDist

import numpy as np
import pandas as pd

from poreops.base.content import Json
from poreops.base.conventions import LABORATORY
from poreops.properties.judging.left_out_kinds import Trained, combined, predict_left_out
from poreops.properties.learning.intervals import scales
from poreops.properties.learning.laws import LAW
from poreops.properties.model import Widths


def apart(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the slices to score, and those of rocks with laboratory values.

    Parameters
    ----------
    table : slices of a part, with ``walls`` or without

    Returns
    -------
    scored : of simulated rocks; all slices where none was simulated
    measured : of rocks with laboratory values
    """
    own = (table["walls"] == LABORATORY) if "walls" in table else pd.Series(False, table.index)
    return (table if own.all() else table[~own]), table[own]


def by_laboratory(
    trained: Trained, table: pd.DataFrame, served: list[str], widths: Widths
) -> dict[str, dict[str, Json]]:
    """Compare what is served with the laboratory, for each rock left out with its kind.

    Parameters
    ----------
    trained : Trained
    table : slices of rocks with laboratory values
    served : candidate of each target
    widths : of the intervals of a plug

    Returns
    -------
    {rock: {"factor", "porosity_error", "permeability_sd", "porosity_sd", "measured_length",
    "inside"}}
        Predicted over measured permeability, predicted less measured porosity, how unsure both
        labels are, on what length [m] they were measured, and whether log k lies in the interval,
        which holds the error of the label too.
    """
    if table.empty:
        return {}
    found = predict_left_out(trained, table)
    answers = combined(found.plugs, served)
    half = widths.plug * scales(answers - found.plugs[LAW])
    errors = answers - found.truth
    facts = table.groupby("rock", sort=True)[["porosity_sd", "permeability_sd", "measured_length"]]
    deviations = NormalDist().inv_cdf((1 + widths.coverage) / 2)
    shown: dict[str, dict[str, Json]] = {}
    for row, (rock, stated) in enumerate(facts.first().iterrows()):
        porosity_sd, log_k_sd = float(stated["porosity_sd"]), float(stated["permeability_sd"])
        length = float(stated["measured_length"])
        shown[str(rock)] = {
            "factor": float(np.exp(errors[row, 1])),
            "porosity_error": float(errors[row, 0]),
            "permeability_sd": log_k_sd,
            "porosity_sd": porosity_sd,
            "measured_length": None if math.isnan(length) else length,
            "inside": bool(abs(errors[row, 1]) <= math.hypot(half[row, 1], deviations * log_k_sd)),
        }
    return shown
