"""Permeability of Berea from one diffusion solve, by a law that was fitted without any Berea.

    python benchmarks/properties/berea_volumes.py DATA

DATA holds berea_400.npz and berea_128_permeability.csv. The law of the package is fitted on its
plugs but those of the group "berea"; each published 128³ cube is predicted along each axis.
"""

import argparse
import csv
from pathlib import Path

import numpy as np

import poreops
from poreops.properties.volumes.law import calibrated
from poreops.properties.volumes.measured import shipped

EDGE, AXES = 128, "zyx"  # of the table, at numpy axes 0, 1, 2


def main() -> None:
    """Print a line per cube, then the errors of all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder of the Berea image and table")
    parser.add_argument("--cubes", type=int, default=18, help="so many of them")
    parser.add_argument("--workers", type=int, default=1, help="threads of a solve")
    args = parser.parse_args()
    table = shipped()
    law = calibrated(table[table["group"] != "berea"])
    whole = np.load(args.data / "berea_400.npz")["im"]
    ratios, inside, porosities = [], [], []
    print("cube   k / published along 0, 1, 2")
    with (args.data / "berea_128_permeability.csv").open() as file:
        rows = list(csv.DictReader(file))[: args.cubes]
    for row in rows:
        corner = [int(row[f"{a}0"]) for a in AXES]
        im = whole[tuple(slice(c, c + EDGE) for c in corner)]
        of_cube = []
        for axis, letter in enumerate(AXES):
            found = poreops.volume_properties(im, axis, law=law, workers=args.workers)
            published = float(row[f"k{letter}_vox2"])
            k, low, high = found.permeability
            of_cube.append(k / published)
            inside.append(low <= published <= high)
        porosities.append(abs(found.porosity[0] - float(row["porosity_total"])))
        ratios.append(of_cube)
        print(f"{row['cube']:>4}   {'   '.join(f'{ratio:.3f}' for ratio in of_cube)}", flush=True)
    every = np.array(ratios)
    print(f"{len(every)} cubes: mean error along an axis {np.abs(every - 1).mean():.1%}, largest "
          f"{np.abs(every - 1).max():.1%}; of the cubes' geometric means "
          f"{np.abs(np.exp(np.log(every).mean(axis=1)) - 1).mean():.1%}; ratio "
          f"{np.exp(np.log(every).mean()):.3f}, scatter a factor of "
          f"{np.exp(np.log(every).std()):.3f}")  # fmt: skip
    print(f"inside the {100 * law.coverage:g} % intervals {np.mean(inside):.0%}; porosity within "
          f"{max(porosities):.1e}")  # fmt: skip


if __name__ == "__main__":
    main()
