"""Drive pore networks with the registered champion: reports/network.json and figures.

Every method is judged by the formation factor of new volumes (the permeability, for a model of
flow) against full-volume DNS.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from poreops import plots
from poreops.compute import ComputeConfig, parallel_map
from poreops.conductance import load_model
from poreops.errors import exit_on_input_error
from poreops.evaluation import NetworkEvaluationConfig
from poreops.learning.scores import r2, relative_error
from poreops.network_evaluation import Comparison, RunTime, compare_networks, run_time
from poreops.regions.conduit import region_centroids
from poreops.regions.partition import PartitionConfig
from poreops.sections import section
from poreops.store import read_hdf5, read_json, write_json
from poreops.tracking import champion_info, download, run
from poreops.volumes.generate import VolumesConfig, sphere_pack, volume_seed

REPORTS = Path("reports")


def run_times(settings: PartitionConfig, folder: Path) -> Mapping[str, RunTime]:
    """Time one new volume of each asked size."""
    config = section("volumes", VolumesConfig)
    model = load_model(str(folder))
    found = {}
    for size in section("evaluate_network", NetworkEvaluationConfig).runtime_sizes:
        spheres = config.spheres.model_copy(update={"shape": size, "shape_2d": size})
        seed = volume_seed(config.seed, "network", 90_000 + size)
        im = sphere_pack(spheres, config.ndim, seed)
        found[f"{size}{'³' if config.ndim == 3 else '²'}"] = run_time(im, settings, model)
    return found


def figures(
    quantity: str, compared: Sequence[Comparison], times: Mapping[str, RunTime]
) -> dict[str, Any]:
    """Draw the published figures 11 to 13."""
    truth = np.concatenate([c.truth for c in compared])
    found = {name: np.concatenate([c.found[name] for c in compared]) for name in compared[0].found}
    bars = {
        f"{n} {kind}": v
        for n, t in times.items()
        for kind, v in (("ResNet", t.model), ("DNS", t.dns))
    }
    drawn = {
        f"{quantity}.png": plots.networks(found, truth, quantity.replace("_", " ")),
        "run_time.png": plots.run_times(bars),
    }
    first = compared[0]
    if first.regions.labels.ndim == 3:
        dns = first.size_factors["dns"]
        panels = {"log₁₀ size factor, DNS": (np.log10(dns), "viridis")}
        for name in ("model", "shape_factor", "geometry"):
            error = 100 * relative_error(first.size_factors[name], dns)
            panels[f"error of {plots.NAMES[name]} [%]"] = (error, "magma")
        centroids = region_centroids(first.regions.labels)
        drawn["network.png"] = plots.coloured_networks(centroids, first.regions.conns, panels)
    return drawn


def main() -> None:
    """Compare all methods on all volumes and write the report."""
    name = read_json("mlflow/registered/conductance.json")["model"]
    champion = champion_info(name)
    folder = download(f"models:/{name}@champion").resolve()
    flow = load_model(str(folder)).target == "hydraulic"
    quantity = "permeability" if flow else "formation_factor"
    settings = section("partition", PartitionConfig)
    images = list(read_hdf5("artifacts/volumes/network.h5")[0].values())
    compare = partial(compare_networks, settings=settings, model_uri=str(folder))
    compute = section("compute", ComputeConfig)
    compared = list(parallel_map(compare, images, compute, announce=print))
    truth = np.concatenate([c.truth for c in compared])
    factors, values = {}, {"full_dns": truth.tolist()}
    for name in compared[0].found:
        found = np.concatenate([c.found[name] for c in compared])
        values[name] = found.tolist()
        factors[name] = {"r2": r2(found, truth), "mape": relative_error(found, truth).mean()}
    times = run_times(settings, folder)
    report = {
        quantity: factors,
        "values": values,
        "run_time": {name: vars(measured) for name, measured in times.items()},
        "champion": {"sha256": champion.tags["sha256"]},
    }
    write_json(REPORTS / "network.json", report)
    with run("evaluate_network", f"champion version {champion.version}") as tracked:
        tracked.log_metrics({quantity: factors})
        for name, figure in figures(quantity, compared, times).items():
            tracked.log_figure(figure, name)
            plots.save(figure, REPORTS / "network" / name)
    print(f"{quantity.replace('_', ' ')} of the networks against DNS of the whole volumes")
    for name, score in factors.items():
        print(
            f"{plots.NAMES[name]:>20}: R² {score['r2']:7.3f}   error {100 * score['mape']:6.2f} %"
        )


if __name__ == "__main__":
    with exit_on_input_error():
        main()
