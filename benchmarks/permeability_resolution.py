"""Which walls suit smooth grains: coarsen a smooth medium and see k change.

    python benchmarks/permeability_resolution.py --size 120 --seeds 5

A smooth random field is thresholded at porosity 0.25 on a fine grid and on coarser ones, each
coarse value the mean of the fine ones. All k are relative to that of smooth walls on the finest
grid, which spheres of that resolution put within one per cent of the truth
(permeability_exact.py). Widths are those that `UnderResolvedWarning` judges.
"""

import argparse
import warnings
from typing import get_args

import numpy as np
from scipy import ndimage

from poreops.transport.stokes import UnderResolvedWarning, Walls, permeability

POROSITY = 0.25
FACTORS = (1, 2, 4, 5)


def coarsened(size: int, seed: int, factor: int) -> np.ndarray:
    """Return the pores of a smooth medium, seen with voxels of `factor`."""
    noise = np.random.default_rng(seed).standard_normal((size,) * 3, np.float32)
    field = ndimage.gaussian_filter(noise, size / 20, mode="wrap")
    n = size // factor
    part = field[: n * factor, : n * factor, : n * factor]
    coarse = part.reshape(n, factor, n, factor, n, factor).mean(axis=(1, 3, 5))
    return np.asarray(coarse > np.quantile(field, 1 - POROSITY))


def main() -> None:
    """Print k over the fine value for each seed, coarsening and convention, then the means."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=120)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    warnings.simplefilter("ignore", UnderResolvedWarning)
    conventions = get_args(Walls)
    ratios = np.zeros((options.seeds, len(FACTORS), len(conventions)))
    for seed in range(options.seeds):
        for row, factor in enumerate(FACTORS):
            im = coarsened(options.size, seed, factor)
            runs = {w: permeability(im, 0, walls=w, voxel_size=factor) for w in conventions}
            if row == 0:
                fine = runs["smooth"].permeability
            ratios[seed, row] = [run.permeability / fine for run in runs.values()]
            found = ", ".join(
                f"{w} {r:.3f}" for w, r in zip(conventions, ratios[seed, row], strict=True)
            )
            print(f"seed {seed} 1/{factor}: {found}", flush=True)
    print(f"mean and standard deviation of {options.seeds} seeds")
    for row, factor in enumerate(FACTORS):
        found = ", ".join(
            f"{w} {r.mean():.2f} ± {r.std(ddof=1):.2f}"
            for w, r in zip(conventions, ratios[:, row].T, strict=True)
        )
        print(f"1/{factor}: {found}")


if __name__ == "__main__":
    main()
