"""The conduits of the volumes of the line: regions and zoomed crops."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poreops.base.arrays import Array
from poreops.base.hdf5 import open_hdf5, write_hdf5
from poreops.conduits.crop import extract_conduits
from poreops.conduits.partition import PartitionConfig, Regions, partition
from poreops.conduits.table import ConduitWriter
from poreops.machine.tasks import parallel_map


def write_conduits(
    volumes: Path,
    regions: Path,
    conduits: Path,
    roles: Sequence[str],
    config: PartitionConfig,
    announce: Callable[[str], object],
) -> None:
    """Partition the volumes of some roles and cut their conduits, one file a role.

    Parameters
    ----------
    volumes : folder of the volumes, <role>.h5 with one (nx, ny[, nz]) bool a volume
    regions : folder to write, <role>.h5 with <volume>/labels and <volume>/conns
    conduits : folder to write, <role>.h5 as `ConduitWriter` writes it
    roles : as "train"
    config : PartitionConfig
    announce : told the address of the dashboard
    """
    images = {role: dict(_volumes(volumes / f"{role}.h5")) for role in roles}
    every = [im for role in images.values() for im in role.values()]
    found = parallel_map(partial(_regions, config), every, announce=announce)
    for role, named in images.items():
        arrays: dict[str, Array] = {}
        with ConduitWriter(conduits / f"{role}.h5", ndim=every[0].ndim) as writer:
            # the rest of the tasks goes on while these conduits are cut
            for index, part in enumerate(islice(found, len(named))):
                arrays[f"{index:03d}/labels"] = part.labels
                arrays[f"{index:03d}/conns"] = part.conns
                for batch in extract_conduits(part.labels, part.conns, volume=index):
                    writer.append(batch)
        write_hdf5(regions / f"{role}.h5", arrays, {"names": list(named)})


def _regions(config: PartitionConfig, im: NDArray[np.bool_]) -> Regions:
    """Partition one volume; a task of its own."""
    return partition(im, r_max=config.r_max, sigma=config.sigma)


def _volumes(path: Path) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    with open_hdf5(path) as file:
        for name in sorted(file):
            yield name, file[name][()]
