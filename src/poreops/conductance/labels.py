"""The labels of the line: the size factor of every conduit by direct simulation."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from poreops.base.files import sha256
from poreops.base.hdf5 import open_hdf5, read_hdf5, write_hdf5
from poreops.conduits.labels import FURTHER, LabelConfig, TargetsConfig
from poreops.conduits.simulated import simulated_size_factors
from poreops.machine.tasks import parallel_map


def write_targets(
    regions: Path,
    labels: Path,
    roles: Sequence[str],
    config: TargetsConfig,
    kept: Path,
    announce: Callable[[str], object],
) -> None:
    """Simulate every conduit of some roles for every target, one file a role and target.

    The files of the first target name the digests of the others, so that DVC, which knows only
    the former as dependencies, sees whatever changes.

    Parameters
    ----------
    regions, labels, roles, kept, announce : as of `write_labels`, ``labels`` of the first target
    config : TargetsConfig
    """
    first, *further = config.each.items()
    for of, label in further:
        write_labels(regions, labels / of, roles, label, kept, announce)
    write_labels(regions, labels, roles, first[1], kept, announce, [of for of, _ in further])


def write_labels(
    regions: Path,
    labels: Path,
    roles: Sequence[str],
    config: LabelConfig,
    kept: Path,
    announce: Callable[[str], object],
    further: Sequence[str] = (),
) -> None:
    """Simulate every conduit of some roles, one file a role.

    A conduit whose simulation does not settle gets NaN, and is announced.

    Parameters
    ----------
    regions : folder of the regions, <role>.h5 with <volume>/labels and <volume>/conns
    labels : folder to write, <role>.h5 with size_factor (n,) float64 in powers of a voxel
    roles : as "train"
    config : LabelConfig
    kept : folder that holds each finished volume until all are done: a killed run goes on there
    announce : told the address of the dashboard, and what did not settle
    further : folders in ``labels`` of other targets, whose digests are named
    """
    tasks = []
    for role in roles:
        path = (regions / f"{role}.h5").resolve()  # a worker may run in another folder
        # finished volumes of other regions or another definition do not count
        definition = "-".join(config.model_dump().values())
        folder = kept.resolve() / f"{sha256(path)[:16]}-{definition}"
        with open_hdf5(path) as file:
            tasks += [(path, volume, folder / f"{volume}.h5") for volume in sorted(file)]
    done = list(parallel_map(partial(_label, config), tasks, announce=announce))
    for role in roles:
        own = [part for (path, *_), part in zip(tasks, done, strict=True) if path.stem == role]
        found = np.concatenate([read_hdf5(path)[0]["size_factor"] for path in own])
        unsettled = int(np.isnan(found).sum())
        if unsettled:
            announce(
                f"{role}: {unsettled} of {len(found)} conduits did not settle and are left out"
            )
        attributes = config.model_dump() | {"unsettled": unsettled}
        attributes |= {f"{FURTHER}{of}": sha256(labels / of / f"{role}.h5") for of in further}
        write_hdf5(labels / f"{role}.h5", {"size_factor": found}, attributes)


def _label(config: LabelConfig, task: tuple[Path, str, Path]) -> Path:
    """Label one volume unless it is labelled already; a task of its own."""
    regions, volume, done = task
    if not done.exists():
        with open_hdf5(regions) as file:
            labels, conns = file[f"{volume}/labels"][()], file[f"{volume}/conns"][()]
        found = simulated_size_factors(labels, conns, config, workers=1)
        write_hdf5(done, {"size_factor": found})
    return done
