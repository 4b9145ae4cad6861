"""Judge the model on unseen volumes and on the random split: reports/conductance.json."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from poreops import plots
from poreops.conduits import NO_CONTACTS, size_factors
from poreops.errors import exit_on_input_error
from poreops.learning.conductance_model import ConductanceModel
from poreops.learning.scores import relative_error, scores
from poreops.learning.splits import read_split
from poreops.store import open_hdf5, read_conduits, read_hdf5, write_json
from poreops.tracking import run
from poreops.transport.labels import LabelConfig, simulated_size_factors
from poreops.transport.quantity import Target, zoom_power
from poreops.transport.walls import WALLS, Walls, require_same_walls

ARTIFACTS, REPORTS = Path("artifacts"), Path("reports")
Floats = NDArray[np.float64]


def by_volume(method: Callable[[Any, Any], Floats]) -> tuple[Floats, float]:
    """Apply a method to every unseen volume; return all size factors and ms per conduit."""
    found, seconds = [], 0.0
    with open_hdf5(ARTIFACTS / "regions/unseen.h5") as file:
        for name in sorted(file):
            labels, conns = file[f"{name}/labels"][()], file[f"{name}/conns"][()]
            start = time.perf_counter()
            found.append(method(labels, conns))
            seconds += time.perf_counter() - start
    values = np.concatenate(found)
    return values, 1e3 * seconds / len(values)


def rule(name: str, target: Target) -> Callable[[Any, Any], Floats]:
    """Return a method that needs diameters only."""
    return lambda labels, conns: size_factors(
        labels, conns, NO_CONTACTS, method=name, target=target
    )[0]


def invariance(model: ConductanceModel) -> dict[str, float]:
    """Mean relative change of the prediction under symmetries that leave the truth as it is."""
    rois = read_conduits(ARTIFACTS / "conduits/unseen.h5", slice(0, 256)).roi
    base = model.predict(rois)
    changed = {
        "label_swap": np.where(rois > 0, 3 - rois, 0),
        "rotation": np.rot90(rois, axes=(1, 2)),
        "flip": np.flip(rois, axis=1),
    }
    return {
        name: float(relative_error(model.predict(turned), base).mean())
        for name, turned in changed.items()
    }


def random_split() -> dict[str, float]:
    """Score the model of the random split on its test part."""
    rows = read_split(ARTIFACTS / "splits/random.h5").test
    conduits = read_conduits(ARTIFACTS / "conduits/train.h5", rows)
    truth = read_hdf5(ARTIFACTS / "labels/train.h5")[0]["size_factor"][rows]
    model = ConductanceModel.load(ARTIFACTS / "models/random_split")
    power = zoom_power(model.target, model.ndim)
    return scores(model.predict(conduits.roi) / conduits.zoom_ratio**power, truth)


def dns_time(target: Target, walls: Walls | None) -> float:
    """Milliseconds per conduit of DNS on the first unseen volume, as the other times."""
    config = LabelConfig(target=target, convention="centroid", walls=walls or WALLS)
    with open_hdf5(ARTIFACTS / "regions/unseen.h5") as file:
        labels, conns = file["000/labels"][()], file["000/conns"][:200]
    simulated_size_factors(labels, conns[:2], config)  # load the compiled kernels
    start = time.perf_counter()
    simulated_size_factors(labels, conns, config)
    return 1e3 * (time.perf_counter() - start) / len(conns)


def main() -> None:
    """Write scores, figures and an MLflow run."""
    arrays, labelled = read_hdf5(ARTIFACTS / "labels/unseen.h5")
    truth = arrays["size_factor"]
    model = ConductanceModel.load(ARTIFACTS / "models/resnet")
    if model.walls is not None:
        require_same_walls(model.walls, "the model", labelled["walls"], "the unseen labels")
    methods = {"resnet": model.size_factors}
    if model.ndim == 3:  # both rules describe spheres and cones
        methods |= {name: rule(name, model.target) for name in ("geometry", "shape_factor")}
    invariant = invariance(model)  # first: it also compiles the graph outside the timing
    found, unseen = {}, {}
    for name, method in methods.items():
        found[name], milliseconds = by_volume(method)
        unseen[name] = scores(found[name], truth) | {"ms_per_conduit": milliseconds}
    report = {
        "unseen": unseen
        | {"dns": {"ms_per_conduit": dns_time(model.target, model.walls)}, "conduits": len(truth)},
        "random_split": random_split(),
        "invariance": invariant,
    }
    write_json(REPORTS / "conductance.json", report)
    error = {name: relative_error(values, truth) for name, values in found.items()}
    worst = np.sort(np.argsort(error["resnet"])[-6:])
    rois = read_conduits(ARTIFACTS / "conduits/unseen.h5", worst).roi
    titles = [f"DNS {truth[i]:.3g}, ResNet {found['resnet'][i]:.3g}" for i in worst]
    quantity = f"size factor [voxel{'³' * (model.target == 'hydraulic')}]"
    figures = {
        "parity.png": plots.parity(found, truth, quantity),
        "error_by_size.png": plots.error_by_size(error, truth, quantity),
        "worst_conduits.png": plots.worst_conduits(rois, titles),
    }
    with run("evaluate_conductance", "unseen volumes") as tracked:
        tracked.log_metrics(report)
        for name, figure in figures.items():
            tracked.log_figure(figure, name)
            plots.save(figure, REPORTS / "conductance" / name)


if __name__ == "__main__":
    with exit_on_input_error():
        main()
