"""A model of rock properties trained in a second, on slices of random fields."""

from functools import cache

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter

from poreops.properties.learning.base_learners import (
    BoostingConfig,
    ForestConfig,
    PenaltyConfig,
    XgboostConfig,
)
from poreops.properties.learning.dense_networks import NetworkConfig
from poreops.properties.learning.laws import fit_law, targets
from poreops.properties.learning.plans import plan_by_group
from poreops.properties.learning.stacks import LEARNERS, NETWORKS, EnsembleConfig, fit_stack
from poreops.properties.model import RockModel, Widths, input_ranges
from poreops.properties.slices.features import design, measure
from poreops.properties.slices.segment import SegmentConfig, segment
from poreops.synthetic.scanner import RenderConfig, render_slices

FEATURES = ("areal_porosity", "weighted_diameter", "solidity", "inscribed_radius")
SEGMENT = SegmentConfig(
    denoise="gaussian", threshold="otsu", level=None, window=48, min_area=4, min_distance=3
)
RENDER = RenderConfig(pore=60, solid=170, blur=0.5, noise=6, rings=0, beam=0)
NETWORK = NetworkConfig(
    depth=1, width=8, activation="elu", dropout=0.0, optimiser="adam", learning_rate=0.01,
    batch_size=32, epochs=20, loss="mse",
)  # fmt: skip
ENSEMBLE = EnsembleConfig(
    seed=1,
    scaling="standard",
    rg=PenaltyConfig(alpha=1.0),
    lr=PenaltyConfig(alpha=0.01),
    rf=ForestConfig(trees=20, max_depth=6, min_leaf=2, max_features=0.7),
    gb=BoostingConfig(trees=20, learning_rate=0.1, max_depth=2, subsample=0.8, max_features=0.7),
    xgb=XgboostConfig(trees=20, learning_rate=0.1, max_depth=2, subsample=0.8, l2=1.0),
    **dict.fromkeys(NETWORKS, NETWORK),
)


def grey(porosity=0.25, length=2.5, slices=4, seed=0, edge=64):
    """Draw grey slices of a random field (slices, edge, edge) uint8."""
    field = gaussian_filter(
        np.random.default_rng(seed).standard_normal((slices, edge, edge)), (0, length, length)
    )
    pore = field < np.quantile(field, porosity)
    return render_slices(pore, np.arange(slices), RENDER, seed)


@cache
def table(rocks=12) -> pd.DataFrame:
    """Slices of rocks whose permeability follows Kozeny and Carman."""
    parts = []
    rng = np.random.default_rng(1)
    for k in range(rocks):
        porosity, length, voxel_size = rng.uniform(0.12, 0.4), rng.uniform(1.8, 3), 10**-5.5
        labels = segment(grey(porosity, length, seed=k), SEGMENT).labels
        part = measure(labels, voxel_size)
        wall = part["specific_perimeter"].mean() * 4 / np.pi
        parts.append(
            part.assign(
                rock=f"rock_{k:02d}",
                genesis=("blobs", "vuggy", "cemented")[k % 3],
                kind=("blobs", "vuggy", "cemented")[k % 3],
                slice=range(len(part)),
                voxel_size=voxel_size,
                porosity=porosity,
                permeability=porosity**3 / (5 * wall**2),
            )
        )
    return pd.concat(parts, ignore_index=True)


@cache
def model(names=LEARNERS) -> RockModel:
    """Fit a stack of these base learners, with widths."""
    rows = table()
    x, y = design(rows, FEATURES), targets(rows)
    rocks, kinds = rows["rock"].to_numpy(), rows["kind"].to_numpy()
    stack = fit_stack(names, ENSEMBLE, x, y, plan_by_group(kinds, 4, 1), rocks)
    widths = Widths(0.9, 4, np.array([0.05, 0.9]), np.array([0.02, 0.4]))
    return RockModel(
        stack, "smr_ml", FEATURES, SEGMENT, input_ranges(x), law=fit_law(y, rocks), widths=widths
    )
