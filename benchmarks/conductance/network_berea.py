"""Compare networks of DNS conduits with full-volume DNS on Berea sandstone.

    python benchmarks/conductance/network_berea.py FOLDER/berea_400.npz --cubes 8

Formation factor of 128³ cubes on every axis, network against full-volume DNS.
"""

import argparse
import itertools
import time
from pathlib import Path

import numpy as np

from poreops import build_network, formation_factor

EDGE = 128


def main() -> None:
    """Print a line per cube and axis, then the largest deviation of each method."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("image", type=Path, help="berea_400.npz with the key im, True = pore")
    parser.add_argument("--cubes", type=int, default=4)
    parser.add_argument("--method", action="append", help="default: dns; model needs --model")
    parser.add_argument("--model", help="as models:/conductance@champion")
    options = parser.parse_args()
    im = np.load(options.image)["im"]
    corners = list(itertools.product((0, 128, 256), repeat=3))[: options.cubes]
    deviations: dict[str, list[float]] = {}
    for corner in corners:
        cube = im[tuple(slice(c, c + EDGE) for c in corner)]
        full = [formation_factor(cube, axis).formation_factor for axis in range(3)]
        for method in options.method or ["dns"]:
            start = time.perf_counter()
            network = build_network(cube, 5.345e-6, method, options.model)
            seconds = time.perf_counter() - start
            for axis in range(3):
                found = network.formation_factor(axis).formation_factor
                deviation = found / full[axis] - 1
                deviations.setdefault(method, []).append(deviation)
                print(
                    f"{corner!s:16} axis {axis}  {method:12} network {found:7.2f}  "
                    f"full DNS {full[axis]:7.2f}  {100 * deviation:+6.2f} %   {seconds:5.1f} s",
                    flush=True,
                )
    for method, values in deviations.items():
        print(
            f"{method}: largest deviation {100 * np.abs(values).max():.1f} %, "
            f"mean {100 * np.abs(values).mean():.1f} %"
        )


if __name__ == "__main__":
    main()
