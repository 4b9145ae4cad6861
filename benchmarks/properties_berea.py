"""Porosity and permeability of Berea from grey slices, by a model that saw no Berea slice.

    python benchmarks/properties_berea.py DATA --model models:/rock-properties@champion

DATA holds berea_400.npz and berea_128_permeability.csv. Slices of each published 128³ cube,
across each of the three axes, are rendered grey as the plugs of the pipeline are; the model
predicts the cube from those of each axis, and the geometric mean is compared with that of the
published permeabilities. Kozeny and Carman's law stands beside it, with its constant fitted on
the slices that the model learned from (`--table`).
"""

import argparse
import csv
from pathlib import Path

import numpy as np
import pandas as pd

from poreops.learning.ensemble import kozeny_carman
from poreops.learning.rock_model import RockModel, in_units, targets
from poreops.params import resolve
from poreops.rocks.properties import load_rock_model
from poreops.slices.features import measure
from poreops.slices.render import render_slices
from poreops.slices.rock_table import MILLIDARCY, spaced
from poreops.store import read_table
from poreops.transport.walls import require_same_walls

EDGE, VOXEL_SIZE = 128, 5.345e-6
AXES = "zyx"  # of the table, at numpy axes 0, 1, 2


def law(table: pd.DataFrame, learned: pd.DataFrame) -> float:
    """Return the mean log k of slices by Kozeny and Carman's law, fitted on others."""
    log_porosity = np.log(np.r_[learned["areal_porosity"], table["areal_porosity"]])
    unknown = np.full((len(table), 2), np.nan)
    rows = np.arange(len(log_porosity)) < len(learned)
    found = kozeny_carman(log_porosity, np.concatenate([targets(learned), unknown]), rows)
    return float(in_units(found[~rows], table)[:, 1].mean())


def main() -> None:
    """Print a line per cube, then what share keeps within the limits."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder of the Berea image and table")
    parser.add_argument("--model", default="models:/rock-properties@champion")
    parser.add_argument("--table", type=Path, default=Path("artifacts/features/slices.parquet"))
    parser.add_argument("--slices", type=int, default=32, help="slices across each axis")
    parser.add_argument("--cubes", type=int, default=18, help="so many of them")
    parser.add_argument("--first", type=int, default=0, help="number of the first")
    args = parser.parse_args()
    rendering = resolve("params.yaml", "profiles").rocks.rendering
    model: RockModel = load_rock_model(args.model)
    learned = read_table(args.table)
    if model.walls is not None:
        require_same_walls(model.walls, "the model", "stepped", "the published permeability")
    whole = np.load(args.data / "berea_400.npz")["im"]
    with (args.data / "berea_128_permeability.csv").open() as file:
        rows = list(csv.DictReader(file))[args.first :][: args.cubes]
    found = []
    print("cube   porosity: true, model     k [mD]: published, model, ratio, Kozeny-Carman")
    for row in rows:
        corner = [int(row[f"{a}0"]) for a in AXES]
        im = whole[tuple(slice(c, c + EDGE) for c in corner)]
        published = [float(row[f"k{a}_vox2"]) * VOXEL_SIZE**2 for a in AXES]
        porosity, log_k, by_law, inside = [], [], [], []
        for axis in range(3):
            turned = np.moveaxis(im, axis, 0)
            grey = render_slices(turned, spaced(EDGE, args.slices), rendering, seed=axis)
            seen = model.predict(grey, VOXEL_SIZE, f"cube {row['cube']}")
            value = seen.plug
            porosity.append(value["porosity"][0])
            k, low, high = value["permeability_m2"]
            log_k.append(np.log(k))
            inside.append(low <= published[axis] <= high)
            by_law.append(law(measure(seen.segmented.labels, VOXEL_SIZE), learned))
        true_k = np.log(published).mean()
        found.append(
            {
                "porosity": np.mean(porosity) - im.mean(),
                "model": np.mean(log_k) - true_k,
                "law": np.mean(by_law) - true_k,
                "axes": np.array(log_k) - np.log(published),
                "inside": np.mean(inside),
            }
        )
        print(
            f"{row['cube']:>4}   {im.mean():.4f} {np.mean(porosity):.4f}   "
            f"{np.exp(true_k) / MILLIDARCY:8.0f} {np.exp(np.mean(log_k)) / MILLIDARCY:8.0f}   "
            f"{np.exp(found[-1]['model']):.2f}   {np.exp(found[-1]['law']):.2f}",
            flush=True,
        )
    errors = {key: np.array([f[key] for f in found]) for key in ("porosity", "model", "law")}
    axes = np.stack([f["axes"] for f in found])
    print(f"porosity within 0.03: {(np.abs(errors['porosity']) <= 0.03).mean():.0%}, "
          f"largest error {np.abs(errors['porosity']).max():.4f}")  # fmt: skip
    for name, error in (("model", errors["model"]), ("Kozeny-Carman", errors["law"])):
        print(f"{name}: {(np.abs(error) <= np.log(2)).mean():.0%} of the cubes within a factor 2, "
              f"geometric mean of the ratio {np.exp(error.mean()):.2f}, "
              f"scatter a factor of {np.exp(error.std()):.2f}")  # fmt: skip
    print(f"axis by axis: {(np.abs(axes) <= np.log(2)).mean():.0%} within a factor 2, "
          f"{np.mean([f['inside'] for f in found]):.0%} inside the "
          f"{100 * model.coverage:g} % intervals")  # fmt: skip


if __name__ == "__main__":
    main()
