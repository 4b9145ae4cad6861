"""Partition the volumes and cut their conduits: artifacts/regions/ and artifacts/conduits/."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poreops.compute import ComputeConfig, parallel_map
from poreops.errors import exit_on_input_error
from poreops.regions.conduit import extract_conduits
from poreops.regions.partition import PartitionConfig, Regions, partition
from poreops.sections import section
from poreops.store import ConduitWriter, open_hdf5, write_hdf5

VOLUMES, REGIONS = Path("artifacts/volumes"), Path("artifacts/regions")
CONDUITS = Path("artifacts/conduits")


def split_into_regions(config: PartitionConfig, im: NDArray[np.bool_]) -> Regions:
    """Partition one volume; a task of its own."""
    return partition(im, r_max=config.r_max, sigma=config.sigma)


def volumes(role: str) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield the name and the image of each volume of a role."""
    with open_hdf5(VOLUMES / f"{role}.h5") as file:
        for name in sorted(file):
            yield name, file[name][()]


def main() -> None:
    """Write the regions and the conduits of the training and the unseen volumes."""
    config, compute = section("partition", PartitionConfig), section("compute", ComputeConfig)
    for role in ("train", "unseen"):
        names, images = zip(*volumes(role), strict=True)
        found = parallel_map(partial(split_into_regions, config), images, compute, announce=print)
        arrays = {}
        with ConduitWriter(CONDUITS / f"{role}.h5", ndim=images[0].ndim) as writer:
            for index, regions in enumerate(found):
                arrays[f"{index:03d}/labels"] = regions.labels
                arrays[f"{index:03d}/conns"] = regions.conns
                for batch in extract_conduits(regions.labels, regions.conns, volume=index):
                    writer.append(batch)
        write_hdf5(REGIONS / f"{role}.h5", arrays, {"names": list(names)})


if __name__ == "__main__":
    with exit_on_input_error():
        main()
