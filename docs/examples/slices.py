"""Grey slices: find the pores, measure them, and predict porosity and permeability.

    python docs/examples/slices.py slice.tif --voxel-size 4e-6

finds and measures the pores only; with `--model models:/rock-properties@champion` (`make repro`
makes one) it predicts too.
"""

import argparse

import tifffile

import poreops
from poreops.properties.slices.features import measure
from poreops.properties.slices.segment import SegmentConfig, segment

SETTINGS = SegmentConfig(
    denoise="nlm", threshold="local_otsu", level=None, window=48, min_area=6, min_distance=3
)


def main() -> None:
    """Print features of the pores and, with a model, the properties with their intervals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("image", help="a grey slice or a stack, pores dark")
    parser.add_argument("--voxel-size", type=float, required=True, help="[m]")
    parser.add_argument("--model", help="URI or folder")
    options = parser.parse_args()

    grey = tifffile.imread(options.image)
    grey = grey[None] if grey.ndim == 2 else grey
    found = segment(grey, SETTINGS, options.image)
    table = measure(found.labels, options.voxel_size, options.image)
    print(f"{len(grey)} slices, {table['areal_porosity'].mean():.3f} of their area is pore")
    print(table.mean().to_string(float_format="{:.4g}".format))

    if options.model:
        model = poreops.load_rock_model(options.model)
        properties = model.predict(grey, options.voxel_size)
        for name, (value, low, high) in properties.plug.items():
            print(f"{name}: {value:.3g}, {low:.3g} to {high:.3g} in {model.coverage:.0%} of cases")
        if properties.outside:
            print("beyond the rocks it learned from:", ", ".join(properties.outside))


if __name__ == "__main__":
    main()
