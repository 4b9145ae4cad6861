"""What white noise costs: KID of real crops whose detector noise is drawn anew.

    python benchmarks/cores/noise_colour.py artifacts/cores/crops/train.h5

Each crop is smoothed by a median of 7 x 7 pixels and gets independent normal noise of the spread
that the flat parts of the crops have. Prints the correlation of neighbours there, and the KID of
100 such crops and of as many untouched ones to 100 others.
"""

import argparse

import numpy as np
import scipy.ndimage as spim

from poreops.base.hdf5 import read_hdf5
from poreops.cores.features.extractors import extractor
from poreops.cores.features.scores import kid

FLAT = 8  # grey levels round the median


def main() -> None:
    """Print correlations and KID."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("crops")
    images = read_hdf5(parser.parse_args().crops)[0]["images"]
    rng = np.random.default_rng(0)
    reference, other = np.split(images[rng.permutation(len(images))[:200]], 2)
    smooth = np.stack([spim.gaussian_filter(crop.astype(float), 1.5) for crop in other])
    flat = np.abs(smooth - np.median(smooth)) < FLAT
    grain = np.where(flat, other - np.median(smooth), 0)
    for name, axis in (("down", 1), ("across", 2)):
        both = flat & np.roll(flat, -1, axis)
        product = (grain * np.roll(grain, -1, axis))[both].mean()
        print(f"correlation of neighbours {name}: {product / (grain[flat] ** 2).mean():.2f}")
    median = np.stack([spim.median_filter(crop, 7) for crop in other])
    white = median + rng.normal(0, other[flat].std(), median.shape)
    features = extractor("efficientnet-lite0").features
    target = features(reference)
    for name, crops in (("untouched", other), ("white noise", np.clip(np.rint(white), 0, 255))):
        found = kid(features(crops.astype(np.uint8)), target, subsets=20, size=50, seed=1)
        print(f"{name}: KID {found.mean:.3f} ± {found.sd:.3f}")


if __name__ == "__main__":
    main()
