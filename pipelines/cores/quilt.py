"""Cut the pieces that cores are quilted of, on several seeds: artifacts/cores/models/quilting."""

from pathlib import Path

import numpy as np

from poreops.base.files import sha256
from poreops.base.hdf5 import read_hdf5
from poreops.base.settings import section
from poreops.cores.learning.pieces import QuiltingConfig
from poreops.cores.learning.quilting import METHOD, QuiltingModel
from poreops.errors import exit_on_input_error
from poreops.mlops.tracking import run

CROPS, OUT = Path("artifacts/cores/crops/train.h5"), Path("artifacts/cores/models/quilting")


def main() -> None:
    """Write a model for each seed, and log it with a few of its cores."""
    config, images = section("cores.quilting", QuiltingConfig), read_hdf5(CROPS)[0]["images"]
    for seed in range(config.seed, config.seed + config.repeats):
        with run("cores_quilt", f"{METHOD}/{seed}") as tracked:
            tracked.log_params({"quilting": config.model_dump()})
            tracked.log_dataset(str(CROPS), sha256(CROPS), "crops", rows=len(images))
            model = QuiltingModel.cut(images, config, seed)
            tracked.log_image(np.hstack(model.generate(4)), "samples.png")
            model.save(OUT / str(seed))
            tracked.made(OUT / str(seed))


if __name__ == "__main__":
    with exit_on_input_error():
        main()
