"""Agreement of the segmentation with masks that people drew of a real sandstone.

    python benchmarks/properties/segmentation_sandstone.py ROCKS

ROCKS holds sandstone_versa_sreeni.npz: grey slices of a plug in its sleeve, with bright minerals,
and masks with a colour for each phase (pore and outside blue, clay green, quartz red, heavy
minerals yellow). The field of view is the hull of what is not blue.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from skimage.morphology import convex_hull_image, disk, erosion

from poreops.params import check
from poreops.properties.slices.segment import segment

RIM = 5  # pixels at the sleeve that are left out


def dice(found: NDArray[np.bool_], true: NDArray[np.bool_]) -> float:
    """Return twice the overlap over the sum."""
    return float(2 * np.count_nonzero(found & true) / (found.sum() + true.sum()))


def main() -> None:
    """Print a line for each slice."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rocks", type=Path, help="folder of sandstone_versa_sreeni.npz")
    args = parser.parse_args()
    config = check().properties.segmentation
    with np.load(args.rocks / "sandstone_versa_sreeni.npz") as file:
        grey, masks = file["grey"], file["masks"]
    print("slice   Dice   porosity: found, drawn   with clay   quartz taken for pore")
    for k, mask in enumerate(masks):
        red, green = (mask[..., channel] > 0 for channel in (0, 1))
        inside = erosion(convex_hull_image(red | green), disk(RIM))
        pore = segment(grey[k : k + 1], config, mask=inside).labels[0][inside] > 0
        void, clay, quartz = (
            (a & b)[inside] for a, b in ((~red, ~green), (~red, green), (red, ~green))
        )
        print(
            f"{k:>5}   {dice(pore, void):.3f}   {pore.mean():15.3f}  {void.mean():.3f}   "
            f"{(void | clay).mean():9.3f}   {(pore & quartz).mean():.3f}"
        )


if __name__ == "__main__":
    main()
