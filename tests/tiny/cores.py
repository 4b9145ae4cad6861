"""A digital core model that is trained in seconds."""

from functools import cache

import numpy as np

from poreops.cores.crops import CropsConfig, cut_crops
from poreops.cores.features.structure import Segmentation
from poreops.cores.learning.diffused import Diffused
from poreops.cores.learning.diffusion import TrainedDiffusion, train_diffusion
from poreops.cores.learning.networks import GeneratorConfig
from poreops.cores.learning.pieces import QuiltingConfig
from poreops.cores.learning.quilting import QuiltingModel
from poreops.cores.learning.training import TrainedGenerator, TrainingConfig, train_gan
from poreops.cores.model import DiffusionModel, DigitalCoreModel
from poreops.synthetic.shale import SyntheticShaleConfig, synthetic_shale

NETWORK = {
    "architecture": "spatial", "patch": 16, "latent": 4, "generator_widths": (8, 8),
    "critic_widths": (8, 8), "critic_norm": "none", "dropout": 0.1, "grey": "fitted",
    "image": "grey", "noise": "measured",
}  # fmt: skip
TRAINING = {
    "methods": ("wgan_gp",), "seed": 5, "repeats": 1,
    "epochs": 3, "steps": 4, "batch_size": 4, "n_critic": 1, "penalty": 10.0,
    "generator_rate": 5e-4, "critic_rate": 1e-3, "dcgan_rate": 5e-4,
    "r3gan_rate": 1e-3, "r3gan_penalty": 1.0, "r3gan_ema": 0.5, "augment": True, "decay_from": 0.5,
    "optimizer": "adam", "ema": 0.5, "precision": "float32", "averaged_critic": 0, "grown": 1,
    "diffusion": {
        "widths": (8, 8), "epochs": 3, "steps": 4, "batch_size": 4, "rate": 1e-3, "ema": 0.5,
        "sampling": 4,
    },
}  # fmt: skip


def network(**changes) -> GeneratorConfig:
    return GeneratorConfig(**(NETWORK | changes))


def training(**changes) -> TrainingConfig:
    return TrainingConfig(**(TRAINING | changes))


@cache
def crops(size: int = 24) -> tuple[np.ndarray, np.ndarray]:
    """Crops of a synthetic shale to train on, and others to judge by."""
    synthetic = SyntheticShaleConfig(
        images=6, shape=128, pore_share=0.06, fractures=100, ores=200, noise=5
    )
    config = CropsConfig(
        seed=2, images=(), synthetic=synthetic, size=size, train=40, search=20, gate=20, report=20,
        hold_out="slices", share=0.5, gap=0,
    )  # fmt: skip
    parts = cut_crops(list(synthetic_shale(synthetic, 2)), config)
    return parts["train"].images, parts["gate"].images


@cache
def trained() -> TrainedGenerator:
    return train_gan(network(), training(), crops()[0])


def model() -> DigitalCoreModel:
    found = trained()
    segmentation = Segmentation.fit(crops()[0], 1.5)
    return DigitalCoreModel(found.generator, network(), found.scale, segmentation)


@cache
def trained_diffusion() -> TrainedDiffusion:
    return train_diffusion(training().diffusion, crops()[0], patch=16, seed=5)


def diffusion_model() -> DiffusionModel:
    found = trained_diffusion()
    diffused = Diffused(found.network, training().diffusion, found.law)
    segmentation = Segmentation.fit(crops()[0], 1.5)
    return DiffusionModel(diffused, network(), found.scale, segmentation)


QUILTING = {
    "seed": 1, "repeats": 1, "sources": 40, "pieces": 400, "piece": 12, "overlap": 4,
    "choices": 3, "mirror": True, "noise": "copied",
}  # fmt: skip


def quilting(**changes) -> QuiltingConfig:
    return QuiltingConfig(**(QUILTING | changes))


@cache
def quilted(size: int = 48, **changes) -> QuiltingModel:
    """A quilting of the crops to train on."""
    return QuiltingModel.cut(crops(size)[0], quilting(**changes), seed=1)
