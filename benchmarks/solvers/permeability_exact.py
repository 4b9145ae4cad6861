"""Permeability of media with an exact or published solution: error and order of convergence.

    python benchmarks/solvers/permeability_exact.py

Spheres and cylinders are solved on one eighth and one quarter of their cell, which the reflecting
boundary continues; "cell" is the number of voxels of the whole cell.
"""

import argparse
import time
import warnings
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from poreops.conduits.hydraulic import hydraulic_size_factors
from poreops.solvers.stokes.permeability import UnderResolvedWarning, Walls, permeability

Image = NDArray[np.bool_]

# Zick & Homsy 1982, drag coefficient; Sangani & Acrivos 1982, L²/k
SPHERE_DRAG = {
    0.027: 2.008, 0.064: 2.810, 0.125: 4.292, 0.216: 7.442, 0.343: 15.4, 0.45: 28.1, 0.5236: 42.1
}  # fmt: skip
CYLINDER_RESISTANCE = {
    0.05: 15.56, 0.1: 24.83, 0.2: 51.53, 0.3: 102.90, 0.4: 217.89, 0.5: 532.55, 0.6: 1763.0
}  # fmt: skip


def plates(width: int) -> tuple[Image, float]:
    """Gap h: k = h²/12 of its share of the cross-section."""
    im = np.zeros((4, width + 2), bool)
    im[:, 1:-1] = True
    return im, width**3 / 12 / (width + 2)


def square_duct(width: int) -> tuple[Image, float]:
    """Q = 0.0351443 a⁴ Δp / µL."""
    im = np.zeros((4, width + 2, width + 2), bool)
    im[:, 1:-1, 1:-1] = True
    return im, 0.0351443 * width**4 / (width + 2) ** 2


def triangle(side: int) -> tuple[Image, float]:
    """Equilateral: Q = √3 a⁴ Δp / 320 µL."""
    x, y = np.meshgrid(np.arange(side + 2) + 0.5, np.arange(side) + 0.5, indexing="ij")
    height = np.sqrt(3) * np.minimum(x - 1, side + 1 - x)
    section = np.pad(y < height, 1)
    return np.repeat(section[None], 4, 0), np.sqrt(3) * side**4 / 320 / section.size


def cylinder(diameter: int) -> tuple[Image, float]:
    """Q = π d⁴ Δp / 128 µL."""
    line = (np.arange(diameter + 2) - (diameter + 1) / 2) ** 2
    section = line[:, None] + line < diameter**2 / 4
    return np.repeat(section[None], 4, 0), np.pi * diameter**4 / 128 / section.size


def spheres(cell: int, solid: float) -> tuple[Image, float]:
    """Return one eighth of a simple-cubic cell."""
    radius = (3 * solid / (4 * np.pi)) ** (1 / 3)
    line = (np.arange(cell // 2) + 0.5) ** 2
    im = line[:, None, None] + line[:, None] + line > (radius * cell) ** 2
    return im, cell**2 / (6 * np.pi * radius * SPHERE_DRAG[solid])


def cylinders(cell: int, solid: float) -> tuple[Image, float]:
    """Return a quarter of a square cell, flow across the cylinders."""
    line = (np.arange(cell // 2) + 0.5) ** 2
    return line[:, None] + line > solid / np.pi * cell**2, cell**2 / CYLINDER_RESISTANCE[solid]


def cases() -> Iterator[tuple[str, tuple[int, ...], Callable[[int], tuple[Image, float]]]]:
    """Name, resolutions, and image and exact permeability at a resolution."""
    yield "plates", (1, 2, 4, 8, 16), plates
    yield "square duct", (4, 8, 12, 16, 32), square_duct
    yield "triangle", (16, 32, 64, 128), triangle
    yield "cylinder", (8, 16, 32, 64), cylinder
    for solid in SPHERE_DRAG:
        yield f"spheres c={solid}", (16, 32, 64, 128), lambda n, c=solid: spheres(n, c)
    for solid in CYLINDER_RESISTANCE:
        yield f"cylinders c={solid}", (64, 128, 256, 512), lambda n, c=solid: cylinders(n, c)


def order(sizes: Sequence[int], errors: Sequence[float], tolerance: float) -> str:
    """Return the fitted order of convergence, nothing where every size is exact."""
    if max(map(abs, errors)) < 10 * tolerance:
        return "--"
    logs = np.log(np.maximum(np.abs(errors), 1e-12))
    return f"{-np.polyfit(np.log(sizes), logs, 1)[0]:.1f}"


def conduit_rows() -> Iterator[str]:
    """Lines on a cylinder of two regions of 12 voxels, π R⁴ / 8 L over 12 voxels."""
    for radius in (4, 8, 16, 32):
        line = (np.arange(2 * radius + 2) - radius - 0.5) ** 2
        labels = np.zeros((24, line.size, line.size), int)
        labels[:12, line[:, None] + line < radius**2] = 1
        labels[12:, line[:, None] + line < radius**2] = 2
        factor = hydraulic_size_factors(labels, np.array([[0, 1]]))[0]
        error = factor / (np.pi * radius**4 / (8 * 12)) - 1
        yield f"conduit of a cylinder of radius {radius:3d}: size factor {error:+.2%}"


def main() -> None:
    """Print a line per case."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tolerance", type=float, default=1e-4)
    tolerance = parser.parse_args().tolerance
    warnings.simplefilter("ignore", UnderResolvedWarning)  # widths of one voxel are on purpose
    print("error of k (stepped, then smooth) at each resolution; their orders; time of the last")
    for name, sizes, build in cases():
        errors: dict[Walls, list[float]] = {"stepped": [], "smooth": []}
        for size in sizes:
            im, exact = build(size)
            for walls, found in errors.items():
                start = time.perf_counter()
                run = permeability(im, 0, walls=walls, tolerance=tolerance)
                seconds = time.perf_counter() - start
                found.append(run.permeability / exact - 1)
        orders = " and ".join(order(sizes, found, tolerance) for found in errors.values())
        cells = "  ".join(
            f"{size}: {one:+.2%} ({two:+.2%})"
            for size, one, two in zip(sizes, *errors.values(), strict=True)
        )
        print(f"{name:17s} {cells}  orders {orders}  {seconds:.1f} s", flush=True)
    for row in conduit_rows():
        print(row)


if __name__ == "__main__":
    main()
