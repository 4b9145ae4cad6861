"""Time the partition beside PoreSpy's serial SNOW, and say how the regions differ.

    python benchmarks/solvers/partition.py FOLDER/berea_400.npz --sizes 100 200

Both at PoreSpy's defaults, r_max = 4 and sigma = 0.4.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import porespy

from poreops import partition


def main() -> None:
    """Print seconds, pores, throats and the share of voxels whose region differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("image", type=Path, help="npz with the key im, True = pore")
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 200])
    options = parser.parse_args()
    porespy.settings.tqdm["disable"] = True
    rock = np.load(options.image)["im"]
    partition(rock[:50, :50, :50])  # compile
    for size in options.sizes:
        im = rock[:size, :size, :size]
        start = time.perf_counter()
        ours = partition(im)
        seconds = time.perf_counter() - start
        start = time.perf_counter()
        snow = porespy.filters.snow_partitioning(im, r_max=4, sigma=0.4)
        theirs = time.perf_counter() - start
        peer = np.asarray(snow.regions) * im
        # each of our regions against the peer's that it shares most voxels with
        pairs, shared = np.unique(
            np.stack([ours.labels[im], peer[im]], axis=1), axis=0, return_counts=True
        )
        most = np.zeros(ours.count + 1, dtype=np.int64)
        np.maximum.at(most, pairs[:, 0], shared)
        print(
            f"{size}³: ours {seconds:.1f} s, {ours.count} regions, {len(ours.conns)} throats; "
            f"PoreSpy {theirs:.1f} s ({theirs / seconds:.1f} times), "
            f"{len(np.unique(peer)) - 1} regions; "
            f"{100 * (1 - most.sum() / im.sum()):.2f} % of the pore voxels differ",
            flush=True,
        )


if __name__ == "__main__":
    main()
