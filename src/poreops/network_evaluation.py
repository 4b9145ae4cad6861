"""Judge the ways to a conductance by the formation factor of whole networks, and time them."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from poreops.conductance import load_model
from poreops.learning.conductance_model import ConductanceModel
from poreops.network import network_of_regions
from poreops.regions.conduit import crop_conduits
from poreops.regions.partition import PartitionConfig, Regions, partition
from poreops.transport.bulk import formation_factor
from poreops.transport.size_factor import conduit_size_factors

METHODS = ("dns", "model", "shape_factor", "geometry")
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """One volume by full-volume DNS and by the networks of all methods.

    Attributes
    ----------
    truth : (ndim,) float64
        Formation factor along each axis by DNS of the whole volume.
    found : method → (ndim,) float64, of its network
    size_factors : method → (Nt,) float64 [voxel]
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
    model_uri : URI or folder of the conductance model
    """
    regions = partition(im, r_max=settings.r_max, sigma=settings.sigma)
    # geometry and shape factor describe spheres and cones: 3D only
    methods = METHODS if im.ndim == 3 else METHODS[:2]
    model = _model(model_uri)
    networks = {
        name: network_of_regions(regions, 1.0, name, model if name == "model" else None, workers=1)
        for name in methods
    }
    axes = range(im.ndim)
    return Comparison(
        truth=np.array([formation_factor(im, axis).formation_factor for axis in axes]),
        found={
            name: np.array([network.formation_factor(axis).formation_factor for axis in axes])
            for name, network in networks.items()
        },
        size_factors={name: network.size_factors for name, network in networks.items()},
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
    conduit_size_factors(crop_conduits(regions.labels, regions.conns))
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
