"""The discretisation error that `refine=2` states, against finer splittings of the same voxels.

    python benchmarks/solvers/permeability_refinement.py ../shared/data/berea_400.npz

Eight cubes of 48³: two of Berea sandstone and a plug of each kind of the pipeline. The limit
extrapolated from the voxels and from their halves (what `refine=2` gives) is compared with that
from halves and thirds, with the same order and with the first order; the order fitted to all
three grids stands beside them. `--finest 4` adds quarters, and the order fitted to the last three.
"""

import argparse
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray
from scipy.optimize import brentq

from poreops.solvers.stokes.permeability import UnderResolvedWarning, Walls, permeability
from poreops.solvers.stokes.refinement import extrapolated, split_voxels
from poreops.synthetic.plugs import PlugsConfig, draw_plug, plugs

EDGE = 48
CORNERS = {"berea a": (100, 100, 100), "berea b": (250, 40, 200)}


def cubes(berea: Path) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield name and pores of each cube."""
    whole = np.load(berea)["im"]
    for name, corner in CORNERS.items():
        yield name, whole[tuple(slice(c, c + EDGE) for c in corner)]
    stated = yaml.safe_load(Path("params.yaml").read_text())["properties"]["rocks"]["plugs"]
    config = PlugsConfig(**(stated | {"shape": (EDGE,) * 3}))
    seen = set()
    for plug in plugs(config):
        if plug.genesis not in seen:
            seen.add(plug.genesis)
            yield plug.genesis, draw_plug(config, plug)


def fitted_order(k: list[float], parts: int) -> float:
    """Return the order that the last three of the grids 1 .. parts follow."""
    sizes = 1 / np.arange(parts - 2, parts + 1)
    first, second = k[-3] - k[-2], k[-2] - k[-1]

    def gap(order: float) -> float:
        powers = sizes**order
        return float((powers[0] - powers[1]) / (powers[1] - powers[2]) - first / second)

    return float(brentq(gap, 0.1, 6.0))


def main() -> None:
    """Print a line per cube and the largest deviations."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("berea", type=Path, help="berea_400.npz")
    parser.add_argument("--finest", type=int, default=3, help="parts of a voxel's edge")
    parser.add_argument("--only", nargs="+", metavar="CUBE", help="so named; all by default")
    parser.add_argument("--tolerance", type=float, default=2e-3)
    args = parser.parse_args()
    warnings.simplefilter("ignore", UnderResolvedWarning)
    deviations = []
    for name, im in cubes(args.berea):
        if args.only and name not in args.only:
            continue
        start = time.perf_counter()

        def k(parts: int, walls: Walls = "stepped", im: NDArray[np.bool_] = im) -> float:
            split = split_voxels(im, parts)
            run = permeability(
                split, 0, voxel_size=1 / parts, walls=walls, tolerance=args.tolerance
            )
            return run.permeability

        native = permeability(im, 0, refine=2, tolerance=args.tolerance)
        stated = native.discretisation
        if stated is None:
            print(f"{name:12s} does not percolate")
            continue
        found = [native.permeability, stated.permeability]
        found += [k(parts) for parts in range(3, args.finest + 1)]
        last = args.finest / (args.finest - 1)
        same = extrapolated(found[-2], found[-1], last)
        first = found[-1] + (found[-1] - found[-2]) / (last - 1)
        deviations.append([stated.limit / same - 1, stated.limit / first - 1])
        print(
            f"{name:12s} porosity {im.mean():.3f}, throats {native.throat_width:.1f} voxels | "
            "k " + " ".join(f"{value:.5f}" for value in found) + f" limit {stated.limit:.5f} | "
            f"over the limit: stepped {native.permeability / stated.limit:.2f}, "
            f"smooth {k(1, 'smooth') / stated.limit:.2f} | "
            f"limit over that of the two finest: {stated.limit / same - 1:+.1%}, "
            f"of first order {stated.limit / first - 1:+.1%} | "
            f"fitted order {fitted_order(found, args.finest):.2f} | "
            f"{time.perf_counter() - start:.0f} s",
            flush=True,
        )
    worst = abs(np.array(deviations)).max(axis=0)
    print(f"largest deviation of the limit: {worst[0]:.1%}, of the first order {worst[1]:.1%}")


if __name__ == "__main__":
    main()
