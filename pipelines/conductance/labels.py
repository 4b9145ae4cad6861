"""Simulate the size factor of every conduit: artifacts/conductance/labels/<role>.h5.

Each finished volume is kept in artifacts/.partial/conductance-labels until the whole role is done, so that a
killed run goes on where it stopped.
"""

import shutil
from functools import partial
from pathlib import Path

import numpy as np

from poreops.base.files import sha256
from poreops.base.hdf5 import open_hdf5, read_hdf5, write_hdf5
from poreops.base.settings import section
from poreops.conduits.labels import LabelConfig, simulated_size_factors
from poreops.errors import exit_on_input_error
from poreops.machine.tasks import parallel_map

REGIONS, LABELS = Path("artifacts/conductance/regions"), Path("artifacts/conductance/labels")
PARTIAL = Path("artifacts/.partial/conductance-labels")
ROLES = ("train", "gate", "unseen")


def label(config: LabelConfig, task: tuple[Path, str, Path]) -> Path:
    """Label one volume unless it is labelled already; a task of its own."""
    regions, volume, done = task
    if not done.exists():
        with open_hdf5(regions) as file:
            labels, conns = file[f"{volume}/labels"][()], file[f"{volume}/conns"][()]
        found = simulated_size_factors(labels, conns, config, workers=1)
        write_hdf5(done, {"size_factor": found})
    return done


def main() -> None:
    """Write the labels of the training, gate and unseen volumes, in powers of a voxel."""
    config = section("conductance.label", LabelConfig)
    tasks = []
    for role in ROLES:
        regions = (REGIONS / f"{role}.h5").resolve()  # a worker may run in another folder
        # finished volumes of other regions or another definition do not count
        definition = "-".join(config.model_dump().values())
        folder = PARTIAL.resolve() / f"{sha256(regions)[:16]}-{definition}"
        with open_hdf5(regions) as file:
            tasks += [(regions, volume, folder / f"{volume}.h5") for volume in sorted(file)]
    done = list(parallel_map(partial(label, config), tasks, announce=print))
    for role in ROLES:
        own = [
            path for (regions, *_), path in zip(tasks, done, strict=True) if regions.stem == role
        ]
        found = np.concatenate([read_hdf5(path)[0]["size_factor"] for path in own])
        unsettled = int(np.isnan(found).sum())
        if unsettled:
            print(f"{role}: {unsettled} of {len(found)} conduits did not settle and are left out")
        attributes = config.model_dump() | {"unsettled": unsettled}
        write_hdf5(LABELS / f"{role}.h5", {"size_factor": found}, attributes)
    shutil.rmtree(PARTIAL, ignore_errors=True)


if __name__ == "__main__":
    with exit_on_input_error():
        main()
