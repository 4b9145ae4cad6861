"""Which friction at edges suits smooth grains: coarsen a smooth medium and see k change.

    python benchmarks/permeability_resolution.py --size 160 --seeds 2

A smooth random field is thresholded at porosity 0.25 on a fine grid and on coarser ones, each
coarse value the mean of the fine ones. All k are relative to SMOOTH on the finest grid, which
spheres of that resolution put within one per cent of the truth (permeability_exact.py).
"""

import argparse
import warnings

import numpy as np
from scipy import ndimage

from poreops.transport.stokes import SMOOTH, STEPPED, UnderResolvedWarning, permeability

POROSITY = 0.25


def main() -> None:
    """Print k over the fine value for each coarsening and friction."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=160)
    parser.add_argument("--seeds", type=int, default=2)
    options = parser.parse_args()
    warnings.simplefilter("ignore", UnderResolvedWarning)
    for seed in range(options.seeds):
        noise = np.random.default_rng(seed).standard_normal((options.size,) * 3, np.float32)
        field = ndimage.gaussian_filter(noise, options.size / 20, mode="wrap")
        level = np.quantile(field, 1 - POROSITY)
        fine = 0.0
        for factor in (1, 2, 4, 5):
            n = options.size // factor
            part = field[: n * factor, : n * factor, : n * factor]
            coarse = part.reshape(n, factor, n, factor, n, factor).mean(axis=(1, 3, 5))
            k = [
                permeability(coarse > level, 0, edge_friction=e, voxel_size=factor).permeability
                for e in (SMOOTH, 1.5, STEPPED)
            ]
            fine = fine or k[0]
            print(
                f"seed {seed} 1/{factor}: k {k[0] / factor**2:.4f} voxel², over the finest "
                f"SMOOTH {k[0] / fine:.3f}, 1.5 {k[1] / fine:.3f}, STEPPED {k[2] / fine:.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
