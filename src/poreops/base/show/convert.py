"""Hand a result to xarray or PyVista, with its axes, voxel size and units."""

from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from poreops.base.arguments import AXES, checked_voxel_size
from poreops.base.extras import needed
from poreops.base.show.fields import Content, content
from poreops.errors import InputError

if TYPE_CHECKING:
    import pyvista
    import xarray


def to_xarray(kind: str, result: object, voxel_size: float | None) -> "xarray.Dataset":
    """Return a result as Dataset; see `poreops.base.show.result.Result.to_xarray`.

    Parameters
    ----------
    kind : key of `poreops.base.show.fields.CONTENTS`
    result : of that kind
    voxel_size : [m], of results that do not know it
    """
    xarray = needed("xarray")
    held = content(kind, result)
    edge = _edge(held, voxel_size)
    variables = {
        name: (one.dims, one.values, {"units": one.units, "long_name": one.text})
        for name, one in held.fields.items()
    }
    sizes = {
        dim: size
        for one in held.fields.values()
        for dim, size in zip(one.dims, one.values.shape, strict=True)
    }
    coordinates: dict[str, tuple[object, ...]] = {}
    for dim, size in sizes.items():
        if dim in AXES:
            centres = (np.arange(size) + 0.5) * (1.0 if edge is None else edge)
            unit = {
                "units": "voxel" if edge is None else "m",
                "long_name": f"voxel centre in {dim}",
            }
            coordinates[dim] = (dim, centres, unit)
        elif dim in ("component", "along", "gradient"):
            coordinates[dim] = (dim, list(AXES[:size]))
    attrs = dict(held.numbers)
    if edge is not None:
        attrs["voxel_size_m"] = edge
    return xarray.Dataset(variables, coords=coordinates, attrs=attrs)


def to_pyvista(kind: str, result: object, voxel_size: float | None) -> "pyvista.DataSet":
    """Return a result as mesh; see `poreops.base.show.result.Result.to_pyvista`.

    Parameters
    ----------
    kind : key of `poreops.base.show.fields.CONTENTS`
    result : of that kind
    voxel_size : [m], of results that do not know it
    """
    if kind not in ("network", "regions", "diffusion", "permeability"):
        raise InputError(
            f"a mesh is made of an image or a network, got a result of {kind}; use to_xarray()"
        )
    pyvista = needed("pyvista")
    held = content(kind, result)
    if kind == "network":
        return _network_mesh(pyvista, held)
    images = {name: one for name, one in held.fields.items() if "x" in one.dims}
    edge = _edge(held, voxel_size) or 1.0
    first = next(iter(images.values()))
    shape = first.values.shape[first.dims.index("x") :]
    # a 2D image is a layer of one voxel
    cells = (*shape, 1)[:3]
    mesh = pyvista.ImageData(dimensions=tuple(n + 1 for n in cells), spacing=(edge,) * 3)
    for name, one in images.items():
        # VTK counts x fastest
        if one.dims[0] == "component":
            flat = np.stack([part.ravel(order="F") for part in one.values], axis=1)
            mesh.cell_data[name] = np.pad(flat, ((0, 0), (0, 3 - flat.shape[1])))
        else:
            mesh.cell_data[name] = one.values.ravel(order="F")
    return mesh


def _network_mesh(pyvista: ModuleType, held: Content) -> "pyvista.PolyData":
    arrays = {name: one.values for name, one in held.fields.items()}
    conns = arrays["throat.conns"]
    lines = np.column_stack([np.full(len(conns), 2), conns]).ravel()
    mesh = pyvista.PolyData(arrays["pore.coords"], lines=lines)
    for key, values in arrays.items():
        element, _, name = key.partition(".")
        if values.ndim == 1:
            data = mesh.point_data if element == "pore" else mesh.cell_data
            data[name] = values.astype(np.uint8) if values.dtype == bool else values
    return mesh


def _edge(held: Content, given: float | None) -> float | None:
    """Return the voxel size [m] that the result knows, or the one given."""
    if given is None:
        return held.voxel_size
    edge = checked_voxel_size(given)
    if held.voxel_size is not None and edge != held.voxel_size:
        raise InputError(
            f"the voxel size must be that of the result, {held.voxel_size:g} m, got {edge:g}; "
            "leave it out"
        )
    return edge
