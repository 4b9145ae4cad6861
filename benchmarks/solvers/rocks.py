"""Compare networks and solvers on the formation factor of rocks.

    python benchmarks/solvers/rocks.py IMAGE [IMAGE ...] [--edge 128] [--rtol 0.03]
        [--json FILE] [--taufactor-python PYTHON] [--taufactor-axes 3]

IMAGE is any file that poreops reads. Of each the central cube is solved on every axis by full DNS
(the reference), networks of DNS conduits, PoreSpy's snow2 with OpenPNM's pyramids and cuboids,
TauFactor at its default tolerance, and interface networks. Times are CPU seconds of one thread for
all axes, with the partition or extraction that a network needs; TauFactor's are those of one axis,
as it may be asked for fewer. It needs torch; name the interpreter of an environment with both.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from cubes import Image, central_cube, contains, timed
from formation_factor import row, run
from snow import by_pyramids_and_cuboids

from poreops import formation_factor, partition, read_image
from poreops.conduits.partition import Regions
from poreops.networks.interface.network import interface_network_of_regions
from poreops.networks.network import network_of_regions
from poreops.synthetic.sample import sample_rock


def by_conduits(regions: Regions, axes: Sequence[int]) -> list[float]:
    """Solve the network of DNS conduits."""
    network = network_of_regions(regions, 1.0, workers=1)
    return [network.formation_factor(axis).formation_factor for axis in axes]


def by_taufactor(cube: Image, axes: Sequence[int], python: str) -> tuple[list[float], float]:
    """Solve by TauFactor, each axis in a process of its own; also its mean CPU seconds."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "im.npy")
        np.save(path, cube)
        asked = {"solver": "taufactor", "path": path, "tolerance": 0.01}
        found = [run(python, **asked, axis=axis) for axis in axes]
    seconds = [one["cpu_seconds"] for one in found]
    return [one["formation_factor"] for one in found], float(np.mean(seconds))


def measured(cube: Image, rtol: float, python: str, count: int) -> dict:
    """Solve by every method on the axes that percolate."""
    factors, seconds = {}, {}
    solved, seconds["DNS"] = timed(
        lambda: [formation_factor(cube, axis, tolerance=1e-7, workers=1) for axis in range(3)]
    )
    axes = [one.axis for one in solved if one.percolates]
    exact = [solved[axis].formation_factor for axis in axes]
    regions, parting = timed(partition, cube)
    factors["conduits"], seconds["conduits"] = timed(by_conduits, regions, axes)
    factors["PoreSpy"], seconds["PoreSpy"] = timed(by_pyramids_and_cuboids, cube, axes)
    if count:
        theirs, seconds["TauFactor"] = by_taufactor(cube, axes[:count], python)
        factors["TauFactor"] = theirs + [np.nan] * (len(axes) - len(theirs))
    network, building = timed(interface_network_of_regions, regions, rtol=rtol, workers=1)
    seconds["conduits"] += parting
    seconds["interface"] = parting + building
    along = [network.along[axis] for axis in axes]
    for name, key in (("lower",) * 2, ("middle", "formation_factor"), ("upper",) * 2):
        factors[name] = [getattr(one, key) for one in along]
    return {
        "porosity": float(cube.mean()),
        "shape": cube.shape,
        "regions": regions.count,
        "modes": int(network.modes.sum()),
        "axes": ["xyz"[axis] for axis in axes],
        "formation_factor": exact,
        "deviation": {name: (np.array(f) / exact - 1).tolist() for name, f in factors.items()},
        "inside": [contains(*pair) for pair in zip(along, exact, strict=True)],
        "cpu_seconds": seconds,
    }


def main() -> None:
    """Print a row for each rock and axis, and one of the times for each rock."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("images", type=Path, nargs="+")
    parser.add_argument("--edge", type=int, default=128)
    parser.add_argument("--rtol", type=float, default=0.03)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--taufactor-python", default=sys.executable)
    parser.add_argument("--taufactor-axes", type=int, default=3, help="how many, 0 for none")
    given = parser.parse_args()
    peer = given.taufactor_python, given.taufactor_axes
    measured(sample_rock(40, porosity=0.4), given.rtol, "", 0)  # compiles
    found = {}
    for image in given.images:
        cube = central_cube(read_image(image), given.edge)
        found[image.stem] = measured(cube, given.rtol, *peer)
        print(image.stem, found[image.stem]["cpu_seconds"], file=sys.stderr, flush=True)
        if given.json:
            given.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    names = next(iter(found.values()))["deviation"]
    row("rock", "axis", "F by full DNS", *names, "inside")
    row(*["---"] * (4 + len(names)))
    for name, one in found.items():
        for i, axis in enumerate(one["axes"]):
            values = [one["deviation"][method][i] for method in names]
            deviations = ["" if np.isnan(value) else f"{value:+.2%}" for value in values]
            inside = "yes" if one["inside"][i] else "NO"
            row(name, axis, f"{one['formation_factor'][i]:.3f}", *deviations, inside)
    row("rock", "φ", "voxels", "regions", "modes", *(methods := found[name]["cpu_seconds"]))
    row(*["---"] * (5 + len(methods)))
    for name, one in found.items():
        times = [f"{one['cpu_seconds'][method]:.1f}" for method in methods]
        shape = " × ".join(map(str, one["shape"]))
        row(name, f"{one['porosity']:.3f}", shape, one["regions"], one["modes"], *times)


if __name__ == "__main__":
    main()
