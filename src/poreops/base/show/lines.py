"""What a result says of itself: what it is, of what shape, and the number that matters."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from poreops.base.arguments import AXES
from poreops.base.units import MILLIDARCY, length_unit

if TYPE_CHECKING:
    from poreops.conductance.model import ConductanceModel
    from poreops.conduits.image_check import ImageCheck
    from poreops.conduits.partition import Regions
    from poreops.cores.model import CoreModel
    from poreops.images.reading import Volume
    from poreops.networks.effective import NetworkDiffusion, NetworkFlow
    from poreops.networks.interface.drainage import Drainage
    from poreops.networks.interface.effective import InterfaceDiffusion
    from poreops.networks.interface.flow.effective import InterfaceFlow
    from poreops.networks.interface.flow.network import InterfaceFlowNetwork
    from poreops.networks.interface.network import InterfaceNetwork
    from poreops.networks.interface.tensor import DiffusivityTensor
    from poreops.networks.network import PoreNetwork
    from poreops.properties.model import Properties, RockModel
    from poreops.properties.slices.segment import Segmented
    from poreops.properties.volumes.prediction import VolumeProperties
    from poreops.solvers.diffusion.bulk import BulkDiffusion
    from poreops.solvers.stokes.permeability import Permeability, PermeabilityTensor

_LONGEST = 160  # characters; more would wrap on a screen


@dataclass(frozen=True)
class Facts:
    """What a kind of result says.

    Attributes
    ----------
    of : shape with its unit, or what stands for it
    main : the number that matters, with its unit
    more : name → text, for the table of a notebook
    """

    of: str
    main: str
    more: Mapping[str, str]


def line(kind: str, name: str, result: object) -> str:
    """Return `<Name of this: number>` on one line.

    Parameters
    ----------
    kind : key of `LINES`
    name : of the result's class
    result : of that kind
    """
    facts = LINES[kind](result)
    text = " ".join(f"{name} {facts.of}: {facts.main}".split())
    return f"<{text if len(text) <= _LONGEST else text[: _LONGEST - 1] + '…'}>"


def table(kind: str, name: str, result: object) -> str:
    """Return the same as HTML, with a row for each further fact.

    Parameters
    ----------
    kind : key of `LINES`
    name : of the result's class
    result : of that kind
    """
    facts = LINES[kind](result)
    rows = {"of": facts.of, "found": facts.main, **facts.more}
    cells = "".join(
        f"<tr><th style='text-align:left'>{escape(key)}</th>"
        f"<td style='text-align:left'>{escape(value)}</td></tr>"
        for key, value in rows.items()
    )
    return f"<div><b>{escape(name)}</b><table>{cells}</table></div>"


def sizes(shape: Sequence[int], voxel_size: float | None = None, unit: str = "voxels") -> str:
    """Return a shape for people.

    Parameters
    ----------
    shape : of an image
    voxel_size : [m]; None where it is not known
    unit : what is counted

    Examples
    --------
    >>> sizes((40, 50, 60), 2e-6)
    '40 x 50 x 60 voxels of 2 µm'
    """
    text = f"{' x '.join(str(n) for n in shape)} {unit}"
    return text if voxel_size in (None, 1.0) else f"{text} of {length(float(voxel_size or 0))}"


def length(metres: float) -> str:
    """Return a length with the unit that suits it.

    Parameters
    ----------
    metres : [m]
    """
    unit, scale = length_unit(metres)
    return f"{metres * scale:.4g} {unit}"


def _regions(found: "Regions") -> Facts:
    return Facts(
        sizes(found.labels.shape),
        f"{found.count} regions, {len(found.conns)} throats",
        {"porosity": f"{(found.labels > 0).mean():.4g}"},
    )


def _factor(found: "BulkDiffusion | NetworkDiffusion | InterfaceDiffusion") -> str:
    if not found.percolates:
        return "nothing percolates, formation factor infinite"
    return f"formation factor {found.formation_factor:.4g}, tortuosity {found.tortuosity:.4g}"


def _diffusion(found: "BulkDiffusion") -> Facts:
    more = {
        "D_eff/D₀": f"{found.effective_diffusivity:.6g}",
        "porosity": f"{found.porosity:.4g}",
        "floating share": f"{found.floating_share:.3g}",
        "residual of the fluxes": f"{found.residual:.1e}",
        "iterations": str(found.iterations),
    }
    of = f"{sizes(found._concentration.shape)} along {AXES[found.axis]}"
    return Facts(of, _factor(found), more)


def _darcy(metres2: float, voxel_size: float | None) -> str:
    if voxel_size == 1.0:
        return f"{metres2:.4g} voxel²"
    return f"{metres2 / MILLIDARCY:.4g} mD ({metres2:.4g} m²)"


def _permeability(found: "Permeability") -> Facts:
    k = _darcy(found.permeability, found.voxel_size)
    main = f"permeability {k}" if found.percolates else "nothing percolates, permeability 0"
    more = {
        "porosity": f"{found.porosity:.4g}",
        "walls": found.walls,
        "throats": f"{found.throat_width:.2g} voxels wide",
        "residual of the flow rates": f"{found.residual:.1e}",
        "iterations": str(found.iterations),
    }
    if found.discretisation is not None:
        more["discretisation error"] = f"{found.discretisation.error:.1%}"
    return Facts(f"{sizes(found._shape, found.voxel_size)} along {AXES[found.axis]}", main, more)


def _tensor(found: "PermeabilityTensor") -> Facts:
    first = found.along[0]
    values, _ = found.principal
    every = ", ".join(_darcy(float(value), first.voxel_size) for value in values)
    of = sizes(first._shape, first.voxel_size)
    return Facts(of, f"principal permeabilities {every}", {"residual": f"{found.residual:.1e}"})


def _network_diffusion(found: "NetworkDiffusion") -> Facts:
    return Facts(f"along {found.axis}", _factor(found), {"porosity": f"{found.porosity:.4g}"})


def _interface_diffusion(found: "InterfaceDiffusion") -> Facts:
    more = {"porosity": f"{found.porosity:.4g}"}
    if not found.percolates:
        return Facts(f"along {found.axis}", _factor(found), more)
    bracket = f"{found.lower:.5g} to {found.upper:.5g} for certain"
    return Facts(f"along {found.axis}", f"{_factor(found)}, {bracket}", more)


def _interface_flow(found: "InterfaceFlow") -> Facts:
    more = {"porosity": f"{found.porosity:.4g}"}
    if not found.percolates:
        return Facts(f"along {found.axis}", "nothing percolates, permeability 0", more)
    low, high = (_darcy(each, found.voxel_size) for each in (found.lower, found.upper))
    k = _darcy(found.permeability, found.voxel_size)
    return Facts(f"along {found.axis}", f"permeability {k}, {low} to {high} for certain", more)


def _interface_network(found: "InterfaceNetwork | InterfaceFlowNetwork") -> Facts:
    main = f"{found.regions.count} pores, {len(found.modes)} throats, {found.modes.sum()} modes"
    widths = ", ".join(f"{one.axis} {one.width:.2%}" for one in found.along)
    more = {"width of the bracket": widths}
    if found.warnings:
        more["warnings"] = "; ".join(found.warnings)
    return Facts(sizes(found.regions.labels.shape, found.voxel_size), main, more)


def _diffusivity_tensor(found: "DiffusivityTensor") -> Facts:
    values, _ = found.principal
    every = ", ".join(f"{value:.4g}" for value in values)
    widths = ", ".join(
        f"{name} {low:.4g} to {high:.4g}"
        for name, low, high in zip(
            AXES, found.lower.diagonal(), found.upper.diagonal(), strict=False
        )
    )
    return Facts("of an image", f"principal D_eff/D₀ {every}", {"for certain": widths})


def _drainage(found: "Drainage") -> Facts:
    count, last = len(found.saturation), float(found.saturation[-1])
    main = f"{count} states down to a saturation of {last:.3g}"
    shares = {}
    for axis, name in enumerate(AXES[: len(found.along[0])]):
        conducting = [s for s, one in zip(found.saturation, found.along, strict=True)
                      if one[axis].percolates]  # fmt: skip
        if conducting:
            shares[f"conducts along {name}"] = f"down to {min(conducting):.3g}"
    return Facts(f"from {found.inlet}", main, shares)


def _network_flow(found: "NetworkFlow") -> Facts:
    k = _darcy(found.permeability, None)
    main = f"permeability {k}" if found.percolates else "nothing percolates, permeability 0"
    return Facts(f"along {found.axis}", main, {})


def _network(found: "PoreNetwork") -> Facts:
    import numpy as np

    pores = int(np.count_nonzero(found.openpnm["pore.internal"]))
    main = f"{pores} pores, {int(found.openpnm.Nt)} throats"
    for name, unit, values in (
        ("diffusive", "m", found.size_factors),
        ("hydraulic", "m³", found.hydraulic_size_factors),
    ):
        if len(values):
            main += f", median {name} size factor {float(np.nanmedian(values)):.3g} {unit}"
    more = {"method": found.method}
    if found.walls is not None:
        more["walls"] = found.walls
    if found.warnings:
        more["warnings"] = "; ".join(found.warnings)
    return Facts(f"{sizes(found.regions.shape, found.voxel_size)}", main, more)


def _check(found: "ImageCheck") -> Facts:
    names = [n for n, share in zip(AXES, found.percolating_share, strict=False) if share > 0]
    along = f"percolates along {', '.join(names)}" if names else "percolates along no axis"
    notes = len(found.warnings)
    more = {"closed pores": f"{found.closed_pores} ({found.closed_share:.1%} of the pores)"}
    if found.throats is not None:
        more["throats"] = f"{found.throats.mean:.2g} voxels wide on average"
    if notes:
        more["warnings"] = "; ".join(found.warnings)
    main = f"porosity {found.porosity:.4g}, {along}, {notes} warning{'s' * (notes != 1)}"
    return Facts(sizes(found.shape), main, more)


def _segmented(found: "Segmented") -> Facts:
    n, h, w = found.labels.shape
    mean = f"areal porosity {float(found.porosity.mean()):.4g}"
    return Facts(f"{n} slices of {h} x {w} pixels", mean, {"pores": found.reading.pores})


def _properties(found: "Properties") -> Facts:
    (p, p0, p1), (k, k0, k1) = (found.plug[key] for key in ("porosity", "permeability_m2"))
    k, k0, k1 = (value / MILLIDARCY for value in (k, k0, k1))
    main = (
        f"porosity {p:.3g} ({p0:.3g} to {p1:.3g}), permeability {k:.3g} mD ({k0:.3g} to {k1:.3g})"
    )
    outside = ", ".join(found.outside) or "nothing"
    return Facts(f"of {len(found.porosity)} slices", main, {"beyond the training": outside})


def _volume_properties(found: "VolumeProperties") -> Facts:
    (p, p0, p1), (k, k0, k1) = found.porosity, found.permeability
    unit, scale = ("voxel²", 1.0) if found.voxel_size == 1.0 else ("mD", 1 / MILLIDARCY)
    span = ", ".join(f"{value * scale:.3g}" for value in (k0, k1))
    main = f"porosity {p:.3g} ({p0:.3g}, {p1:.3g}), permeability {k * scale:.3g} {unit} ({span})"
    of = f"{sizes(found.shape, found.voxel_size)} along {AXES[found.axis]}"
    more = {"formation factor": f"{found.formation_factor:.4g}"}
    return Facts(of, main, more | {"beyond the rocks": ", ".join(found.outside) or "nothing"})


def _conductance_model(model: "ConductanceModel") -> Facts:
    convention = f"{model.walls} walls" if model.walls is not None else model.convention
    of = f"{model.member!r} of {model.ndim}D conduits"
    main = f"{model.target} size factors ({convention}), {model.parameters} weights"
    return Facts(of, main, {})


def _rock_model(model: "RockModel") -> Facts:
    served = ", ".join(f"{target} by {by}" for target, by in model.served.items())
    judged = "not judged yet" if model.widths is None else f"{model.coverage:.0%} intervals"
    main = f"{len(model.features)} inputs, {judged}"
    return Facts(repr(model.name), main, {"served": served, "inputs": ", ".join(model.features)})


def _core_model(model: "CoreModel") -> Facts:
    return Facts(f"of {model.patch} x {model.patch} pixels", model.made_of, {})


def _volume(found: "Volume") -> Facts:
    reading = found.reading
    values = f"{found.image.dtype} values"
    if found.image.dtype == bool:
        values = f"porosity {float(found.image.mean()):.4g}"
    more = dict(entry.split(": ", 1) for entry in reading.lines() if ": " in entry)
    edge = reading.edge
    return Facts(f"{sizes(found.image.shape, edge)} from {reading.path.name}", values, more)


LINES: Mapping[str, Callable[[Any], Facts]] = {
    "check": _check,
    "conductance model": _conductance_model,
    "core model": _core_model,
    "diffusion": _diffusion,
    "diffusivity tensor": _diffusivity_tensor,
    "drainage": _drainage,
    "interface diffusion": _interface_diffusion,
    "interface flow": _interface_flow,
    "interface flow network": _interface_network,
    "interface network": _interface_network,
    "network": _network,
    "network diffusion": _network_diffusion,
    "network flow": _network_flow,
    "permeability": _permeability,
    "permeability tensor": _tensor,
    "properties": _properties,
    "regions": _regions,
    "rock model": _rock_model,
    "segmented": _segmented,
    "volume": _volume,
    "volume properties": _volume_properties,
}
"""Kind → what a result of it says."""
