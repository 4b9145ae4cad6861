"""Draw the picture of the README from a sample rock: docs/overview.png."""

from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.collections import LineCollection

import poreops
from poreops.conduits.crop import region_centroids
from poreops.synthetic.sample import sample_rock

OUT = Path(__file__).with_name("overview.png")
_THICK = 24  # layers that the network of the picture is taken from


def main() -> None:
    """Three panels: the rock, its regions, and the conduits round one slice."""
    im = sample_rock()
    middle = len(im) // 2
    regions = poreops.partition(im)
    factors = poreops.diffusive_size_factors(regions.labels, regions.conns)
    figure, axes = plt.subplots(1, 3, figsize=(10.5, 3.7), layout="constrained")
    axes[0].imshow(~im[middle], cmap="gray", vmin=-0.6, vmax=1.2)
    axes[0].set_title("an image: solid and pore")

    shuffled = np.random.default_rng(2).permutation(regions.count) + 1
    labels = np.where(im, np.insert(shuffled, 0, 0)[regions.labels], 0)[middle]
    axes[1].imshow(np.ma.masked_equal(labels, 0), cmap="turbo", interpolation="nearest")
    axes[1].set_title("its pores")

    centroids = region_centroids(regions.labels)
    near = np.abs(centroids[:, 0] - middle) < _THICK
    chosen = near[regions.conns].all(axis=1) & (factors > 0)
    ends = centroids[regions.conns[chosen]][:, :, [2, 1]]
    lines = LineCollection(ends, array=np.log10(factors[chosen]), cmap="viridis", linewidths=2)
    axes[2].imshow(im[middle], cmap="gray_r", alpha=0.12)
    axes[2].add_collection(lines)
    axes[2].plot(*centroids[near][:, [2, 1]].T, "o", color="0.25", markersize=2.5)
    axes[2].set_title("conduits by their size factor")
    figure.colorbar(lines, ax=axes[2], label="log₁₀ of the size factor [voxel]", shrink=0.85)
    for ax in axes:
        ax.set(xticks=[], yticks=[])
    figure.savefig(OUT, dpi=110)


if __name__ == "__main__":
    main()
