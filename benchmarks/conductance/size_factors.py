"""Compare the DNS of conduits with PoreSpy's: the same labels, and the ratio of the times.

    python benchmarks/conductance/size_factors.py --berea FOLDER/berea_400.npz

Labels of `convention="porespy"` are compared with PoreSpy's `diffusive_size_factor_DNS` on every
conduit of three sphere packs and of a 100³ crop of Berea; times on a 100³ sphere pack and on a
200³ crop of Berea, ours with all cores, PoreSpy's in its one process, on the same conduits.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import porespy
from numpy.typing import NDArray

from poreops import diffusive_size_factors, partition
from poreops.synthetic.spheres import SpherePackConfig, sphere_pack


def spheres(edge: int, seed: int) -> NDArray[np.bool_]:
    """Draw a sphere pack like those of the default profile."""
    config = SpherePackConfig(
        shape=edge, shape_2d=edge, porosity=(0.35, 0.8), radius=(7, 12),
        radius_spread=0.3, radius_min=3, radius_bins=5,
    )  # fmt: skip
    return sphere_pack(config, 3, seed)


def peer(labels: NDArray[np.int32], conns: NDArray[np.int64]) -> NDArray[np.float64]:
    """Label with PoreSpy, without its progress bar."""
    porespy.settings.tqdm["disable"] = True
    return np.asarray(porespy.networks.diffusive_size_factor_DNS(labels, conns))


def compare(name: str, im: NDArray[np.bool_], sample: int | None) -> None:
    """Print the largest difference and the ratio of the times on the same conduits."""
    regions = partition(im)
    conns = regions.conns
    if sample is not None and len(conns) > sample:
        rows = np.random.default_rng(0).choice(len(conns), sample, replace=False)
        conns = conns[np.sort(rows)]
    diffusive_size_factors(regions.labels, conns[:4], convention="porespy")
    rounds = []
    for _ in range(3):
        start = time.perf_counter()
        ours = diffusive_size_factors(regions.labels, conns, convention="porespy")
        rounds.append(time.perf_counter() - start)
    start = time.perf_counter()
    theirs = peer(regions.labels, conns)
    seconds = time.perf_counter() - start
    worst = np.abs(ours / theirs - 1).max()
    median = float(np.median(rounds))
    print(
        f"{name:24} {len(conns):6} of {len(regions.conns):6} conduits   "
        f"largest difference {worst:.1e}   ours {1e3 * median / len(conns):7.2f} ms   "
        f"PoreSpy {1e3 * seconds / len(conns):8.1f} ms   ratio {seconds / median:6.0f}",
        flush=True,
    )


def main() -> None:
    """Compare on all images."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--berea", type=Path, help="berea_400.npz with the key im, True = pore")
    parser.add_argument("--sample", type=int, default=800, help="conduits of the timed images")
    options = parser.parse_args()
    for seed in (1, 2, 3):
        compare(f"spheres 64³ seed {seed}", spheres(64, seed), None)
    compare("spheres 100³", spheres(100, 4), options.sample)
    if options.berea is None:
        print("Berea: no image given (--berea)")
        return
    rock = np.load(options.berea)["im"]
    compare("Berea 100³", rock[:100, :100, :100], None)
    compare("Berea 200³", rock[:200, :200, :200], options.sample)


if __name__ == "__main__":
    main()
