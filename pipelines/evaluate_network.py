"""Drive pore networks with the registered champion: reports/network.json and figures.

Every method is judged by the formation factor of new volumes against full-volume DNS.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from poreops import plots
from poreops.conductance import MODEL, load_model
from poreops.errors import exit_on_input_error
from poreops.evaluation import NetworkEvaluationConfig
from poreops.learning.conductance_model import ConductanceModel
from poreops.learning.scores import r2, relative_error
from poreops.network import PoreNetwork, network_of_regions
from poreops.regions.conduit import crop_conduits, region_centroids
from poreops.regions.partition import PartitionConfig, Regions, partition
from poreops.sections import section
from poreops.store import open_hdf5, write_json
from poreops.tracking import champion_info, run
from poreops.transport.bulk import formation_factor
from poreops.transport.size_factor import conduit_size_factors
from poreops.volumes.generate import VolumesConfig, sphere_pack, volume_seed

REPORTS = Path("reports")
METHODS = ("dns", "model", "shape_factor", "geometry")
Floats = NDArray[np.float64]


def volumes() -> Iterator[NDArray[np.bool_]]:
    """Yield the volumes that no conduit of training or testing came from."""
    with open_hdf5("artifacts/volumes/network.h5") as file:
        for name in sorted(file):
            yield file[name][()]


def networks(regions: Regions, model: ConductanceModel) -> dict[str, PoreNetwork]:
    """Build the network of a partitioned volume by each method that its dimension allows."""
    methods = METHODS if regions.labels.ndim == 3 else METHODS[:2]
    return {
        name: network_of_regions(regions, 1.0, name, model if name == "model" else None)
        for name in methods
    }


def run_time(size: int, config: VolumesConfig, model: ConductanceModel) -> dict[str, Any]:
    """Seconds of each step from an image of this size to its formation factor, two bars."""
    spheres = config.spheres.model_copy(update={"shape": size, "shape_2d": size})
    im = sphere_pack(spheres, config.ndim, volume_seed(config.seed, "network", 90_000 + size))
    clock = [time.perf_counter()]
    regions = partition(im)
    clock.append(time.perf_counter())
    preparing, predicting = 0.0, 0.0
    start = time.perf_counter()
    for encoded, _ in model.prepared(crop_conduits(regions.labels, regions.conns)):
        middle = time.perf_counter()
        model.predict_encoded(encoded)
        preparing += middle - start
        predicting += time.perf_counter() - middle
        start = time.perf_counter()
    crops = crop_conduits(regions.labels, regions.conns)
    start = time.perf_counter()
    conduit_size_factors(crops)
    simulating = time.perf_counter() - start
    network = network_of_regions(regions, 1.0, "geometry" if im.ndim == 3 else "dns")
    start = time.perf_counter()
    network.formation_factor(0)
    shared = {"extraction": clock[1] - clock[0], "transport": time.perf_counter() - start}
    power = "³" if im.ndim == 3 else "²"
    return {
        f"{size}{power} ResNet": shared | {"ROI preparation": preparing, "prediction": predicting},
        f"{size}{power} DNS": shared | {"ROI preparation": 0.0, "prediction": simulating},
        "conduits": len(regions.conns),
    }


def main() -> None:
    """Compare all methods and write the report."""
    champion = champion_info(MODEL)
    model = load_model(f"models:/{MODEL}@champion")
    settings = section("partition", PartitionConfig)
    truth: list[float] = []
    found: dict[str, list[float]] = {name: [] for name in METHODS}
    first: tuple[Regions, dict[str, PoreNetwork]] | None = None
    for im in volumes():
        regions = partition(im, r_max=settings.r_max, sigma=settings.sigma)
        built = networks(regions, model)
        first = first or (regions, built)
        for axis in range(im.ndim):
            truth.append(formation_factor(im, axis).formation_factor)
            for name, network in built.items():
                found[name].append(network.formation_factor(axis).formation_factor)
    reference = np.array(truth)
    compared = {name: np.array(values) for name, values in found.items() if values}
    factors = {
        name: {
            "r2": r2(values, reference),
            "mape": float(relative_error(values, reference).mean()),
        }
        for name, values in compared.items()
    }
    config = section("evaluate_network", NetworkEvaluationConfig)
    drawn = section("volumes", VolumesConfig)
    bars: dict[str, dict[str, float]] = {}
    conduits = {}
    for size in config.runtime_sizes:
        measured = run_time(size, drawn, model)
        conduits[str(size)] = measured.pop("conduits")
        bars |= measured
    report = {
        "formation_factor": factors,
        "values": {"full_dns": truth, **{name: list(v) for name, v in compared.items()}},
        "run_time": {"seconds": bars, "conduits": conduits},
        "champion": {"sha256": champion.tags["sha256"]},
    }
    write_json(REPORTS / "network.json", report)
    figures = {
        "formation_factor.png": plots.formation_factors(compared, reference),
        "run_time.png": plots.run_times(bars),
    }
    if first is not None and first[0].labels.ndim == 3:
        figures["network.png"] = network_figure(*first)
    with run("evaluate_network", f"champion version {champion.version}") as tracked:
        tracked.log_metrics({"formation_factor": factors})
        for name, figure in figures.items():
            tracked.log_figure(figure, name)
            plots.save(figure, REPORTS / "network" / name)
    for name, values in factors.items():
        print(f"{name:>13}: R² {values['r2']:7.3f}   MAPE {100 * values['mape']:6.2f} %")


def network_figure(regions: Regions, built: dict[str, PoreNetwork]) -> Any:
    """Conductance and percent error of each approximate method on one volume (Fig. 11)."""
    truth = built["dns"].size_factors
    panels = {"log₁₀ size factor, DNS": (np.log10(truth), "viridis")}
    for name in ("model", "shape_factor", "geometry"):
        error = 100 * relative_error(built[name].size_factors, truth)
        panels[f"error of {plots.NAMES[name]} [%]"] = (error, "magma")
    return plots.coloured_networks(region_centroids(regions.labels), regions.conns, panels)


if __name__ == "__main__":
    with exit_on_input_error():
        main()
