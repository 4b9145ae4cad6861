"""Digital cores: draw some, and compare their structure with that of real images.

python docs/examples/cores.py --model models:/digital-core@challenger real/
"""

import argparse
from pathlib import Path

import numpy as np
import tifffile

from poreops.cores.features.structure import Segmentation, distances, structure
from poreops.cores.registry import load_core_model


def main() -> None:
    """Print how far drawn cores are from real ones, and how far real ones are from each other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("real", type=Path, help="folder of 8-bit grey TIFF images of one size")
    parser.add_argument("--model", required=True, help="URI or folder")
    parser.add_argument("--smoothing", type=float, default=1.5, help="[pixel]")
    options = parser.parse_args()

    real = np.stack([tifffile.imread(path) for path in sorted(options.real.glob("*.tif"))])
    size = real.shape[1]
    drawn = load_core_model(options.model).generate(len(real), size, seed=1)

    # thresholds of the real images part both sets
    segmentation = Segmentation.fit(real, options.smoothing)
    r_max = size // 4
    target = structure(real[::2], segmentation, r_max)
    for name, images in (("drawn", drawn), ("real, the other half", real[1::2])):
        found = structure(images, segmentation, r_max)
        print(f"{name}: pore share {found.shares['pore'].mean():.3f}")
        for score, value in distances(found, target).items():
            print(f"    {score:>20} {value:.3f}")


if __name__ == "__main__":
    main()
