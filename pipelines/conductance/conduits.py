"""Partition the volumes and cut their conduits: artifacts/conductance/regions/ and artifacts/conductance/conduits/."""

from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poreops.base.hdf5 import open_hdf5, write_hdf5
from poreops.base.settings import section
from poreops.conduits.crop import conductance_conduits
from poreops.conduits.partition import PartitionConfig, Regions, partition
from poreops.conduits.table import ConduitWriter
from poreops.errors import exit_on_input_error
from poreops.machine.tasks import parallel_map

VOLUMES, REGIONS = Path("artifacts/conductance/volumes"), Path("artifacts/conductance/regions")
CONDUITS = Path("artifacts/conductance/conduits")


def split_into_regions(config: PartitionConfig, im: NDArray[np.bool_]) -> Regions:
    """Partition one volume; a task of its own."""
    return partition(im, r_max=config.r_max, sigma=config.sigma)


def volumes(role: str) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield the name and the image of each volume of a role."""
    with open_hdf5(VOLUMES / f"{role}.h5") as file:
        for name in sorted(file):
            yield name, file[name][()]


def main() -> None:
    """Write the regions and the conduits of the training, gate and unseen volumes."""
    config = section("conductance.partition", PartitionConfig)
    images = {role: dict(volumes(role)) for role in ("train", "gate", "unseen")}
    every = [im for role in images.values() for im in role.values()]
    found = parallel_map(partial(split_into_regions, config), every, announce=print)
    for role, named in images.items():
        arrays = {}
        with ConduitWriter(CONDUITS / f"{role}.h5", ndim=every[0].ndim) as writer:
            # the rest of the tasks goes on while these conduits are cut
            for index, regions in enumerate(islice(found, len(named))):
                arrays[f"{index:03d}/labels"] = regions.labels
                arrays[f"{index:03d}/conns"] = regions.conns
                for batch in conductance_conduits(regions.labels, regions.conns, volume=index):
                    writer.append(batch)
        write_hdf5(REGIONS / f"{role}.h5", arrays, {"names": list(named)})


if __name__ == "__main__":
    with exit_on_input_error():
        main()
