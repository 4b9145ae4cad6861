"""What limits permeability from slices: laws that are told what a slice does not show.

    python benchmarks/properties/slice_limits.py

The slices of the package's real rocks, each with the formation factor F and Johnson's length Λ of
its own volume. Every rock is predicted by laws whose constant was fitted on the other rocks; what
is told is exact, and no user of slices has it. It takes seconds, and no image.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from poreops.properties.learning.laws import (
    by_law,
    fit_law,
    group_means,
    law_corrections,
    law_inputs,
)
from poreops.properties.learning.real_rocks import real_rocks
from poreops.properties.slices.features import hydraulic_length
from poreops.properties.volumes.measured import REAL, shipped

Floats = NDArray[np.float64]


def told() -> pd.DataFrame:
    """Return the slices, with ``formation_factor`` and ``johnson_length`` [voxel] of the plug."""
    slices, plugs = real_rocks().table, shipped()
    plugs = plugs[plugs["origin"] == REAL]
    first = slices.groupby("rock")[["porosity", "permeability", "voxel_size"]].first()
    found = {}
    for rock, of in first.iterrows():
        k = of["permeability"] / of["voxel_size"] ** 2
        same = np.isclose(plugs["porosity"], of["porosity"], atol=2e-6) & np.isclose(
            plugs["permeability"], k, rtol=2e-4
        )
        assert same.sum() == 1, f"{rock} must be one plug of the table, got {same.sum()}"
        found[rock] = plugs.loc[same, ["formation_factor", "johnson_length"]].iloc[0]
    return slices.join(pd.DataFrame(found).T, on="rock")


def errors_left_out(table: pd.DataFrame, law: Floats, inputs: Floats) -> Mapping[str, Floats]:
    """Return the errors of log k of the plugs of each rock, by a law fitted on the others."""
    rocks, kinds = table["rock"].to_numpy(), table["kind"].to_numpy()
    y = np.stack([np.zeros(len(table)), np.log(table["permeability"]) - law], axis=1)
    found = {}
    for kind in np.unique(kinds):
        own = kinds == kind
        fitted = fit_law(y[~own], rocks[~own], inputs[~own], kinds[~own])
        errors = law_corrections(fitted, inputs[own]) - y[own]
        found[str(kind)] = group_means(errors, rocks[own])[:, 1]
    return found


def main() -> None:
    """Print the median error over the rocks, and how many are within a factor of two."""
    table = told()
    none, crossing = np.zeros((len(table), 1)), law_inputs(table)
    log_f = np.log(table["formation_factor"].to_numpy(np.float64))
    length = np.log(hydraulic_length(table))
    johnson = np.log(table["johnson_length"] * table["voxel_size"]).to_numpy(np.float64)
    log_phi = np.log(table["areal_porosity"].to_numpy(np.float64))
    laws = {
        "φ ℓ²: what slices show": (by_law(table)[:, 1], none),
        "φ ℓ² and crossing: what is served": (by_law(table)[:, 1], crossing),
        "ℓ²/F: told the formation factor": (2 * length - log_f, none),
        "φ Λ²: told the length": (log_phi + 2 * johnson, none),
        "φ Λ² and crossing: told the length": (log_phi + 2 * johnson, crossing),
        "Λ²/F: told both, which is the law of volumes": (2 * johnson - log_f, none),
    }
    print("median error, rocks within a factor of two, worst factor")
    for name, (law, inputs) in laws.items():
        errors = errors_left_out(table, np.asarray(law, np.float64), inputs)
        middle = np.median([np.median(np.abs(np.expm1(of))) for of in errors.values()])
        means = np.array([of.mean() for of in errors.values()])
        within = int((np.abs(means) <= np.log(2)).sum())
        worst = np.exp(np.abs(means).max())
        print(f"{middle:7.0%}  {within:2d} of {len(means)}  {worst:6.2f}   {name}")


if __name__ == "__main__":
    main()
