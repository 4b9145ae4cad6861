"""Measure estimates and the shipped models, on a pack and on rocks that the training has not seen.

    python benchmarks/conductance/estimates.py stopped
    python benchmarks/conductance/estimates.py rock.npz[:EDGE] ...

The first stops the simulation of diffusion earlier and earlier, on a pack of the default profile.
The second takes images (npz with the key ``im``, bool, True = pore; the first EDGE voxels of each
axis) and compares `shipped:diffusion` and `shipped:flow` with DNS on 160 conduits of each. Times
are those of one thread's processor.
"""

import sys
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from poreops import load_model
from poreops.conductance.judging.scores import scores
from poreops.conduits.crop import crop_conduits
from poreops.conduits.diffusive import conduit_size_factor, solved_conduit
from poreops.conduits.hydraulic import conduit_hydraulic_size_factor
from poreops.conduits.partition import Regions, partition
from poreops.params import check
from poreops.synthetic.spheres import sphere_pack, volume_seed

MOST = 160
Crop = NDArray[np.uint8]
T = TypeVar("T")


def crops_of(regions: Regions) -> list[Crop]:
    """Return some conduits of a partitioned image, drawn once."""
    order = np.random.default_rng(0).permutation(len(regions.conns))[:MOST]
    return list(crop_conduits(regions.labels, regions.conns[np.sort(order)]))


def timed(solve: Callable[[Crop], T], crops: Sequence[Crop]) -> tuple[list[T], float]:
    """Return what each crop gives, and milliseconds of processor time for each."""
    solve(crops[0])  # compiles
    start = time.process_time()
    found = [solve(crop) for crop in crops]
    return found, 1e3 * (time.process_time() - start) / len(crops)


def stopped() -> None:
    """Print what stopping the simulation of diffusion costs and saves."""
    volumes = check().conductance.volumes
    seed = volume_seed(volumes.seed, "train", 3)
    crops = crops_of(partition(sphere_pack(volumes.spheres, volumes.ndim, seed)))
    exact, whole = timed(conduit_size_factor, crops)
    for tolerance in (3e-2, 1e-2, 1e-3, 1e-4):
        found, took = timed(lambda crop, t=tolerance: solved_conduit(crop, "centroid", t), crops)
        error = np.abs(np.array([one.size_factor for one in found]) / exact - 1)
        print(
            f"stopped at {tolerance:g}: mean error {error.mean():.3%}, largest {error.max():.2%}, "
            f"{took:.2f} ms of {whole:.2f}"
        )


def rock(name: str) -> None:
    """Print error and coverage of the shipped models on one image."""
    path, _, edge = name.partition(":")
    with np.load(path) as stored:
        im = np.ascontiguousarray(stored["im"][(slice(int(edge) if edge else None),) * 3])
    crops = crops_of(partition(im))
    for uri, solve in (
        ("shipped:diffusion", conduit_size_factor),
        ("shipped:flow", conduit_hydraulic_size_factor),
    ):
        model = load_model(uri)
        truth, whole = timed(solve, crops)
        model.conduit_intervals(crops[:1])  # compiles
        start = time.process_time()
        found, widths = model.conduit_intervals(crops)
        took = 1e3 * (time.process_time() - start) / len(crops)
        inside = np.abs(np.log(found / truth)) <= widths
        told = scores(found, truth)
        print(
            f"{path} {uri}: mean error {told['mape']:.2%}, off by more than 10 %: "
            f"{told['off_by_10pct']:.1%}, inside the intervals {inside.mean():.1%}, "
            f"{took:.2f} ms of {whole:.2f}"
        )


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        stopped() if argument == "stopped" else rock(argument)
