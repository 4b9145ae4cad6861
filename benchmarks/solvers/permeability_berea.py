"""Permeability of Berea sandstone cubes of 128³ against the published values, axis by axis.

    python benchmarks/solvers/permeability_berea.py ../shared/data --cubes 18 --network

The data folder holds berea_400.npz and berea_128_permeability.csv. Each variant of walls and
sides is compared with the published k; `--network` adds the network of hydraulic size factors.
"""

import argparse
import csv
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse import coo_array, diags_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import spsolve

from poreops.conduits.crop import face_regions, mirrored_conduit
from poreops.conduits.hydraulic import conduit_hydraulic_size_factors, hydraulic_size_factors
from poreops.conduits.partition import partition
from poreops.solvers.stokes.permeability import REFLECTED, SEALED, Boundary, Walls, permeability

EDGE = 128
AXES = "zyx"  # of the table, at numpy axes 0, 1, 2
VARIANTS: dict[str, tuple[Boundary, Walls]] = {
    "reflected smooth": (REFLECTED, "smooth"),
    "reflected stepped": (REFLECTED, "stepped"),
    "sealed stepped": (SEALED, "stepped"),
}


def network_permeability(im: NDArray[np.bool_]) -> tuple[list[float], float, int]:
    """Return k along each axis of the pore network, seconds and number of conduits."""
    regions = partition(im)
    start = time.perf_counter()
    labels, count = regions.labels, int(regions.labels.max())
    one, two = regions.conns.T
    inner = hydraulic_size_factors(labels, regions.conns)
    boxes = ndimage.find_objects(labels)
    found, conduits = [], inner.size
    for axis in range(3):
        ends = []
        for side in (0, 1):
            touching = face_regions(labels, axis, side)
            crops = (mirrored_conduit(labels, r, axis, side, boxes[r]) for r in touching)
            ends.append(np.zeros(count))
            ends[-1][touching] = 2 * conduit_hydraulic_size_factors(crops)
            conduits += touching.size
        graph = coo_array((inner, (one, two)), shape=(count, count)).tocsr()
        graph = graph + graph.T
        _, cluster = connected_components(graph > 0, directed=False)
        joined = np.intersect1d(cluster[ends[0] > 0], cluster[ends[1] > 0])
        keep = np.isin(cluster, joined)
        total = graph.sum(axis=1) + ends[0] + ends[1]
        matrix = (diags_array(total) - graph).tocsc()[keep][:, keep]
        pressure = spsolve(matrix, ends[0][keep])
        rate = float(ends[1][keep] @ pressure)
        found.append(rate * im.shape[axis] / (im.size / im.shape[axis]))
    return found, time.perf_counter() - start, conduits


def main() -> None:
    """Print a line per cube, then the deviations and times of all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder of the Berea image and table")
    parser.add_argument("--cubes", type=int, default=18, help="so many of them")
    parser.add_argument("--first", type=int, default=0, help="number of the first")
    parser.add_argument("--tolerance", type=float, default=1e-3)
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--network", action="store_true", help="beside sealed stepped")
    args = parser.parse_args()
    whole = np.load(args.data / "berea_400.npz")["im"]
    with (args.data / "berea_128_permeability.csv").open() as table:
        rows = list(csv.DictReader(table))[args.first :][: args.cubes]
    ratios: dict[str, list[list[float]]] = {name: [] for name in args.variants}
    seconds: list[float] = []
    network: list[list[float]] = []
    for row in rows:
        corner = [int(row[f"{a}0"]) for a in AXES]
        im = whole[tuple(slice(c, c + EDGE) for c in corner)]
        published = [float(row[f"k{a}_vox2"]) for a in AXES]
        line = [f"cube {row['cube']:>2}"]
        for name in args.variants:
            boundary, walls = VARIANTS[name]
            k = []
            for axis in range(3):
                start = time.perf_counter()
                run = permeability(
                    im, axis, boundary=boundary, walls=walls, tolerance=args.tolerance
                )
                seconds.append(time.perf_counter() - start)
                k.append(run.permeability)
            ratios[name].append([a / b for a, b in zip(k, published, strict=True)])
            line.append(f"{name} " + " ".join(f"{r:.3f}" for r in ratios[name][-1]))
            if args.network and name == "sealed stepped":
                found, spent, conduits = network_permeability(im)
                network.append([a / b for a, b in zip(found, k, strict=True)])
                shown = " ".join(f"{r:.3f}" for r in network[-1])
                line.append(f"network/DNS {shown} ({conduits} conduits {spent:.0f} s)")
        print(" | ".join(line), flush=True)
    print(f"k over published along {', '.join(AXES)}: mean, median and largest deviation")
    for name, found in ratios.items():
        ratio = np.array(found)
        print(
            f"{name:18s}", ratio.mean(axis=0).round(3),
            np.median(abs(ratio - 1), axis=0).round(3), abs(ratio - 1).max(axis=0).round(3),
        )  # fmt: skip
    if network:
        ratio = np.array(network)
        print("network over DNS  ", ratio.mean(axis=0).round(3), "largest deviation",
              abs(ratio - 1).max(axis=0).round(3))  # fmt: skip
    print(f"seconds a cube and axis: median {np.median(seconds):.1f}, largest {max(seconds):.1f}")


if __name__ == "__main__":
    main()
