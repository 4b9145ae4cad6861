"""Time flow through conduits by the shipped model beside Stokes DNS, one by one and in networks.

    python benchmarks/conductance/flow.py conduits --count 300
    python benchmarks/conductance/flow.py network --packs 2 --rtol 0.05 --rtol 0.1

On packs of the default profile's kind that nothing was learned from. The first times what a
prediction consists of, and DNS, on the same conduits in turn; the second the size factors of whole
networks, and compares the permeability along x with that of DNS conduits. Times are processor time
of one thread: set OMP_NUM_THREADS=1 and take one core (``taskset -c 0``).
"""

import argparse
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from poreops import load_model
from poreops.conductance.physics import PhysicsModel
from poreops.conduits.crop import crop_conduits
from poreops.conduits.estimates import hydraulic_estimate
from poreops.conduits.hydraulic import conduit_hydraulic_size_factor, flow_problem
from poreops.conduits.partition import Regions, partition
from poreops.conduits.sure import RTOL
from poreops.networks.network import network_of_regions
from poreops.params import check
from poreops.solvers.stokes.bounds import flow_bounds
from poreops.synthetic.spheres import sphere_pack, volume_seed

FIRST = 50_000  # no run has as many volumes of a role
P = ParamSpec("P")
T = TypeVar("T")


def pack(index: int) -> Regions:
    """Return the regions of a pack that no run draws."""
    volumes = check().conductance.volumes
    seed = volume_seed(volumes.seed, "unseen", FIRST + index)
    return partition(sphere_pack(volumes.spheres, 3, seed))


class Clock:
    """Add up the processor time of what goes by one name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def time(self, name: str, work: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
        """Return what the work gives."""
        start = time.process_time()
        found = work(*args, **named)
        self.seconds[name] = self.seconds.get(name, 0.0) + time.process_time() - start
        return found


def compiled(regions: Regions) -> PhysicsModel:
    """Return the model, once everything that is timed has been compiled."""
    crop = next(iter(crop_conduits(regions.labels, regions.conns)))
    model = load_model("shipped:flow")
    assert isinstance(model, PhysicsModel)
    conduit_hydraulic_size_factor(crop)
    model.conduit_intervals([crop])
    return model


def conduits(count: int) -> None:
    """Print the milliseconds of each part of a prediction, and of DNS, and both errors."""
    regions = pack(0)
    model, clock = compiled(regions), Clock()
    order = np.random.default_rng(0).permutation(len(regions.conns))[:count]
    crops = list(crop_conduits(regions.labels, regions.conns[np.sort(order)]))
    truth, middle = [], []
    for crop in crops:
        problem = clock.time("discretisation", flow_problem, crop)
        if problem is not None:
            clock.time("bounds", flow_bounds, problem.flow)
        found = clock.time("estimate", hydraulic_estimate, crop)
        middle.append(np.nan if found is None else found.size_factor)
        truth.append(clock.time("DNS", conduit_hydraulic_size_factor, crop))
    answers, _ = clock.time("prediction", model.conduit_intervals, crops)
    dns = clock.seconds["DNS"]
    for name, seconds in clock.seconds.items():
        print(
            f"{name:15} {1e3 * seconds / len(crops):7.2f} ms, DNS is {dns / seconds:.1f} times it"
        )
    for name, values in (("estimate", np.array(middle)), ("prediction", answers)):
        print(f"{name:15} mean error {error(values, np.array(truth)):.2%}")


def error(found: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    """Return the mean relative error where there is something to predict."""
    some = np.isfinite(found) & (truth > 0)
    return float(np.abs(found[some] / truth[some] - 1).mean())


def network(packs: int, rtols: list[float]) -> None:
    """Print time and permeability of networks by DNS, the model, and `auto`."""
    for index in range(packs):
        regions, clock = pack(index), Clock()
        model, truth = compiled(regions), 0.0
        for method, rtol in [("dns", RTOL), ("model", RTOL)] + [("auto", rtol) for rtol in rtols]:
            name = f"auto, rtol {rtol:g}" if method == "auto" else method
            found = clock.time(
                name, network_of_regions, regions, 1e-6, method,
                None if method == "dns" else model, 1, transport="flow", rtol=rtol,
            )  # fmt: skip
            k = found.permeability(0).permeability
            truth = k if method == "dns" else truth
            share = 1.0 if found.sureness is None else found.sureness.simulated_share
            ratio = clock.seconds["dns"] / clock.seconds[name]
            print(
                f"pack {index}, {len(regions.conns)} throats, {name:15} "
                f"{clock.seconds[name]:6.2f} s, DNS is {ratio:4.1f} times it; "
                f"simulated {share:6.1%}; permeability {k / truth - 1:+.2%}",
                flush=True,
            )


def main() -> None:
    """Time what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("conduits", "network"))
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--packs", type=int, default=2)
    parser.add_argument("--rtol", type=float, action="append")
    options = parser.parse_args()
    if options.what == "conduits":
        conduits(options.count)
    else:
        network(options.packs, options.rtol or [RTOL, 0.1])


if __name__ == "__main__":
    main()
