"""Porosity and permeability of Berea from grey slices, by stacks and a law that saw no Berea.

    python benchmarks/properties/berea.py DATA --model models:/rock-properties@champion

DATA holds berea_400.npz and berea_128_permeability.csv. Slices of each published 128³ cube,
across each of the three axes, are rendered grey as the plugs of the pipeline are; the model
predicts the cube from those of each axis, its law fitted anew without the Berea of the package,
and the geometric mean is compared with that of the published permeabilities. Beside what is
served stand the stack's correction and the counted porosity with Kozeny and Carman's law,
whichever of them is served.
"""

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poreops.base.conventions import require_same_walls
from poreops.base.files import read_table
from poreops.params import check
from poreops.properties.learning.laws import LAW, law_rows
from poreops.properties.learning.real_rocks import law_without
from poreops.properties.model import RockModel
from poreops.properties.registry import load_rock_model
from poreops.properties.rocks import spaced
from poreops.properties.slices.features import measure
from poreops.synthetic.scanner import render_slices

EDGE, VOXEL_SIZE = 128, 5.345e-6
AXES = "zyx"  # of the table, at numpy axes 0, 1, 2


def cubes(
    folder: Path, first: int, count: int
) -> Iterator[tuple[str, NDArray[np.bool_], list[float]]]:
    """Yield number, image and published permeability along each axis [m²] of each cube."""
    whole = np.load(folder / "berea_400.npz")["im"]
    with (folder / "berea_128_permeability.csv").open() as file:
        for row in list(csv.DictReader(file))[first:][:count]:
            corner = [int(row[f"{a}0"]) for a in AXES]
            im = whole[tuple(slice(c, c + EDGE) for c in corner)]
            yield row["cube"], im, [float(row[f"k{a}_vox2"]) * VOXEL_SIZE**2 for a in AXES]


def without_berea(learned: Path) -> NDArray[np.float64]:
    """Fit the law on the slices learned from and on the real rocks of the package but Berea."""
    return law_without("berea", law_rows(read_table(learned)))


def main() -> None:
    """Print a line per cube, then what share keeps within the limits."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder of the Berea image and table")
    parser.add_argument("--model", default="models:/rock-properties@champion")
    learned = Path("artifacts/properties/parts/learn.parquet")
    parser.add_argument("--learned", type=Path, default=learned, help="what the law learned from")
    parser.add_argument("--slices", type=int, default=32, help="slices across each axis")
    parser.add_argument("--cubes", type=int, default=18, help="so many of them")
    parser.add_argument("--first", type=int, default=0, help="number of the first")
    args = parser.parse_args()
    rendering = check().properties.rocks.rendering
    served: RockModel = load_rock_model(args.model)
    if served.walls is not None:
        require_same_walls(served.walls, "the model", "stepped", "the published permeability")
    served.law = without_berea(args.learned)
    models = {
        "served": served,
        served.name: served.correcting((True, True)),
        LAW: served.correcting((False, False)),
    }
    errors = {name: [] for name in models}  # (cubes, axes, 2) of porosity and log k
    inside = []
    print(f"served: {served.served}")
    print(f"cube   porosity: true, served     k / published: {', '.join(models)}")
    for cube, im, published in cubes(args.data, args.first, args.cubes):
        truth = np.stack([np.full(3, im.mean()), np.log(published)], axis=1)
        found = {name: [] for name in models}
        for axis in range(3):
            turned = np.moveaxis(im, axis, 0)
            grey = render_slices(turned, spaced(EDGE, args.slices), rendering, seed=axis)
            seen = served.predict(grey, VOXEL_SIZE, f"cube {cube}")
            table = measure(seen.segmented.labels, VOXEL_SIZE)
            for name, model in models.items():
                found[name].append(model.predict_plug(table))
            bounds = (seen.plug["porosity"][1:], seen.plug["permeability_m2"][1:])
            values = (im.mean(), published[axis])
            inside.append(
                [low <= v <= high for v, (low, high) in zip(values, bounds, strict=True)]
            )
        for name, values in found.items():
            errors[name].append(np.array(values) - truth)
        ratios = [np.exp(errors[name][-1][:, 1].mean()) for name in models]
        porosity = np.mean(found["served"], axis=0)[0]
        shown = "   ".join(f"{ratio:.2f}" for ratio in ratios)
        print(f"{cube:>4}   {im.mean():.4f} {porosity:.4f}   {shown}", flush=True)
    for name, of in errors.items():
        porosity, log_k = np.array(of).mean(axis=1).T
        print(f"{name}: porosity within 0.03 {(np.abs(porosity) <= 0.03).mean():.0%}, largest "
              f"error {np.abs(porosity).max():.4f}; k within a factor 2 "
              f"{(np.abs(log_k) <= np.log(2)).sum()} of {len(log_k)} cubes, geometric mean of the "
              f"ratio {np.exp(log_k.mean()):.2f}, scatter a factor of "
              f"{np.exp(log_k.std()):.2f}")  # fmt: skip
    shares = np.mean(inside, axis=0)
    print(f"inside the {100 * served.coverage:g} % intervals, axis by axis: porosity "
          f"{shares[0]:.0%}, permeability {shares[1]:.0%} of {len(inside)}")  # fmt: skip


if __name__ == "__main__":
    main()
