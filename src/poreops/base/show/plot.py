"""Draw a result: a slice of an image, a network, values of parts or slices."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from poreops.base.arguments import AXES, checked_axis, checked_count, checked_voxel_size
from poreops.base.arrays import Array
from poreops.base.content import Json
from poreops.base.extras import needed
from poreops.base.show.fields import content
from poreops.base.units import length_unit
from poreops.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage
    from mpl_toolkits.mplot3d import Axes3D

    from poreops.conduits.image_check import ImageCheck
    from poreops.conduits.partition import Regions
    from poreops.networks.interface.drainage import Drainage
    from poreops.networks.interface.flow.network import InterfaceFlowNetwork
    from poreops.networks.interface.network import InterfaceNetwork
    from poreops.networks.network import PoreNetwork
    from poreops.properties.model import Properties
    from poreops.properties.slices.segment import Segmented
    from poreops.solvers.diffusion.bulk import BulkDiffusion
    from poreops.solvers.stokes.permeability import Permeability


def plot(kind: str, result: object, ax: "Axes | None", **options: object) -> "Axes":
    """Draw a result of a kind; see `poreops.base.show.result.Result.plot`.

    Parameters
    ----------
    kind : key of `poreops.base.show.fields.CONTENTS`
    result : of that kind
    ax : matplotlib Axes; None for a new figure
    **options : of the kind, as ``axis`` and ``index``
    """
    if kind not in _DRAWN:
        raise InputError(f"a result of {kind} has nothing to draw; use repr() or save()")
    needed("matplotlib")
    try:
        return _DRAWN[kind](result, ax, **options)
    except TypeError as error:
        if "unexpected keyword" not in str(error):
            raise
        name = str(error).rsplit(" ", 1)[-1]
        raise InputError(f"a plot of {kind} has no option {name}; drop it") from None


def section(image: Array, across: int, index: int | None) -> tuple[Array, tuple[str, str], str]:
    """Return a slice as (vertical, horizontal), its axes' names, and where it lies.

    Parameters
    ----------
    image : (nx, ny[, nz])
    across : axis of a 3D image
    index : along it; None is the middle
    """
    if image.ndim == 2:
        return image.T, ("x", "y"), ""
    size = image.shape[across]
    index = size // 2 if index is None else checked_count(index, "index", least=0, most=size - 1)
    one, two = (AXES[axis] for axis in range(3) if axis != across)
    return image.take(index, across).T, (one, two), f" at {AXES[across]} = {index} voxels"


def region_colours(count: int) -> Array:
    """Return (count + 1, 3) colours of regions, solid dark; the same for the same number.

    Parameters
    ----------
    count : number of regions
    """
    colours = np.random.default_rng(0).uniform(0.25, 1, (count + 1, 3))
    colours[0] = 0.12
    return colours


def _axes(ax: "Axes | None", **options: Json) -> "Axes":
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(6.4, 5), layout="constrained")
    axes: Axes = figure.add_subplot(**options)
    return axes


def _image(
    image: Array,
    ax: "Axes | None",
    across: int,
    index: int | None,
    voxel_size: float | None,
    **shown: Json,
) -> tuple["Axes", "AxesImage", str]:
    """Draw a slice with its axes in units; return axes, picture and where the slice lies."""
    ax = _axes(ax)
    seen, names, where = section(image, across, index)
    unit, scale = "voxel", 1.0
    if voxel_size is not None:
        unit, per_metre = length_unit(max(seen.shape[:2]) * voxel_size)
        scale = voxel_size * per_metre
    extent = (0, seen.shape[1] * scale, 0, seen.shape[0] * scale)
    drawn = ax.imshow(seen, origin="lower", extent=extent, interpolation="nearest", **shown)
    ax.set(xlabel=f"{names[0]} [{unit}]", ylabel=f"{names[1]} [{unit}]")
    return ax, drawn, where


def _across(axis: int | str | None, ndim: int, along: int | None = None) -> int:
    """Return the axis that a slice lies across: the last one that nothing flows along."""
    if axis is not None:
        return checked_axis(axis, ndim)
    return next(a for a in reversed(range(ndim)) if a != along)


def _regions(
    found: "Regions",
    ax: "Axes | None",
    axis: int | str | None = None,
    index: int | None = None,
    voxel_size: float | None = None,
) -> "Axes":
    from matplotlib.colors import ListedColormap

    edge = None if voxel_size is None else checked_voxel_size(voxel_size)
    labels, count = found.labels, found.count
    across = _across(axis, labels.ndim)
    colours = ListedColormap(region_colours(count))
    ax, _, where = _image(
        labels, ax, across, index, edge, cmap=colours, vmin=-0.5, vmax=count + 0.5
    )
    seen, _, _ = section(labels, across, index)
    ax.set_title(f"{len(np.unique(seen[seen > 0]))} of {count} regions{where}")
    return ax


def _diffusion(
    found: "BulkDiffusion",
    ax: "Axes | None",
    axis: int | str | None = None,
    index: int | None = None,
    voxel_size: float | None = None,
) -> "Axes":
    edge = None if voxel_size is None else checked_voxel_size(voxel_size)
    across = _across(axis, found.field.ndim, found.axis)
    ax, drawn, where = _image(found.field, ax, across, index, edge, cmap="viridis", vmin=0, vmax=1)
    ax.figure.colorbar(drawn, ax=ax, label="concentration")
    ax.set_title(f"F = {found.formation_factor:.4g} along {AXES[found.axis]}{where}")
    return ax


def _permeability(
    found: "Permeability",
    ax: "Axes | None",
    axis: int | str | None = None,
    index: int | None = None,
) -> "Axes":
    held = content("permeability", found)
    speed = np.sqrt((found.velocity**2).sum(axis=0))
    across = _across(axis, speed.ndim, found.axis)
    ax, drawn, where = _image(speed, ax, across, index, held.voxel_size, cmap="magma")
    ax.figure.colorbar(drawn, ax=ax, label="speed [voxel Δp / µ]")
    k = f"{found.permeability:.4g} " + ("voxel²" if held.voxel_size is None else "m²")
    ax.set_title(f"k = {k} along {AXES[found.axis]}{where}")
    return ax


def _network(found: "PoreNetwork", ax: "Axes | None") -> "Axes":
    net = found.openpnm
    diffusive = "throat.diffusive_size_factors" in net
    name = "diffusive" if diffusive else "hydraulic"
    ax = _axes(ax, projection="3d")
    network(
        ax, net["pore.coords"], net["throat.conns"], net[f"throat.{name}_size_factors"],
        net["pore.inscribed_diameter"], net["pore.boundary"],
        f"{name} size factor [{'m' if diffusive else 'm³'}]",
    )  # fmt: skip
    return ax


def network(
    axes: "Axes3D",
    coords: Array,
    conns: Array,
    size_factors: Array,
    diameters: Array,
    boundary: Array,
    title: str,
) -> None:
    """Draw a network in perspective, throats coloured by log₁₀ of the size factor.

    Parameters
    ----------
    axes : 3D axes
    coords : (Np, 3) float [m]
    conns : (Nt, 2) int
    size_factors : (Nt,) float, of which what is not positive is drawn grey
    diameters : (Np,) float [m]
    boundary : (Np,) bool, drawn as small grey points
    title : of the size factors, with their unit
    """
    from matplotlib.colors import Normalize
    from matplotlib.ticker import MaxNLocator
    from mpl_toolkits.mplot3d.art3d import Line3DCollection

    size = np.ptp(coords, axis=0)
    unit, scale = length_unit(size.max())
    points = coords * scale
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log10(size_factors)
    known = logs[np.isfinite(logs)]
    low, high = np.quantile(known, [0.02, 0.98]) if known.size else (0.0, 1.0)
    lines = Line3DCollection(
        points[conns],
        cmap="viridis",
        norm=Normalize(low, max(high, low + 1e-9)),
        linewidths=1.2 if len(conns) < 3000 else 0.5,
    )
    lines.set_array(np.ma.masked_invalid(logs))
    axes.add_collection3d(lines)
    # a marker's size is its area in square points; the axes are about 330 points wide
    area = np.maximum((330 * diameters / size.max()) ** 2 / 4, 0.5)
    inner = ~boundary
    axes.scatter(*points[inner].T, s=area[inner], c="0.35", alpha=0.35, linewidths=0)
    axes.scatter(*points[boundary].T, s=2, c="0.6", linewidths=0)
    box = np.maximum(size, 0.02 * size.max())
    for name, values, share in zip(AXES, points.T, box / box.max(), strict=True):
        getattr(axes, f"set_{name}lim")(values.min(), max(values.max(), values.min() + 1e-9))
        getattr(axes, f"set_{name}label")(f"{name} [{unit}]")
        # along a short side the labels of as many ticks as along a long one would collide
        getattr(axes, f"{name}axis").set_major_locator(MaxNLocator(max(1, round(5 * share))))
    axes.set_box_aspect(box)
    bar = axes.figure.colorbar(lines, ax=axes, shrink=0.7, pad=0.1)
    bar.set_label(f"log₁₀ of the {title}")
    axes.set_title(f"{int(inner.sum())} pores, {len(conns)} throats")


def _check(found: "ImageCheck", ax: "Axes | None") -> "Axes":
    if found.parts is None:
        raise InputError(
            f"a plot of a check shows its octants, got none: {found.skipped['parts']}"
        )
    ax = _axes(ax)
    count = len(found.parts.porosity)
    ax.bar(range(count), found.parts.porosity, color="#1764ab")
    ax.axhline(found.porosity, color="black", lw=0.8)
    text = "the whole image"
    ax.text(count - 0.5, found.porosity, text, ha="right", va="bottom", fontsize=8)
    ax.set(xlabel="octant" if len(found.shape) == 3 else "quadrant", ylabel="porosity")
    ax.set_title(f"porosity {found.porosity:.3f}")
    return ax


def _segmented(found: "Segmented", ax: "Axes | None", index: int | None = None) -> "Axes":
    from matplotlib.colors import ListedColormap

    count = len(found.labels)
    index = count // 2 if index is None else checked_count(index, "index", 0, count - 1)
    labels = found.labels[index]
    most = int(labels.max(initial=0))
    colours = ListedColormap(np.vstack([[0.5, 0.5, 0.5], region_colours(most)]))
    ax = _axes(ax)
    ax.imshow(labels, cmap=colours, vmin=-1.5, vmax=most + 0.5, interpolation="nearest")
    ax.set(xlabel="column [pixel]", ylabel="row [pixel]")
    ax.set_title(f"slice {index}: areal porosity {found.porosity[index]:.3f}, {most} pores")
    return ax


def _properties(found: "Properties", ax: "Axes | None") -> "Axes":
    ax = _axes(ax)
    value, low, high = found.plug["permeability_m2"]
    ax.axhspan(low, high, color="#dddddd", lw=0, label="interval of the rock")
    ax.axhline(value, color="black", lw=0.8, label="the rock")
    ax.plot(found.permeability, "o", ms=4, color="#1764ab", label="each slice")
    ax.set(xlabel="slice", ylabel="permeability [m²]", yscale="log")
    ax.legend()
    return ax


def _interface_network(
    found: "InterfaceFlowNetwork | InterfaceNetwork", ax: "Axes | None"
) -> "Axes":
    ax = _axes(ax, projection="3d")
    inner = np.zeros(len(found.coords), dtype=bool)
    network(
        ax, found.coords, found.regions.conns, found.gap.max(axis=1), found.diameters, inner,
        "share in the width of the bracket",
    )  # fmt: skip
    return ax


def _drainage(found: "Drainage", ax: "Axes | None") -> "Axes":
    ax = _axes(ax)
    saturation = found.saturation
    for name, colour in zip(AXES[: len(found.along[0])], _COLOURS, strict=False):
        low, middle, high = found.relative(name).T
        if np.isnan(middle).all():
            continue
        ax.fill_between(saturation, low, high, color=colour, alpha=0.3, lw=0)
        ax.plot(saturation, middle, "o-", ms=3, lw=1, color=colour, label=f"along {name}")
    fine = np.linspace(0, 1, 50)
    ax.plot(fine, fine**2, ":", color="0.5", lw=1, label="Archie, n = 2")
    ax.set(xlabel="saturation of what conducts", ylabel="relative diffusivity", xlim=(0, 1))
    ax.set_ylim(0, 1.02)
    ax.set_title(f"drained from {found.inlet}; bands are bounds")
    ax.legend()
    return ax


_COLOURS = ("#1764ab", "#d1495b", "#3a7d44")
_DRAWN: Mapping[str, Callable[..., "Axes"]] = {
    "check": _check,
    "diffusion": _diffusion,
    "drainage": _drainage,
    "interface flow network": _interface_network,
    "interface network": _interface_network,
    "network": _network,
    "permeability": _permeability,
    "properties": _properties,
    "regions": _regions,
    "segmented": _segmented,
}
