"""Measure how often the alarm rings: on packs of spheres, where it should not, and on other rock.

    python benchmarks/conductance/alarm.py calibrate
    python benchmarks/conductance/alarm.py packs
    python benchmarks/conductance/alarm.py rock.npz[:EDGE] ...

The first gives the models of the package the errors that new ones are compared with, on packs that
nothing was learned from: models that the stage conductance_train makes bring theirs. The others
draw 50 conduits of each image 400 times, for `shipped:diffusion` and `shipped:flow`.
"""

import sys
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from poreops import load_model
from poreops.conductance.learning.priors import DIFFICULTY, ESTIMATE
from poreops.conductance.physics import PhysicsModel
from poreops.conductance.registry import shipped_folder
from poreops.conduits.crop import crop_conduits
from poreops.conduits.exchangeability import DRAWN, exchangeability
from poreops.conduits.partition import Regions, partition
from poreops.conduits.simulated import simulated_size_factors
from poreops.params import check
from poreops.synthetic.spheres import sphere_pack, volume_seed

URIS = ("shipped:diffusion", "shipped:flow")
CALIBRATION, PACKS, MOST, DRAWS = range(3), range(3, 6), 300, 400
Floats = NDArray[np.float64]


def pack(number: int) -> Regions:
    """Return a partitioned pack of the role that neither training nor judging of members reads."""
    volumes = check().conductance.volumes
    seed = volume_seed(volumes.seed, "network", number)
    return partition(sphere_pack(volumes.spheres, 3, seed))


def errors(model: PhysicsModel, regions: Regions) -> tuple[NDArray[np.float32], Floats, Floats]:
    """Return traits, predictions and simulations of some conduits, drawn once."""
    order = np.random.default_rng(0).permutation(len(regions.conns))[:MOST]
    conns = regions.conns[np.sort(order)]
    truth = simulated_size_factors(regions.labels, conns, model.label, workers=1)
    crops = crop_conduits(regions.labels, conns)
    rows = np.concatenate([encoded.scalars for encoded, _ in model.prepared(crops)])
    return rows, model.answer(rows).size_factors, truth


def calibrate() -> None:
    """Write the errors of the calibration into the models of the package."""
    every = [pack(number) for number in CALIBRATION]
    for uri in URIS:
        model = load_model(uri)
        rows, found, truth = map(
            np.concatenate, zip(*(errors(model, regions) for regions in every), strict=True)
        )
        known = np.isfinite(model.answer(rows).half_widths) & (truth > 0)
        size, difficulty = (rows[known, at].astype(np.float64) for at in (ESTIMATE, DIFFICULTY))
        model.intervals = model.intervals.scored(
            np.log(found[known] / truth[known]), size, difficulty
        )
        model.save(shipped_folder(uri))
        inside = np.mean(np.array(model.calibration) <= 1)
        print(f"{uri}: {len(model.calibration)} conduits, {inside:.1%} inside the intervals")


def rings(name: str, regions: Sequence[Regions]) -> None:
    """Print how often the alarm rings on images."""
    for uri in URIS:
        model, share, covered, error = load_model(uri), [], [], []
        for each in regions:
            rows, found, truth = errors(model, each)
            widths = model.answer(rows).half_widths
            for seed in range(DRAWS):
                some = np.random.default_rng(seed).permutation(len(truth))[:DRAWN]
                told = exchangeability(found[some], widths[some], truth[some], model.calibration)
                share.append(told.alarm)
            known = np.isfinite(widths)
            covered.append((np.abs(np.log(found / truth)) <= widths)[known].mean())
            error.append(np.abs(found / truth - 1).mean())
        print(
            f"{name} {uri}: alarm in {np.mean(share):.1%} of the draws, inside the intervals "
            f"{np.mean(covered):.1%}, mean error {np.mean(error):.2%}"
        )


def main() -> None:
    """Run what the command line says."""
    for name in sys.argv[1:]:
        if name == "calibrate":
            calibrate()
        elif name == "packs":
            for number in PACKS:
                rings(f"pack {number}", [pack(number)])
        else:
            path, _, edge = name.partition(":")
            with np.load(path) as stored:
                im = stored["im"][(slice(int(edge) if edge else None),) * 3]
            rings(path, [partition(np.ascontiguousarray(im))])


if __name__ == "__main__":
    main()
