"""Time the way from an image to its formation factor, by a model and by DNS of its conduits."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from poreops.conductance.model import ConductanceModel
from poreops.conductance.registry import load_model
from poreops.conduits.crop import crop_conduits
from poreops.conduits.joined import joined
from poreops.conduits.labels import LabelConfig
from poreops.conduits.partition import PartitionConfig, Regions, partition
from poreops.conduits.simulated import simulated_size_factors
from poreops.networks.network import PoreNetwork, network_of_regions
from poreops.synthetic.spheres import VolumesConfig, sphere_pack, volume_seed


class JudgingConfig(BaseModel):
    """How networks are judged.

    Attributes
    ----------
    runtime_sizes : edges of the volumes whose run time is measured [voxel]
    runtime_porosity, runtime_radius : of all of them, so that the size alone differs
    runtime_repeats : of each measurement but that of the partition, whose median counts
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    runtime_sizes: tuple[Annotated[int, Field(ge=32)], ...]
    runtime_porosity: Annotated[float, Field(gt=0, lt=1)]
    runtime_radius: Annotated[float, Field(gt=0)]
    runtime_repeats: Annotated[int, Field(ge=1)]


@dataclass(frozen=True)
class RunTime:
    """Seconds from an image to its formation factor, step by step.

    Attributes
    ----------
    conduits : number of them
    model, dns : step → seconds, when the model or DNS gives the size factors
    """

    conduits: int
    model: Mapping[str, float]
    dns: Mapping[str, float]


def run_time(
    im: NDArray[np.bool_],
    settings: PartitionConfig,
    label: LabelConfig,
    model: ConductanceModel,
    repeats: int,
) -> RunTime:
    """Time extraction, ROI preparation, prediction or simulation of the same conduits, transport.

    The image is partitioned once: that takes as long whatever gives the size factors.

    Parameters
    ----------
    im : (nx, ny[, nz]) bool, True = pore
    settings : of the partition
    label : what is simulated
    model : ConductanceModel
    repeats : of each other step, whose median counts
    """
    start = time.perf_counter()
    regions = partition(im, r_max=settings.r_max, sigma=settings.sigma)
    extraction = time.perf_counter() - start
    # kernels are compiled and graphs are traced before
    model.size_factors(regions.labels, regions.conns[:2])
    simulated_size_factors(regions.labels, regions.conns[:2], label)
    network = network_of_regions(regions, 1.0, "geometry" if im.ndim == 3 else "dns")
    found = [_steps(regions, label, model, network) for _ in range(repeats)]

    def median(ways: list[dict[str, float]]) -> dict[str, float]:
        whole = {"extraction": extraction}
        return whole | {step: float(np.median([way[step] for way in ways])) for step in ways[0]}

    by_model, by_dns = zip(*found, strict=True)
    return RunTime(len(regions.conns), median(list(by_model)), median(list(by_dns)))


def _steps(
    regions: Regions, label: LabelConfig, model: ConductanceModel, network: PoreNetwork
) -> tuple[dict[str, float], dict[str, float]]:
    """Time once what follows the partition, by the model and by DNS."""
    preparation, prediction = 0.0, 0.0
    start = time.perf_counter()
    crops = crop_conduits(regions.labels, regions.conns)
    carrying = (part for crop in crops if (part := joined(crop)) is not None)
    for encoded, _ in model.prepared(carrying):
        middle = time.perf_counter()
        model.predict_encoded(encoded)
        preparation += middle - start
        start = time.perf_counter()
        prediction += start - middle
    start = time.perf_counter()
    simulated_size_factors(regions.labels, regions.conns, label)
    simulation = time.perf_counter() - start
    start = time.perf_counter()
    network.formation_factor(0)
    transport = time.perf_counter() - start

    def steps(preparing: float, labelling: float) -> dict[str, float]:
        return {
            "ROI preparation": preparing,
            "size factors": labelling,
            "transport": transport,
        }

    return steps(preparation, prediction), steps(0.0, simulation)


def run_times(
    volumes: VolumesConfig,
    settings: PartitionConfig,
    label: LabelConfig,
    config: JudgingConfig,
    uri: str,
) -> dict[str, RunTime]:
    """Time one new volume of each asked size, all of one porosity and one radius.

    Parameters
    ----------
    volumes : how volumes are drawn; size, porosity and radius are those of `config`
    settings : of the partition
    label : what is simulated
    config : JudgingConfig
    uri : URI or folder of a conductance model
    """
    found, model = {}, load_model(uri)
    for size in config.runtime_sizes:
        change = {
            "shape": size, "shape_2d": size,
            "porosity": (config.runtime_porosity,) * 2, "radius": (config.runtime_radius,) * 2,
        }  # fmt: skip
        spheres = volumes.spheres.model_copy(update=change)
        im = sphere_pack(
            spheres, volumes.ndim, volume_seed(volumes.seed, "network", 90_000 + size)
        )
        name = f"{size}{'³' if volumes.ndim == 3 else '²'}"
        found[name] = run_time(im, settings, label, model, config.runtime_repeats)
    return found
