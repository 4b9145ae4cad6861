"""What `poreops drainage` does: saturations, and brackets of the diffusivity of what is left."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from poreops.base.arguments import AXES
from poreops.base.extras import needs
from poreops.cli.answer import Answer, Results
from poreops.cli.axes import axis_names
from poreops.cli.jobs import Conductances, partitioned
from poreops.cli.progress import Clock
from poreops.cli.show import check_text
from poreops.cli.source import ImageSource, about

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from poreops.networks.interface.drainage import Drainage

FILES = (
    "drainage.csv", "drainage.png", "network.npz", "network.vtp", "regions.png", "regions.vti",
)  # fmt: skip


@dataclass(frozen=True)
class Fluids:
    """How the pores are invaded; see `InterfaceNetwork.drainage`."""

    inlet: str
    points: int
    surface_tension: float
    contact_angle: float
    trapping: bool


def drainage(
    source: ImageSource, given: Conductances, fluids: Fluids, axis: str, octants: bool
) -> Answer:
    """Build the interface network of an image and drain it.

    Parameters
    ----------
    source : of the segmented image
    given : how it is partitioned, and the width of the bracket
    fluids : that are driven out and in
    axis : as of `axis_names`
    octants : check the parts of the image too
    """
    from poreops.networks.interface.drainage import checked_fluids
    from poreops.networks.interface.network import (
        BYTES_PER_VOXEL,
        checked_rtol,
        interface_network_of_regions,
    )

    needs("networks", "a drainage")
    checked_rtol(given.rtol)
    clock = Clock()
    header = source.fitting_header(BYTES_PER_VOXEL, "an interface network", sized=True)
    axes = axis_names(axis, len(header.shape))
    checked_fluids(fluids.inlet, fluids.surface_tension, fluids.contact_angle, len(header.shape))
    volume, voxel_size, regions, block = partitioned(source, given, clock, octants=octants)
    with clock.stage("blocks"):
        built = interface_network_of_regions(
            regions, voxel_size, rtol=given.rtol, workers=given.workers
        )
    with clock.stage("drainage"):
        found = built.drainage(
            fluids.inlet, points=fluids.points, surface_tension=fluids.surface_tension,
            contact_angle=fluids.contact_angle, trapping=fluids.trapping,
        )  # fmt: skip
    results = {
        **about("drainage", source, volume, block),
        **vars(fluids),
        "rtol": given.rtol,
        "r_max": given.r_max,
        "sigma": given.sigma,
        "regions": regions.count,
        "throats": len(regions.conns),
        "states": _states(found, axes),
        "warnings": list(built.warnings),
        "seconds": clock.seconds,
    }

    def write(folder: Path) -> None:
        import pandas as pd

        from poreops.base.show.pictures import save
        from poreops.networks.figures import draw_regions
        from poreops.networks.interface.drainage import classical_with_intervals, drainage_columns
        from poreops.networks.tables import write_network_npz
        from poreops.networks.vtk import write_labels_vti, write_network_vtp

        pd.DataFrame(drainage_columns(found)).to_csv(folder / "drainage.csv", index=False)
        save(cast("Figure", found.plot().figure), folder / "drainage.png")
        intervals = built.pair_size_factors()
        arrays = classical_with_intervals(found.classical, regions.conns, intervals)
        write_network_npz(folder / "network.npz", arrays)
        reached = np.where(np.isfinite(found.invasion_pressure), found.invasion_pressure, np.nan)
        write_network_vtp(
            folder / "network.vtp", built.coords, regions.conns,
            {"invasion_pressure": reached, "equivalent_diameter": built.diameters},
            {"gap": built.gap.max(axis=1), "pair_lower": intervals[:, 0],
             "pair_upper": intervals[:, 1]},
        )  # fmt: skip
        write_labels_vti(folder / "regions.vti", regions.labels, voxel_size)
        draw_regions(folder / "regions.png", regions.labels, voxel_size)

    return Answer(results, FILES, write)


def _states(found: "Drainage", axes: list[str]) -> list[Results]:
    """Return saturation, pressure, and the diffusivities along each axis of every state."""
    parts = ("lower", "middle", "upper")
    values = {
        (name, quantity): getattr(found, quantity)(AXES.index(name))
        for name in axes
        for quantity in ("effective", "relative")
    }
    return [
        {
            "saturation": float(saturation),
            "pressure_pa": float(pressure),
            "axes": {
                name: {
                    f"{quantity}_diffusivity": dict(
                        zip(parts, map(float, values[name, quantity][state]), strict=True)
                    )
                    for quantity in ("effective", "relative")
                }
                for name in axes
            },
        }
        for state, (saturation, pressure) in enumerate(
            zip(found.saturation, found.pressure, strict=True)
        )
    ]


def drainage_text(results: Results) -> str:
    """Return the results for a terminal.

    Parameters
    ----------
    results : of `drainage`
    """
    names = list(results["states"][0]["axes"])
    lines = [
        check_text(results),
        "",
        f"regions   {results['regions']}, {results['throats']} throats",
        f"drained   from {results['inlet']}, {results['surface_tension']:g} N/m, "
        f"{results['contact_angle']:g} degrees" + ", with trapping" * results["trapping"],
        "",
        "diffusivity over that of the full network, with bounds on it",
        "   ".join(["saturation", "pressure [Pa]", *(f"{f'along {n}':>24}" for n in names)]),
    ]
    for state in results["states"]:
        cells = []
        for name in names:
            of = state["axes"][name]["relative_diffusivity"]
            low, middle, high = (
                float("nan") if of[part] is None else of[part]
                for part in ("lower", "middle", "upper")
            )
            cells.append(f"{middle:.4f}  {low:.4f}…{high:.4f}".rjust(24))
        start = f"{state['saturation']:>10.4f}   {state['pressure_pa']:>13.4g}"
        lines.append("   ".join([start, *cells]))
    return "\n".join([*lines, *(f"warning: {text}" for text in results["warnings"])])
