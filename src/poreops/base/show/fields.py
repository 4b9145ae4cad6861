"""What a result holds: arrays with their axes and units, and single numbers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from poreops.base.arguments import AXES
from poreops.base.arrays import Array

if TYPE_CHECKING:
    from poreops.conduits.image_check import ImageCheck
    from poreops.conduits.partition import Regions
    from poreops.networks.effective import NetworkDiffusion, NetworkFlow
    from poreops.networks.interface.drainage import Drainage
    from poreops.networks.interface.flow.network import InterfaceFlowNetwork
    from poreops.networks.interface.network import InterfaceNetwork
    from poreops.networks.interface.tensor import DiffusivityTensor
    from poreops.networks.network import PoreNetwork
    from poreops.properties.model import Properties
    from poreops.properties.slices.segment import Segmented
    from poreops.solvers.diffusion.bulk import BulkDiffusion
    from poreops.solvers.stokes.permeability import Permeability, PermeabilityTensor

Number = float | int | bool | str


@dataclass(frozen=True)
class Field:
    """An array of a result.

    Attributes
    ----------
    values : array
    dims : name of each of its axes; "x", "y", "z" are those of the image
    units : "" for what has none
    text : what it is
    """

    values: Array
    dims: tuple[str, ...]
    units: str
    text: str


@dataclass(frozen=True)
class Content:
    """All that a result holds.

    Attributes
    ----------
    fields : name → Field
    numbers : name → number; units are in the names
    voxel_size : [m], None if the result does not know it
    axis : that something flows along, None if nothing does
    """

    fields: Mapping[str, Field]
    numbers: Mapping[str, Number] = field(default_factory=dict)
    voxel_size: float | None = None
    axis: int | None = None


def content(kind: str, result: object) -> Content:
    """Return what a result of a kind holds.

    Parameters
    ----------
    kind : key of `CONTENTS`
    result : of that kind
    """
    return CONTENTS[kind](result)


def _regions(found: "Regions") -> Content:
    labels = Field(
        found.labels, tuple(AXES[: found.labels.ndim]), "", "region of each voxel, 0 solid"
    )
    conns = Field(found.conns, ("throat", "end"), "", "regions of each throat, 0-based")
    return Content({"labels": labels, "conns": conns}, {"regions": found.count})


def _diffusion(found: "BulkDiffusion") -> Content:
    names = (
        "formation_factor", "tortuosity", "effective_diffusivity", "mean_diffusivity", "porosity",
        "floating_share", "flux_in", "flux_out", "residual", "iterations", "percolates",
    )  # fmt: skip
    concentration = Field(
        found.field, tuple(AXES[: found.field.ndim]), "",
        "concentration, 1 before the image and 0 behind it; NaN where nothing flows",
    )  # fmt: skip
    numbers = {"axis": AXES[found.axis]} | {name: getattr(found, name) for name in names}
    return Content({"concentration": concentration}, numbers, axis=found.axis)


def _known(voxel_size: float) -> float | None:
    """1 stands for a voxel size that was not given."""
    return None if voxel_size == 1.0 else float(voxel_size)


def _permeability(found: "Permeability") -> Content:
    names = ("porosity", "floating_share", "residual", "iterations", "throat_width", "walls",
             "percolates")  # fmt: skip
    edge = _known(found.voxel_size)
    numbers = {"axis": AXES[found.axis]} | {name: getattr(found, name) for name in names}
    numbers[f"permeability_{'voxel2' if edge is None else 'm2'}"] = found.permeability
    numbers |= {"ends": found.boundary.ends, "sides": found.boundary.sides}
    velocity = Field(
        found.velocity, ("component", *AXES[: found.velocity.ndim - 1]), "voxel Δp / µ",
        "velocity at the voxel centres for a drop of the pressure Δp over the image",
    )  # fmt: skip
    return Content({"velocity": velocity}, numbers, edge, found.axis)


def _tensor(found: "PermeabilityTensor") -> Content:
    edge = _known(found.along[0].voxel_size)
    tensor = Field(
        found.tensor, ("component", "gradient"), "voxel²" if edge is None else "m²",
        "permeability tensor",
    )  # fmt: skip
    return Content({"permeability": tensor}, {"residual": found.residual}, edge)


def _network_diffusion(found: "NetworkDiffusion | NetworkFlow") -> Content:
    return Content({}, dict(vars(found)))


def _interface_network(found: "InterfaceNetwork | InterfaceFlowNetwork") -> Content:
    fields = dict(_regions(found.regions).fields)
    along = ("along",)
    gap = "share of each throat in the width of the bracket"
    fields["gap"] = Field(found.gap, ("throat", "along"), "", gap)
    fields["gap_inside"] = Field(found.gap_inside, along, "", "that of cuts through large pores")
    edge = _known(found.voxel_size)
    flow = hasattr(found, "permeability")
    middle = "permeability" if flow else "formation_factor"
    unit = "" if not flow else "voxel²" if edge is None else "m²"
    for name in (middle, "lower", "upper"):
        values = np.array([getattr(one, name) for one in found.along])
        fields[name] = Field(values, along, unit, f"of the {middle.replace('_', ' ')}")
    for name in ("faces", "patches", "modes"):
        fields[name] = Field(getattr(found, name), ("throat",), "", f"{name} of each throat")
    return Content(fields, {"blocks": found.blocks}, edge)


def _diffusivity_tensor(found: "DiffusivityTensor") -> Content:
    dims = ("component", "gradient")
    fields = {
        name: Field(getattr(found, name), dims, "", f"{text} of D_eff/D₀")
        for name, text in (("lower", "lower bound"), ("tensor", "mean"), ("upper", "upper bound"))
    }
    return Content(fields, {})


def _drainage(found: "Drainage") -> Content:
    ndim = len(found.along[0])
    fields = {
        "pressure": Field(found.pressure, ("state",), "Pa", "capillary pressure"),
        "saturation": Field(found.saturation, ("state",), "", "of the fluid that conducts"),
        "invasion_pressure": Field(found.invasion_pressure, ("region",), "Pa", "of each region"),
    }
    for name in ("effective", "relative"):
        values = np.stack([getattr(found, name)(axis) for axis in range(ndim)], axis=1)
        text = f"{name} diffusivity: lower bound, middle, upper bound"
        fields[name] = Field(values, ("state", "along", "bound"), "", text)
    return Content(fields, {"inlet": found.inlet})


def _network(found: "PoreNetwork") -> Content:
    fields = {}
    for key in sorted(found.openpnm):
        values = np.asarray(found.openpnm[key])
        element, _, name = key.partition(".")
        more = {"conns": ("end",), "coords": ("component",)}
        dims = (element, *more.get(name, (f"{name}_part",) * (values.ndim - 1)))
        fields[key] = Field(values, dims, _SI.get(name, ""), name.replace("_", " "))
    numbers: dict[str, Number] = {"method": found.method, "voxel_size_m": float(found.voxel_size)}
    if found.walls is not None:
        numbers["walls"] = found.walls
    return Content(fields, numbers, float(found.voxel_size))


_SI = {
    "coords": "m", "cross_sectional_area": "m²", "diffusive_size_factors": "m",
    "direct_length": "m", "equivalent_diameter": "m", "extended_diameter": "m",
    "global_peak": "m", "geometric_centroid": "m", "hydraulic_size_factors": "m³",
    "inscribed_diameter": "m", "local_peak": "m", "perimeter": "m", "surface_area": "m²",
    "total_length": "m", "volume": "m³", "diameter": "m", "length": "m",
}  # fmt: skip


def _check(found: "ImageCheck") -> Content:
    names = tuple(AXES[: len(found.shape)])
    shares = Field(
        np.array(found.percolating_share), ("along",), "",
        f"share of the pores that joins the two faces of {', '.join(names)}",
    )  # fmt: skip
    fields = {"percolating_share": shares}
    if found.parts is not None:
        porosity = np.array(found.parts.porosity)
        factors = np.array([found.parts.formation_factor[axis] for axis in range(len(names))])
        fields["part_porosity"] = Field(porosity, ("part",), "", "porosity of each octant")
        fields["part_formation_factor"] = Field(
            factors, ("along", "part"), "", "formation factor of the middle of each octant"
        )
    numbers: dict[str, Number] = {
        "porosity": found.porosity,
        "closed_pores": found.closed_pores,
        "closed_share": found.closed_share,
    }
    if found.throats is not None:
        numbers["throat_width_mean_voxels"] = found.throats.mean
        numbers["throat_width_smallest_voxels"] = found.throats.smallest
    return Content(fields, numbers)


def _segmented(found: "Segmented") -> Content:
    fields = {
        "labels": Field(
            found.labels, ("slice", "row", "column"), "",
            "0 solid, 1.. the pores of each slice, -1 outside the field of view",
        ),
        "threshold": Field(found.threshold, ("slice",), "grey level", "mean threshold"),
        "porosity": Field(found.porosity, ("slice",), "", "areal porosity"),
    }  # fmt: skip
    return Content(fields, {"pores": found.reading.pores, "kind": found.reading.kind})


def _properties(found: "Properties") -> Content:
    fields = dict(_segmented(found.segmented).fields)
    fields["areal_porosity"] = fields.pop("porosity")
    fields["porosity"] = Field(found.porosity, ("slice",), "", "predicted porosity")
    fields["permeability"] = Field(found.permeability, ("slice",), "m²", "predicted permeability")
    numbers: dict[str, Number] = {}
    for key, (value, low, high) in found.plug.items():
        numbers |= {key: float(value), f"{key}_low": float(low), f"{key}_high": float(high)}
    return Content(fields, numbers)


CONTENTS: Mapping[str, Callable[[Any], Content]] = {
    "check": _check,
    "diffusion": _diffusion,
    "diffusivity tensor": _diffusivity_tensor,
    "drainage": _drainage,
    "interface diffusion": _network_diffusion,
    "interface flow": _network_diffusion,
    "interface flow network": _interface_network,
    "interface network": _interface_network,
    "network": _network,
    "network diffusion": _network_diffusion,
    "network flow": _network_diffusion,
    "permeability": _permeability,
    "permeability tensor": _tensor,
    "properties": _properties,
    "regions": _regions,
    "segmented": _segmented,
}
"""Kind → what a result of it holds."""
