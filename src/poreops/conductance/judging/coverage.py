"""Measure whether intervals hold what they promise, on volumes that the model has not seen."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poreops.base.hdf5 import open_hdf5
from poreops.conductance.judging.members import encoded_conduits
from poreops.conductance.learning.priors import ESTIMATE
from poreops.conductance.physics import PhysicsModel
from poreops.conduits.quantity import zoom_power

Floats = NDArray[np.float64]
RTOLS = (0.05, 0.02, 0.01)
"""Tolerances of `auto` for which the share of simulated conduits is reported."""


def interval_report(files: Path, conduits: Path, truth: Floats) -> dict[str, object]:
    """Return coverage and width of the intervals of the member physics.

    Parameters
    ----------
    files : folder of the model
    conduits : file of the stage conductance_conduits
    truth : (n,) float64, NaN where a simulation did not settle

    Returns
    -------
    ``asked`` and ``covered`` share, the latter also of each third by size (``small``, ``middle``,
    ``large``) and of the worst volume; ``half_width`` in the median; ``clamped`` share; for each
    of `RTOLS` the share that ``auto`` would simulate, and the mean error of the rest
    """
    model = PhysicsModel.load(files)
    encoded, ratios = encoded_conduits(conduits, model.sees)
    with open_hdf5(conduits) as file:
        volume = file["volume"][()]
    answer = model.answer(encoded.scalars)
    known = np.isfinite(truth) & np.isfinite(answer.size_factors)
    found = answer.size_factors / ratios ** zoom_power(model.target, model.ndim)
    error = np.abs(np.log(found[known] / truth[known]))
    width, volume = answer.half_widths[known], volume[known]
    inside = error <= width
    third = np.searchsorted(model.intervals.sizes, encoded.scalars[known, ESTIMATE], side="right")
    report: dict[str, object] = {
        "asked": model.coverage,
        "covered": float(inside.mean()),
        "worst_volume": float(min(inside[volume == v].mean() for v in np.unique(volume))),
        "half_width": float(np.median(width)),
        "clamped": float(answer.clamped.mean()),
    }
    for number, name in enumerate(("small", "middle", "large")):
        own = inside[third == number]
        report[name] = float(own.mean()) if own.size else 1.0
    for rtol in RTOLS:
        sure = width <= rtol
        rest = float(np.expm1(error[sure]).mean()) if sure.any() else 0.0
        report[f"auto_{rtol:g}"] = {"simulated": float(1 - sure.mean()), "mape_of_rest": rest}
    return report
