"""Draw the synthetic volumes of each role: artifacts/conductance/volumes/<role>.h5, one data set a volume."""

import csv
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poreops.base.hdf5 import write_hdf5
from poreops.base.settings import section
from poreops.errors import exit_on_input_error
from poreops.images.labels import parse_labels
from poreops.images.read import read_volume
from poreops.images.spacing import parse_voxel_size
from poreops.machine.tasks import parallel_map
from poreops.synthetic.spheres import ROLES, VolumesConfig, sphere_pack, volume_seed

OUT = Path("artifacts/conductance/volumes")
REAL = Path("data/conductance/volumes.csv")


def draw(config: VolumesConfig, seed: int) -> NDArray[np.bool_]:
    """Draw one volume; a task of its own."""
    return sphere_pack(config.spheres, config.ndim, seed)


def real_volumes() -> dict[str, NDArray[np.bool_]]:
    """Read the volumes that data/conductance/volumes.csv lists; they join the training volumes."""
    with REAL.open(newline="") as file:
        rows = list(csv.DictReader(file))
    volumes = {}
    for row in rows:
        volume = read_volume(
            REAL.parent / row["path"],
            pore_label=parse_labels(row["pore_label"]),
            voxel_size=parse_voxel_size(row["voxel_size_m"] or None),
        )
        for line in volume.reading.lines():
            print(f"{row['name']}: {line}")
        volumes[f"real_{row['name']}"] = volume.image
    return volumes


def main() -> None:
    """Write every role's volumes, all drawn from seeds of their own."""
    config = section("conductance.volumes", VolumesConfig)
    tasks = {
        (role, i): volume_seed(config.seed, role, i)
        for role in ROLES
        for i in range(getattr(config, role))
    }
    drawn = parallel_map(partial(draw, config), tasks.values(), announce=print)
    volumes = dict(zip(tasks, drawn, strict=True))
    for role in ROLES:
        named = {f"{role}_{i:03d}": im for (r, i), im in volumes.items() if r == role}
        named |= real_volumes() if role == "train" else {}
        seeds = [seed for (r, _), seed in tasks.items() if r == role]
        write_hdf5(OUT / f"{role}.h5", named, {"seeds": np.array(seeds, dtype=np.int64)})


if __name__ == "__main__":
    with exit_on_input_error():
        main()
