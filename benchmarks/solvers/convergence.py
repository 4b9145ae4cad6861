"""Draw how the error of diffusion and of Stokes flow falls with the resolution.

    python benchmarks/solvers/convergence.py docs/convergence.png

Insulating spheres and cylinders against Rayleigh's series, flow against exact and published
solutions (permeability_exact.py); grey lines fall with the first and second power.
"""

import argparse
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from permeability_exact import cylinder, cylinders, spheres, square_duct

from poreops import formation_factor
from poreops.solvers.stokes.permeability import UnderResolvedWarning, permeability

# octupoles see one another through the sum of P4(cos θ)/r⁵ over the cubic lattice
LATTICE_SUM = 3.108227


def rayleigh_spheres(solid: float) -> float:
    """D_eff/D of simple-cubic insulating spheres (Rayleigh 1892; McPhedran & McKenzie 1978)."""
    octupole = 16 * LATTICE_SUM**2 * (3 * solid / (4 * np.pi)) ** (10 / 3) / (4 / 3)
    return 1 - 3 * solid / (2 + solid - octupole)


def rayleigh_cylinders(solid: float) -> float:
    """D_eff/D of a square array of insulating cylinders (Perrins, McKenzie & McPhedran 1979)."""
    return 1 - 2 * solid / (
        1 + solid - 0.305827 * solid**4 / (1 - 1.402958 * solid**8) - 0.013362 * solid**8
    )


def diffusion_errors() -> Mapping[str, Mapping[int, float]]:
    """Relative error of D_eff by voxels per cell; spheres on an eighth of it, by symmetry."""
    found: dict[str, dict[int, float]] = {}
    for name, build, exact, sizes in (
        ("spheres", spheres, rayleigh_spheres, (8, 16, 32, 64, 128, 256)),
        ("cylinders", cylinders, rayleigh_cylinders, (8, 16, 32, 64, 128, 256, 512)),
    ):
        solids = {"spheres": (0.216, 0.343), "cylinders": (0.2, 0.4)}[name]
        for solid in solids:
            errors = found[f"{name}, solid {solid}"] = {}
            for n in sizes:
                im, _ = build(n, solid)
                errors[n] = abs(1 / formation_factor(im, 0).formation_factor / exact(solid) - 1)
    return found


def flow_errors() -> Mapping[str, Mapping[int, float]]:
    """Relative error of k by voxels per width or cell."""
    cases: dict[str, tuple[Any, tuple[int, ...]]] = {
        "square duct": (square_duct, (4, 8, 16, 32, 64)),
        "round pipe": (cylinder, (8, 16, 32, 64)),
        "spheres, solid 0.216": (lambda n: spheres(n, 0.216), (8, 16, 32, 64, 128)),
        "cylinders, solid 0.2": (lambda n: cylinders(n, 0.2), (8, 16, 32, 64, 128, 256)),
    }
    found: dict[str, dict[int, float]] = {}
    for name, (build, sizes) in cases.items():
        found[name] = {}
        for n in sizes:
            im, exact = build(n)
            found[name][n] = abs(permeability(im, 0, tolerance=1e-5).permeability / exact - 1)
    return found


def main() -> None:
    """Print the errors and draw them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("picture", type=Path, help="PNG to write")
    options = parser.parse_args()
    warnings.simplefilter("ignore", UnderResolvedWarning)
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, 2)
    for panel, title, errors in zip(
        panels,
        ("diffusion: effective diffusivity", "Stokes flow: permeability"),
        (diffusion_errors(), flow_errors()),
        strict=True,
    ):
        for name, by_size in errors.items():
            print(f"{title}, {name}:", *(f"{n}: {error:.2e}" for n, error in by_size.items()))
            panel.plot(list(by_size), list(by_size.values()), "-o", ms=4, label=name)
        sizes = np.array([8, 256])
        for power in (1, 2):
            panel.plot(sizes, 0.3 * (sizes / 8.0) ** -power, color="#999999", lw=0.8, zorder=0)
            panel.annotate(
                f"n$^{{-{power}}}$", (256, 0.3 * 32.0**-power), color="#666666", fontsize=8
            )
        panel.set(
            xscale="log", yscale="log", title=title, xlabel="voxels per cell or width n",
            ylabel="relative error",
        )  # fmt: skip
        panel.set_xticks([4, 8, 16, 32, 64, 128, 256, 512], [4, 8, 16, 32, 64, 128, 256, 512])
        panel.minorticks_off()
        panel.legend(fontsize=8)
    figure.savefig(options.picture, dpi=130, metadata={"Software": None})


if __name__ == "__main__":
    main()
