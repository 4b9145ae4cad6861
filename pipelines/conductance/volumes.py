"""Draw the volumes of each role, read the real ones: artifacts/conductance/volumes."""

from pathlib import Path

import numpy as np

from poreops.base.hdf5 import write_hdf5
from poreops.base.settings import section
from poreops.conductance.volumes import drawn_volumes, real_volumes
from poreops.errors import exit_on_input_error
from poreops.synthetic.spheres import VolumesConfig

OUT, REAL = Path("artifacts/conductance/volumes"), Path("data/conductance/volumes.csv")


def main() -> None:
    """Write one data set a volume; the real ones join the training volumes."""
    config = section("conductance.volumes", VolumesConfig)
    for role, (volumes, seeds) in drawn_volumes(config, print).items():
        named = volumes | (real_volumes(REAL, print) if role == "train" else {})
        write_hdf5(OUT / f"{role}.h5", named, {"seeds": np.array(seeds, dtype=np.int64)})


if __name__ == "__main__":
    with exit_on_input_error():
        main()
