"""Your own tomogram: look at it, take it apart, and compare two ways to its formation factor.

poreops sample -o rock.tif
python docs/examples/own_tomogram.py rock.tif --voxel-size 5.3e-6
"""

import argparse

import numpy as np

import poreops


def main() -> None:
    """Print what the image is, its size factors, and F by network and by the whole volume."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("image")
    parser.add_argument("--voxel-size", type=float, required=True, help="[m]")
    options = parser.parse_args()

    im = poreops.read_image(options.image)
    regions = poreops.partition(im)
    found = poreops.check(im, regions=regions, parts=False)
    print(f"porosity {found.porosity:.3f}, joined along x, y, z: {found.percolating_share}")
    for warning in found.warnings:
        print("warning:", warning)

    g = poreops.diffusive_size_factors(
        regions.labels, regions.conns, voxel_size=options.voxel_size
    )
    print(f"{regions.count} regions, {len(g)} throats, median size factor {np.median(g):.3g} m")

    network = poreops.build_network(im, options.voxel_size, method="dns")
    for axis in "xyz":
        through = network.formation_factor(axis)
        whole = poreops.formation_factor(im, axis=axis)
        both = f"F {through.formation_factor:.2f} by the network, {whole.formation_factor:.2f}"
        print(f"{axis}: {both} of the volume, tortuosity {whole.tortuosity:.2f}")


if __name__ == "__main__":
    main()
