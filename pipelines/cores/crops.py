"""Cut crops of grey images to train, search, gate and report on: artifacts/cores/crops/<part>.h5.

Without images in params.yaml a synthetic shale is drawn.
"""

from pathlib import Path

from poreops.base.settings import section
from poreops.cores.crops import CropsConfig, cut_crops
from poreops.errors import exit_on_input_error
from poreops.images.grey_stack import read_grey
from poreops.synthetic.shale import synthetic_shale

INPUTS, OUT = Path("data/cores"), Path("artifacts/cores/crops")


def main() -> None:
    """Write the crops of each part."""
    config = section("cores.crops", CropsConfig)
    if config.images:
        slices = [image for name in config.images for image in read_grey(INPUTS / name).image]
    else:
        slices = list(synthetic_shale(config.synthetic, config.seed))
    sources = [Path(name).name for name in config.images] or ["synthetic shale"]
    for part, crops in cut_crops(slices, config).items():
        crops.write(OUT / f"{part}.h5", sources, config.hold_out)


if __name__ == "__main__":
    with exit_on_input_error():
        main()
