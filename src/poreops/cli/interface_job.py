"""What `poreops network --method interface` does: bounds on formation factor or permeability."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

from poreops.base.conventions import WALLS, checked_walls
from poreops.base.extras import needs
from poreops.cli.answer import Answer, Results
from poreops.cli.axes import axis_names, diffusion_results
from poreops.cli.jobs import Conductances, partitioned
from poreops.cli.progress import Clock
from poreops.cli.source import ImageSource, about
from poreops.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from poreops.networks.interface.flow.network import InterfaceFlowNetwork
    from poreops.networks.interface.network import InterfaceNetwork

FILES = ("gap.png", "gap.vtp", "regions.png", "regions.vti", "throats.csv")


def interface(
    source: ImageSource, given: Conductances, rtol: float, axis: str, octants: bool
) -> Answer:
    """Build the interface network of an image."""
    from poreops.networks.interface.flow.network import interface_flow_of_regions
    from poreops.networks.interface.network import (
        BYTES_PER_VOXEL,
        checked_rtol,
        interface_network_of_regions,
    )

    needs("networks", "a pore network")
    checked_rtol(rtol)
    flow = given.transport == "flow"
    if given.transport not in ("diffusion", "flow"):
        raise InputError(
            f"an interface network carries diffusion or flow, got --transport {given.transport}; "
            "run it for each of them"
        )
    if given.model is not None or (given.walls is not None and not flow):
        raise InputError(
            "an interface network needs no model, and for diffusion no walls, got "
            f"{'--model' if given.model is not None else '--walls'}; drop it"
        )
    clock = Clock()
    header = source.fitting_header(BYTES_PER_VOXEL, "an interface network", sized=True)
    axes = axis_names(axis, len(header.shape))
    volume, voxel_size, regions, block = partitioned(source, given, clock, octants=octants)
    with clock.stage("blocks"):
        built: InterfaceFlowNetwork | InterfaceNetwork
        if flow:
            walls = checked_walls(given.walls or WALLS)
            built = interface_flow_of_regions(regions, voxel_size, rtol=rtol, walls=walls)
        else:
            built = interface_network_of_regions(
                regions, voxel_size, rtol=rtol, workers=given.workers
            )

    results = {
        **about("network", source, volume, block),
        "method": "interface",
        "transport": given.transport,
        "rtol": rtol,
        "r_max": given.r_max,
        "sigma": given.sigma,
        "regions": regions.count,
        "throats": len(regions.conns),
        "network": {
            "blocks": built.blocks,
            "patches": int(built.patches.sum()),
            "modes": int(built.modes.sum()),
        },
        "axes": {name: _along(built, name) for name in axes},
        "warnings": list(built.warnings),
        "seconds": clock.seconds,
    }

    def write(folder: Path) -> None:
        from poreops.base.show.pictures import save
        from poreops.networks.figures import draw_regions
        from poreops.networks.interface.files import write_interface_csv, write_interface_vtp
        from poreops.networks.vtk import write_labels_vti

        write_interface_csv(folder / "throats.csv", built)
        write_interface_vtp(folder / "gap.vtp", built)
        save(cast("Figure", built.plot().figure), folder / "gap.png")
        write_labels_vti(folder / "regions.vti", regions.labels, voxel_size)
        draw_regions(folder / "regions.png", regions.labels, voxel_size)

    return Answer(results, FILES, write)


def _along(built: "InterfaceFlowNetwork | InterfaceNetwork", name: str) -> Results:
    """Return the numbers along an axis, the bracket with those that it is of."""
    from poreops.networks.interface.network import InterfaceNetwork

    if isinstance(built, InterfaceNetwork):
        factor = built.formation_factor(name)
        bracket = {"lower": float(factor.lower), "upper": float(factor.upper)}
        return diffusion_results(factor) | bracket | {"width": float(factor.width)}
    found = built.permeability(name)
    return {
        "permeability_m2": float(found.permeability),
        "permeability_md": float(found.permeability_md),
        "percolates": found.percolates,
        "lower_m2": float(found.lower),
        "upper_m2": float(found.upper),
        "width": float(found.width),
    }
