"""A conductance model that is trained in seconds, on the conduits of one small sphere pack."""

from functools import cache
from pathlib import Path

import numpy as np
from reference import sphere_regions

from poreops.conductance.learning.encoding import encode
from poreops.conductance.learning.resnet import ResnetConfig
from poreops.conductance.learning.training import Examples, Trained, TrainingConfig, train
from poreops.conductance.model import ConductanceModel
from poreops.conduits.crop import crop_conduits, zoomed_conduit
from poreops.conduits.diffusive import diffusive_size_factors
from poreops.conduits.labels import LabelConfig

NETWORK = {
    "image": "occupancy", "scalars": "physics", "stem_width": 4, "stem_kernel": 3,
    "stem_pool": True, "widths": (4, 8), "depths": (1, 1), "block": "basic",
    "pooling": "average", "dense": 8, "dropout": 0.2,
}  # fmt: skip
TRAINING = {
    "seed": 5, "members": ("coarse", "scalars", "image", "both"), "epochs": 4, "split_epochs": 1,
    "scalar_epochs": 60, "batch_size": 16, "learning_rate": 2e-3, "schedule": "cosine",
    "loss": "huber", "scaling": "log", "augment": True, "precision": "float32",
    "physics": {
        "trees": 40, "learning_rate": 0.1, "max_depth": 3, "subsample": 0.7, "columns": 0.7,
        "min_leaf": 2, "l2": 1, "folds": 2, "coverage": 0.9,
    },
}  # fmt: skip
LABEL = LabelConfig(target="diffusive", convention="centroid", walls="stepped")
EDGES = {3: 48, 2: 160}

# of the stage conductance_register
GOOD = {"r2": 0.9, "r2_log": 0.9, "mape": 0.1, "off_by_10pct": 0.3}
FILES = Path("artifacts/conductance/models/members/both")
PROBE = Path("artifacts/conductance/judged/probe.h5")


def network(**changes) -> ResnetConfig:
    return ResnetConfig(**(NETWORK | changes))


def training(**changes) -> TrainingConfig:
    return TrainingConfig(**(TRAINING | changes))


@cache
def conduits(ndim: int):
    """Zoomed conduits, their zoom ratios and their simulated size factors in image voxels."""
    regions = sphere_regions(EDGES[ndim], ndim)
    crops = crop_conduits(regions.labels, regions.conns)
    rois, ratios = zip(*map(zoomed_conduit, crops), strict=True)
    return np.stack(rois), np.array(ratios), diffusive_size_factors(regions.labels, regions.conns)


@cache
def examples(ndim: int, image: str = "occupancy") -> tuple[Examples, Examples]:
    """The conduits but one in five, and that fifth."""
    rois, ratios, size_factors = conduits(ndim)
    encoded, target = encode(rois, image), size_factors * ratios ** (ndim - 2)
    held_out = np.arange(len(rois)) % 5 == 0

    def some(rows):
        part = type(encoded)(encoded.image[rows], encoded.scalars[rows])
        return Examples(part, target[rows], LABEL, ndim)

    return some(~held_out), some(held_out)


@cache
def trained(ndim: int) -> Trained:
    return train(network(), training(), *examples(ndim))


def trained_model(ndim: int) -> ConductanceModel:
    found = trained(ndim)
    return ConductanceModel(
        found.model, network(), found.scaling, ndim, "diffusive", member="both"
    )
