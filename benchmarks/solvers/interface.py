"""Compare interface networks with networks of DNS conduits and with full DNS.

    python benchmarks/solvers/interface.py FOLDER/berea_400.npz --cubes 6

Formation factor of cubes on every axis. Full DNS is the reference; times are CPU seconds of one
process, which other work on the machine disturbs least, without the partition that both
networks share.
"""

import argparse
from pathlib import Path

import numpy as np
from cubes import contains, corner_cubes, timed

from poreops import formation_factor, partition
from poreops.conduits.contacts import face_contacts
from poreops.conduits.methods import size_factors
from poreops.networks.interface.network import interface_network_of_regions
from poreops.networks.network import network_of_regions


def main() -> None:
    """Print a line for each cube and axis, then means and largest deviations."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("image", type=Path, help="npz with the key im, True = pore")
    parser.add_argument("--edge", type=int, default=128)
    parser.add_argument("--cubes", type=int, default=6)
    parser.add_argument("--rtol", type=float, default=0.03)
    parser.add_argument("--conduits", action="store_true", help="solve their networks too")
    options = parser.parse_args()
    im, edge = np.load(options.image)["im"], options.edge
    warm = partition(im[:40, :40, :40])
    interface_network_of_regions(warm, rtol=0.02)
    size_factors(warm.labels, warm.conns, face_contacts(warm.labels))
    middles, widths, others, inside, ratios = [], [], [], [], []
    for corner, cube in corner_cubes(im, edge, options.cubes):
        regions, parting = timed(partition, cube)
        network, blocks = timed(
            interface_network_of_regions, regions, rtol=options.rtol, workers=1
        )
        contacts = face_contacts(regions.labels)
        _, conduits = timed(size_factors, regions.labels, regions.conns, contacts, workers=1)
        seconds = parting, blocks, conduits
        ratios.append((seconds[0] + seconds[1]) / (seconds[0] + seconds[2]))
        classical = network_of_regions(regions, 1.0) if options.conduits else None
        print(
            f"{corner}: partition {seconds[0]:.2f} s, blocks {seconds[1]:.2f} s, conduits "
            f"{seconds[2]:.2f} s, ratio {ratios[-1]:.2f}; {network.modes.sum()} modes"
        )
        for axis, found in enumerate(network.along):
            exact = formation_factor(cube, axis, tolerance=1e-7).formation_factor
            if not np.isfinite(exact):
                continue
            middles.append(found.formation_factor / exact - 1)
            widths.append(found.width)
            inside.append(contains(found, exact))
            text = (
                f"  {found.axis}: DNS {exact:9.4f} in {found.lower:9.4f} … {found.upper:9.4f}, "
                f"middle {middles[-1]:+.2%}, width {found.width:.2%}"
            )
            if classical is not None:
                others.append(classical.formation_factor(axis).formation_factor / exact - 1)
                text += f", conduits {others[-1]:+.2%}"
            print(text, flush=True)
    for name, values in (("middle", middles), ("width", widths), ("conduits", others)):
        if values:
            size = np.abs(values)
            print(f"{name}: mean {size.mean():.2%}, largest {size.max():.2%}")
    print(f"inside {sum(inside)} of {len(inside)}; time ratio {np.mean(ratios):.2f}")


if __name__ == "__main__":
    main()
