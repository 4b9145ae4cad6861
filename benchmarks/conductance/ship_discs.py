"""Learn the member `physics` on packs of overlapping discs, and put it into the package.

    python benchmarks/conductance/ship_discs.py

For diffusion and for flow past stepped walls, on 2D packs of the default profile; judged once on
five further packs. Some minutes of one processor.
"""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from ship_model import ship

from poreops.conductance.judging.scores import scores
from poreops.conductance.learning.boosting import fit_correction, fit_intervals
from poreops.conductance.learning.priors import ESTIMATE, limits, prior_encoding
from poreops.conductance.physics import PhysicsModel
from poreops.conduits.crop import crop_conduits
from poreops.conduits.labels import LabelConfig
from poreops.conduits.partition import Regions, partition
from poreops.conduits.simulated import simulated_size_factors
from poreops.params import check
from poreops.synthetic.spheres import sphere_pack, volume_seed

TRAIN, UNSEEN = 10, 5


def packs(role: str, count: int) -> list[Regions]:
    """Return partitioned packs of discs of a role."""
    volumes = check().conductance.volumes
    seeds = [volume_seed(volumes.seed, role, n) for n in range(count)]
    return [partition(sphere_pack(volumes.spheres, 2, seed)) for seed in seeds]


def examples(
    model: PhysicsModel, every: Sequence[Regions]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return traits (n, k), simulated size factors (n,) and pack (n,) of all conduits."""
    rows, truth, pack, seconds = [], [], [], [0.0, 0.0]
    for number, regions in enumerate(every):
        start = time.process_time()
        crops = crop_conduits(regions.labels, regions.conns)
        rows += [encoded.scalars for encoded, _ in model.prepared(crops)]
        middle = time.process_time()
        truth.append(simulated_size_factors(regions.labels, regions.conns, model.label, workers=1))
        seconds[0] += middle - start
        seconds[1] += time.process_time() - middle
        pack += [number] * len(regions.conns)
    found = np.concatenate(rows), np.concatenate(truth), np.array(pack)
    count = len(found[1])
    print(f"{count} conduits, {1e3 * seconds[0] / count:.2f} of {1e3 * seconds[1] / count:.2f} ms")
    known = np.isfinite(found[0]).all(axis=1) & (found[1] > 0)
    return found[0][known], found[1][known], found[2][known]


def main() -> None:
    """Learn, judge and ship both."""
    config = check().conductance.training
    train, unseen = packs("train", TRAIN), packs("unseen", UNSEEN)
    for transport, target in (("diffusion", "diffusive"), ("flow", "hydraulic")):
        label = LabelConfig(target=target, convention="centroid", walls="stepped")
        blank = PhysicsModel(None, None, label, 2, None, None)
        rows, truth, pack = examples(blank, train)
        errors = np.log(truth) - rows[:, ESTIMATE].astype(np.float64)
        learned = PhysicsModel(
            fit_correction(config.physics, rows, errors, config.seed),
            fit_intervals(config.physics, rows, errors, pack, config.seed),
            label, 2, limits(rows, prior_encoding(label)), rows[:: -(-len(rows) // 8)],
        )  # fmt: skip
        rows, truth, pack = examples(blank, unseen)
        answer = learned.answer(rows)
        error = np.abs(np.log(answer.size_factors / truth))
        told = scores(answer.size_factors, truth)
        told["covered"] = float((error <= answer.half_widths).mean())
        plain = scores(np.exp(rows[:, ESTIMATE].astype(np.float64)), truth)
        each = [float((error <= answer.half_widths)[pack == n].mean()) for n in range(UNSEEN)]
        median = float(np.median(answer.half_widths))
        print(f"{transport}: {told}; nothing learned: {plain}; covered by pack: {each}; {median}")
        with tempfile.TemporaryDirectory() as folder:
            learned.save(folder)
            said = f"{len(errors):,} conduits of {TRAIN} packs of overlapping discs, 400²"
            said += ", of the default profile" + ", stepped walls" * (transport == "flow")
            ship(Path(folder), f"{transport}-2d", told, said)


if __name__ == "__main__":
    main()
