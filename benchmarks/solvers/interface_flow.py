"""Compare interface networks for flow with full Stokes flow.

    python benchmarks/solvers/interface_flow.py FOLDER/berea_400.npz --cubes 2

Permeability of cubes on every axis. Full Stokes flow at a tight tolerance is the reference, at its
default tolerance what the time is compared with; times are CPU seconds of one process, which other
work on the machine disturbs least.
"""

import argparse
import itertools
import resource
import time
from pathlib import Path

import numpy as np

from poreops import partition, permeability
from poreops.networks.interface.flow.network import RTOL, interface_flow_of_regions


def main() -> None:
    """Print a line for each cube and axis, then means and largest deviations."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("image", type=Path, help="npz with the key im, True = pore")
    parser.add_argument("--edge", type=int, default=64)
    parser.add_argument("--cubes", type=int, default=1)
    parser.add_argument("--corner", type=int, nargs=3, help="of one cube, in place of --cubes")
    parser.add_argument("--rtol", type=float, default=RTOL)
    parser.add_argument("--reference", type=float, default=1e-5, help="tolerance")
    options = parser.parse_args()
    im, edge = np.load(options.image)["im"], options.edge
    starts = [range(0, n - edge + 1, edge) for n in im.shape]
    corners = list(itertools.islice(itertools.product(*starts), options.cubes))
    corners = [tuple(options.corner)] if options.corner else corners
    warm = partition(im[:32, :32, :32])
    interface_flow_of_regions(warm, rtol=RTOL)
    permeability(im[:32, :32, :32], 0)
    middles, widths, inside, ratios = [], [], [], []
    for corner in corners:
        cube = im[tuple(slice(c, c + edge) for c in corner)]
        begin = time.process_time()
        regions = partition(cube)
        parted = time.process_time()
        network = interface_flow_of_regions(regions, rtol=options.rtol)
        built = time.process_time()
        usual = [permeability(cube, axis, workers=1) for axis in range(3)]
        solved = time.process_time()
        ratios.append((built - begin) / (solved - built))
        print(
            f"{corner}: partition {parted - begin:.2f} s, network {built - parted:.2f} s, full "
            f"flow {solved - built:.2f} s, ratio {ratios[-1]:.2f}; {network.blocks} blocks, "
            f"{len(network.modes)} throats, {network.modes.sum()} modes, peak "
            f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB"
        )
        for axis, found in enumerate(network.along):
            if not found.percolates:
                continue
            begin = time.process_time()
            exact = permeability(cube, axis, tolerance=options.reference, workers=1).permeability
            seconds = time.process_time() - begin
            middles.append(found.permeability / exact - 1)
            widths.append(found.width)
            inside.append(found.lower <= exact <= found.upper)
            print(
                f"  {found.axis}: full flow {exact:.6f} in {found.lower:.10f} … "
                f"{found.upper:.10f} ({found.lower / exact - 1:+.2%} … "
                f"{found.upper / exact - 1:+.2%}), middle {middles[-1]:+.2%}, width "
                f"{found.width:.2%}; {usual[axis].permeability / exact - 1:+.1e} by default, "
                f"reference {seconds:.2f} s",
                flush=True,
            )
    for name, values in (("middle", np.abs(middles)), ("width", np.array(widths))):
        print(f"{name}: mean {values.mean():.2%}, largest {values.max():.2%}")
    print(f"inside {sum(inside)} of {len(inside)}; time ratio {np.mean(ratios):.2f}")


if __name__ == "__main__":
    main()
