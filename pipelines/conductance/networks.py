"""Drive pore networks with the registered champion: reports/conductance/networks.json and figures.

Every method is judged by the formation factor of new volumes (the permeability, for a model of
flow) against full-volume DNS. Without a champion the others are judged all the same.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from poreops.base.files import read_json, write_json
from poreops.base.hdf5 import read_hdf5
from poreops.base.settings import section
from poreops.conductance import figures as plots
from poreops.conductance.judging.networks import (
    Comparison,
    NetworkEvaluationConfig,
    RunTime,
    compare_networks,
    run_times,
)
from poreops.conductance.judging.scores import r2, relative_error
from poreops.conductance.registry import load_model
from poreops.conduits.crop import region_centroids
from poreops.conduits.labels import LabelConfig
from poreops.conduits.partition import PartitionConfig
from poreops.errors import InputError, exit_on_input_error
from poreops.machine.tasks import parallel_map
from poreops.mlops.tracking import ModelVersion, champion_info, download, run
from poreops.show.pictures import save
from poreops.synthetic.spheres import VolumesConfig

REPORTS, MEMBERS = Path("reports/conductance"), Path("artifacts/conductance/models/members")


def champion() -> tuple[ModelVersion, str] | None:
    """Return the champion and its folder, or None if no model passed the gate."""
    registered = read_json("mlflow/registered/conductance.json")
    try:
        version = champion_info(registered["model"])
        return version, str(download(version.uri).resolve())
    except InputError:
        if registered["gate"] == "passed":
            raise
        print(f"no champion: {'; '.join(registered['gate'])}")
        return None


def figures(
    quantity: str, compared: Sequence[Comparison], times: Mapping[str, RunTime]
) -> dict[str, Any]:
    """Draw the published figures 11 to 13."""
    truth = np.concatenate([c.truth for c in compared])
    found = {name: np.concatenate([c.found[name] for c in compared]) for name in compared[0].found}
    drawn = {f"{quantity}.png": plots.networks(found, truth, quantity.replace("_", " "))}
    if times:
        bars = {
            f"{n} {kind}": v
            for n, t in times.items()
            for kind, v in (("model", t.model), ("DNS", t.dns))
        }
        drawn["run_time.png"] = plots.run_times(bars)
    first = compared[0]
    if first.regions.labels.ndim == 3:
        dns = first.size_factors["dns"]
        panels = {"log₁₀ size factor, DNS": (np.log10(dns), "viridis")}
        for name in (n for n in first.size_factors if n != "dns"):
            error = 100 * relative_error(first.size_factors[name], dns)
            panels[f"error of {plots.NAMES[name]} [%]"] = (error, "magma")
        centroids = region_centroids(first.regions.labels)
        drawn["network.png"] = plots.coloured_networks(centroids, first.regions.conns, panels)
    return drawn


def main() -> None:
    """Compare all methods on all volumes and write the report."""
    label, settings = (
        section("conductance.label", LabelConfig),
        section("conductance.partition", PartitionConfig),
    )
    standing = champion()
    models = {} if standing is None else {"model": standing[1]}
    if (MEMBERS / "image").is_dir():  # the published idea keeps its row
        models["resnet"] = str((MEMBERS / "image").resolve())
    quantity = "permeability" if label.target == "hydraulic" else "formation_factor"
    images = list(read_hdf5("artifacts/conductance/volumes/network.h5")[0].values())
    compare = partial(compare_networks, settings=settings, label=label, models=models)
    compared = list(parallel_map(compare, images, announce=print))
    truth = np.concatenate([c.truth for c in compared])
    factors, values = {}, {"full_dns": truth.tolist()}
    for name in compared[0].found:
        found = np.concatenate([c.found[name] for c in compared])
        values[name] = found.tolist()
        factors[name] = {"r2": r2(found, truth), "mape": relative_error(found, truth).mean()}
    times: Mapping[str, RunTime] = {}
    if standing is not None:
        config = section("conductance.judging", NetworkEvaluationConfig)
        volumes = section("conductance.volumes", VolumesConfig)
        times = run_times(volumes, settings, label, config, load_model(standing[1]))
    report = {
        quantity: factors,
        "values": values,
        "run_time": {name: vars(measured) for name, measured in times.items()},
        "champion": None if standing is None else {"sha256": standing[0].tags["sha256"]},
    }
    write_json(REPORTS / "networks.json", report)
    title = "no champion" if standing is None else f"champion version {standing[0].version}"
    with run("conductance_networks", title) as tracked:
        tracked.log_metrics({quantity: factors})
        for name, figure in figures(quantity, compared, times).items():
            tracked.log_figure(figure, name)
            save(figure, REPORTS / "network_figures" / name)
    print(f"{quantity.replace('_', ' ')} of the networks against DNS of the whole volumes")
    for name, score in factors.items():
        print(
            f"{plots.NAMES[name]:>24}: R² {score['r2']:7.3f}   error {100 * score['mape']:6.2f} %"
        )


if __name__ == "__main__":
    with exit_on_input_error():
        main()
