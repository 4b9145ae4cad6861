"""Judge the ways to a conductance by what whole networks carry, and time them."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from poreops.conductance import load_model
from poreops.learning.conductance_model import ConductanceModel
from poreops.network import PoreNetwork, network_of_regions
from poreops.regions.conduit import crop_conduits
from poreops.regions.partition import PartitionConfig, Regions, partition
from poreops.transport.bulk import formation_factor
from poreops.transport.convention import CONVENTION
from poreops.transport.labels import LabelConfig, simulated_size_factors
from poreops.transport.stokes import SEALED, permeability
from poreops.transport.walls import WALLS

METHODS = ("dns", "model", "shape_factor", "geometry")
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """One volume by full-volume DNS and by the networks of all methods.

    Attributes
    ----------
    truth : (ndim,) float64
        Formation factor, or permeability [voxel²], along each axis by DNS of the whole volume.
    found : method → (ndim,) float64, of its network
    size_factors : method → (Nt,) float64 [voxel], of flow [voxel³]
    regions : Regions
    """

    truth: Floats
    found: Mapping[str, Floats]
    size_factors: Mapping[str, Floats]
    regions: Regions


def compare_networks(
    im: NDArray[np.bool_], settings: PartitionConfig, model_uri: str
) -> Comparison:
    """Compare all methods on one volume; a task of its own, on one thread.

    Parameters
    ----------
    im : (nx, ny[, nz]) bool, True = pore
    settings : of the partition
    model_uri : URI or folder of the conductance model, whose target says what is compared, and
        whose walls the simulations of flow take, and whose convention those of diffusion
    """
    regions = partition(im, r_max=settings.r_max, sigma=settings.sigma)
    # geometry and shape factor describe spheres and cones: 3D only
    methods = METHODS if im.ndim == 3 else METHODS[:2]
    model = _model(model_uri)
    flow = model.target == "hydraulic"
    networks = {
        name: network_of_regions(
            regions, 1.0, name, model if name == "model" else None, 1,
            transport="flow" if flow else "diffusion",
            walls=model.walls if name in ("dns", "model") else None,
            convention=model.convention if name in ("dns", "model") else None,
        )
        for name in methods
    }  # fmt: skip
    axes = range(im.ndim)

    def whole(axis: int) -> float:
        if flow:  # networks end at the faces, so the sides are walls
            return permeability(
                im, axis, boundary=SEALED, walls=model.walls or WALLS, workers=1
            ).permeability
        return formation_factor(im, axis).formation_factor

    def carried(network: PoreNetwork, axis: int) -> float:
        if flow:
            return network.permeability(axis).permeability
        return network.formation_factor(axis).formation_factor

    return Comparison(
        truth=np.array([whole(axis) for axis in axes]),
        found={
            name: np.array([carried(network, axis) for axis in axes])
            for name, network in networks.items()
        },
        size_factors={
            name: network.hydraulic_size_factors if flow else network.size_factors
            for name, network in networks.items()
        },
        regions=regions,
    )


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


def run_time(im: NDArray[np.bool_], settings: PartitionConfig, model: ConductanceModel) -> RunTime:
    """Time extraction, ROI preparation, prediction (or simulation) and transport."""
    start = time.perf_counter()
    regions = partition(im, r_max=settings.r_max, sigma=settings.sigma)
    extraction = time.perf_counter() - start
    preparation, prediction = 0.0, 0.0
    start = time.perf_counter()
    for encoded, _ in model.prepared(crop_conduits(regions.labels, regions.conns)):
        middle = time.perf_counter()
        model.predict_encoded(encoded)
        preparation += middle - start
        start = time.perf_counter()
        prediction += start - middle
    start = time.perf_counter()
    config = LabelConfig(
        target=model.target,
        convention=model.convention or CONVENTION,
        walls=model.walls or WALLS,
    )
    simulated_size_factors(regions.labels, regions.conns, config)
    simulation = time.perf_counter() - start
    network = network_of_regions(regions, 1.0, "geometry" if im.ndim == 3 else "dns")
    start = time.perf_counter()
    network.formation_factor(0)
    transport = time.perf_counter() - start

    def steps(preparing: float, labelling: float) -> dict[str, float]:
        return {
            "extraction": extraction,
            "ROI preparation": preparing,
            "size factors": labelling,
            "transport": transport,
        }

    return RunTime(len(regions.conns), steps(preparation, prediction), steps(0.0, simulation))


@cache
def _model(uri: str) -> ConductanceModel:
    return load_model(uri)
