"""Permeability of an image: its walls, its resolution, and what the error of both is.

poreops sample -o rock.tif
python docs/examples/permeability.py rock.tif --voxel-size 5.3e-6
"""

import argparse
import warnings

import poreops


def main() -> None:
    """Print k with both conventions of walls, the limit of small voxels, and the velocity."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("image")
    parser.add_argument("--voxel-size", type=float, required=True, help="[m]")
    parser.add_argument("--tolerance", type=float, default=1e-3)
    options = parser.parse_args()

    im = poreops.read_image(options.image)
    stated = {"voxel_size": options.voxel_size, "tolerance": options.tolerance}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of narrow throats: their width is printed
        stepped = poreops.permeability(im, "x", walls="stepped", refine=2, **stated)
        smooth = poreops.permeability(im, "x", walls="smooth", **stated)

    print(f"k {stepped.permeability_md:.0f} mD of the cubes, {smooth.permeability_md:.0f} mD of "
          "the same voxels as samples of smooth grains")  # fmt: skip
    print(f"throats {stepped.throat_width:.1f} voxels wide; below 4, k is 15 to 55 % high")
    limit = stepped.discretisation
    print(f"of the cubes in small voxels: {limit.limit:.3g} m2, so k is off by {limit.error:.0%}")

    # water under 1 kPa/m
    speed = stepped.superficial_velocity(1e3, 1e-3)
    print(f"Darcy velocity of water under 1 kPa/m: {speed:.3g} m/s")


if __name__ == "__main__":
    main()
