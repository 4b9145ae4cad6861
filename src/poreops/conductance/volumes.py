"""The volumes of the line: sphere packs of each role, and the real ones that a table lists."""

import csv
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poreops.images.labels import parse_labels
from poreops.images.read import read_volume
from poreops.images.spacing import parse_voxel_size
from poreops.machine.tasks import parallel_map
from poreops.synthetic.spheres import ROLES, VolumesConfig, sphere_pack, volume_seed

Image = NDArray[np.bool_]


def drawn_volumes(
    config: VolumesConfig, announce: Callable[[str], object]
) -> dict[str, tuple[dict[str, Image], list[int]]]:
    """Draw every role's volumes, all from seeds of their own, on several processes.

    Parameters
    ----------
    config : VolumesConfig
    announce : told the address of the dashboard

    Returns
    -------
    role → (name → (nx, ny[, nz]) bool, True = pore; the seed of each)
    """
    tasks = {
        (role, i): volume_seed(config.seed, role, i)
        for role in ROLES
        for i in range(getattr(config, role))
    }
    drawn = dict(
        zip(
            tasks,
            parallel_map(partial(_draw, config), tasks.values(), announce=announce),
            strict=True,
        )
    )
    return {
        role: (
            {f"{role}_{i:03d}": im for (r, i), im in drawn.items() if r == role},
            [seed for (r, _), seed in tasks.items() if r == role],
        )
        for role in ROLES
    }


def real_volumes(table: Path, announce: Callable[[str], object]) -> Mapping[str, Image]:
    """Read the volumes that a table lists.

    Parameters
    ----------
    table : CSV with the columns of inputs/README.md; paths in it start from its folder
    announce : told how each file was read

    Returns
    -------
    ``real_<name>`` → (nx, ny[, nz]) bool, True = pore

    Raises
    ------
    InputError
        If a file is not what its row says.
    """
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    volumes = {}
    for row in rows:
        volume = read_volume(
            table.parent / row["path"],
            pore_label=parse_labels(row["pore_label"]),
            voxel_size=parse_voxel_size(row["voxel_size_m"] or None),
        )
        for line in volume.reading.lines():
            announce(f"{row['name']}: {line}")
        volumes[f"real_{row['name']}"] = volume.image
    return volumes


def _draw(config: VolumesConfig, seed: int) -> Image:
    """Draw one volume; a task of its own."""
    return sphere_pack(config.spheres, config.ndim, seed)
