"""Time the two-point correlation of 2D images, and compare it with the count of pairs.

python benchmarks/solvers/two_point.py [--sizes 256 1024] [--r-max 100]
"""

import argparse
import time

import numpy as np

from poreops.images.statistics import two_point_correlation


def counted(image: np.ndarray, r_max: int) -> np.ndarray:
    """S2 along both axes, pair by pair."""
    rows, columns = image.shape
    return np.array(
        [
            [(image[: rows - r] & image[r:]).mean() for r in range(r_max + 1)],
            [(image[:, : columns - r] & image[:, r:]).mean() for r in range(r_max + 1)],
        ]
    )


def main() -> None:
    """Print the best of several runs for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 512, 1024])
    parser.add_argument("--r-max", type=int, default=100)
    given = parser.parse_args()
    rng = np.random.default_rng(0)
    for size in given.sizes:
        image = rng.random((size, size)) < 0.2
        seconds = []
        for _ in range(15):
            start = time.perf_counter()
            found = two_point_correlation(image, given.r_max)
            seconds.append(time.perf_counter() - start)
        error = np.abs(found.axes - counted(image, given.r_max)).max()
        print(
            f"{size}²: radial and both axes to r = {given.r_max} in {1e3 * min(seconds):.1f} ms "
            f"(median {1e3 * np.median(seconds):.1f}); off the count by {error:.0e}"
        )


if __name__ == "__main__":
    main()
