"""Which walls suit smooth grains: coarsen a smooth medium and see k change.

    python benchmarks/solvers/permeability_resolution.py --size 100 --seeds 5

A smooth random field is thresholded at porosity 0.25 on a fine grid and on coarser ones, each
coarse value the mean of the fine ones. All k are relative to that of smooth walls on the finest
grid, which spheres of that resolution put within one per cent of the truth
(permeability_exact.py); the limit of split voxels stands beside both readings.
"""

import argparse
import warnings

import numpy as np
from scipy import ndimage

from poreops.solvers.stokes.permeability import UnderResolvedWarning, permeability

POROSITY = 0.25
FACTORS = (1, 2, 4, 5)
READINGS = ("stepped", "smooth", "stepped with refine=2, extrapolated")


def coarsened(size: int, seed: int, factor: int) -> np.ndarray:
    """Return the pores of a smooth medium, seen with voxels of `factor`."""
    noise = np.random.default_rng(seed).standard_normal((size,) * 3, np.float32)
    field = ndimage.gaussian_filter(noise, size / 20, mode="wrap")
    n = size // factor
    part = field[: n * factor, : n * factor, : n * factor]
    coarse = part.reshape(n, factor, n, factor, n, factor).mean(axis=(1, 3, 5))
    return np.asarray(coarse > np.quantile(field, 1 - POROSITY))


def main() -> None:
    """Print k over the fine value for each seed, coarsening and reading, then the means."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    warnings.simplefilter("ignore", UnderResolvedWarning)
    ratios = np.zeros((options.seeds, len(FACTORS), len(READINGS)))
    widths = np.zeros((options.seeds, len(FACTORS)))
    for seed in range(options.seeds):
        for row, factor in enumerate(FACTORS):
            im = coarsened(options.size, seed, factor)
            smooth = permeability(im, 0, walls="smooth", voxel_size=factor)
            stepped = permeability(im, 0, voxel_size=factor, refine=2 if factor > 1 else 1)
            split = stepped.discretisation
            limit = np.nan if split is None else split.limit
            if row == 0:
                fine = smooth.permeability
            ratios[seed, row] = np.array([stepped.permeability, smooth.permeability, limit]) / fine
            widths[seed, row] = smooth.throat_width
            print(f"seed {seed} {shown(factor, widths[seed, row], ratios[seed, row])}", flush=True)
    print(f"mean and standard deviation of {options.seeds} seeds")
    for row, factor in enumerate(FACTORS):
        print(shown(factor, widths[:, row].mean(), *moments(ratios[:, row])))


def moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation over the seeds."""
    return values.mean(axis=0), values.std(axis=0, ddof=1)


def shown(factor: int, width: float, ratio: np.ndarray, spread: np.ndarray | None = None) -> str:
    """Return a line of one coarsening."""
    spreads = [""] * len(ratio) if spread is None else [f" ± {s:.2f}" for s in spread]
    found = ", ".join(
        f"{name} {r:.2f}{s}" for name, r, s in zip(READINGS, ratio, spreads, strict=True)
    )
    return f"1/{factor}, throats of {width:.1f} voxels: {found}"


if __name__ == "__main__":
    main()
