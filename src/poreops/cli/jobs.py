"""What the commands do: read, compute with progress on stderr, write a folder of results."""

import math
import warnings
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from poreops.cli import flow_results
from poreops.cli.progress import Clock, progress_bar
from poreops.errors import InputError
from poreops.volumes.memory import require_memory
from poreops.volumes.read import ImageHeader, read_header, read_image

# peak of the full-volume solver at 256³: 66 at porosity 0.95, 43 at 0.6, 15 at 0.2, measured
BULK_BYTES_PER_VOXEL = 75

Results = dict[str, Any]


@dataclass(frozen=True)
class ImageSource:
    """An image file and how to read it; see `poreops.read_image`."""

    path: str
    dataset: str | None = None
    shape: tuple[int, ...] | None = None
    dtype: str | None = None
    pore_label: int | None = None

    def header(self) -> ImageHeader:
        """Read shape and type only."""
        return read_header(self.path, dataset=self.dataset, shape=self.shape, dtype=self.dtype)

    def read(self) -> NDArray[np.bool_]:
        """Read the image, True = pore."""
        return read_image(
            self.path,
            dataset=self.dataset,
            shape=self.shape,
            dtype=self.dtype,
            pore_label=self.pore_label,
        )


def network(
    source: ImageSource,
    voxel_size: float,
    method: str | None,
    model: str | None,
    transport: str,
    axis: str,
    out: Path,
    workers: int | None,
    walls: str | None = None,
) -> Results:
    """Build the network of an image and write it with its transport properties."""
    from poreops import report
    from poreops.conduits import (
        checked_method,
        checked_transport,
        checked_voxel_size,
        walls_of_flow,
    )
    from poreops.network import BYTES_PER_VOXEL, loaded_model, network_of_regions
    from poreops.regions.partition import partition

    clock = Clock()
    checked_voxel_size(voxel_size)
    method = _method(method, model)
    checked_transport(transport, method)
    header = _fitting_header(source, BYTES_PER_VOXEL, "a network")
    checked_method(method, model, len(header.shape))
    axes = _axes(axis, len(header.shape))
    with report.output_folder(out) as folder:
        loaded = loaded_model(model)
        of_flow = walls_of_flow(walls, transport, method, loaded)
        with clock.stage("read"):
            im = source.read()
        with clock.stage("partition"):
            regions = partition(im)
        with clock.timed("size_factors"):
            built = network_of_regions(
                regions, voxel_size, method=method, model=loaded, workers=workers,
                transport=transport, walls=of_flow, watch=progress_bar,
            )  # fmt: skip
        found: dict[str, Results] = {name: {} for name in axes}
        with clock.stage("transport"):
            for name in axes:
                if transport != "flow":
                    found[name] |= _axis_results(built.formation_factor(name))
                if transport != "diffusion":
                    found[name] |= flow_results.of_any(built.permeability(name))
        pores = built.openpnm
        results = {
            **_about("network", source, im, voxel_size),
            "method": method,
            "model": model,
            "transport": transport,
            "walls": built.walls,
            "regions": regions.count,
            "throats": len(regions.conns),
            "network": {
                "pores": int(pores["pore.internal"].sum()),
                "boundary_pores": int(pores["pore.boundary"].sum()),
                "throats": int(pores.Nt),
            },
            "axes": found,
        }
        with clock.stage("write"):
            report.write_network(folder, built)
        results["seconds"] = clock.seconds
        results["files"] = report.write_results(folder, results)
    return results


def size_factors(
    source: ImageSource,
    voxel_size: float,
    method: str | None,
    model: str | None,
    out: Path | None,
    workers: int | None,
) -> Results:
    """Partition an image and compute the size factor of every throat."""
    from poreops import report
    from poreops.conduits import NO_CONTACTS, checked_method, checked_voxel_size
    from poreops.conduits import size_factors as conduit_size_factors
    from poreops.network import BYTES_PER_VOXEL, loaded_model
    from poreops.regions.partition import partition

    clock = Clock()
    checked_voxel_size(voxel_size)
    method = _method(method, model)
    header = _fitting_header(source, BYTES_PER_VOXEL, "partitioning")
    checked_method(method, model, len(header.shape))
    with report.output_folder(out) if out is not None else nullcontext() as folder:
        loaded = loaded_model(model)
        with clock.stage("read"):
            im = source.read()
        with clock.stage("partition"):
            regions = partition(im)
        if not len(regions.conns):
            raise InputError(
                f"size factors need two regions that touch, the image has {regions.count} "
                "region(s) and no throat; give a larger image"
            )
        with clock.timed("size_factors"):
            throats, _ = conduit_size_factors(
                regions.labels, regions.conns, NO_CONTACTS, method=method, model=loaded,
                workers=workers, watch=progress_bar,
            )  # fmt: skip
        values = throats * voxel_size
        results = {
            **_about("size-factors", source, im, voxel_size),
            "method": method,
            "model": model,
            "regions": regions.count,
            "throats": len(regions.conns),
            "size_factor_m": {
                "min": float(values.min()),
                "median": float(np.median(values)),
                "mean": float(values.mean()),
                "max": float(values.max()),
            },
        }
        if folder is not None:
            with clock.stage("write"):
                report.write_size_factors(folder, regions, values, voxel_size)
        results["seconds"] = clock.seconds
        if folder is not None:
            results["files"] = report.write_results(folder, results)
        # in the document, not in the file beside the table that holds them
        results["conns"] = regions.conns.tolist()
        results["size_factors"] = values.tolist()
    return results


def formation_factor(
    source: ImageSource, axis: str, voxel_size: float | None, out: Path | None
) -> Results:
    """Solve diffusion in the whole image along one axis or all."""
    from poreops import report
    from poreops.conduits import checked_voxel_size
    from poreops.graph import axis_index
    from poreops.transport.bulk import formation_factor as solve

    clock = Clock()
    if voxel_size is not None:
        checked_voxel_size(voxel_size)
    header = _fitting_header(source, BULK_BYTES_PER_VOXEL, "solving diffusion")
    axes = _axes(axis, len(header.shape))
    with report.output_folder(out) if out is not None else nullcontext() as folder:
        with clock.stage("read"):
            im = source.read()
        found = {}
        for name in axes:
            with clock.stage(f"solve {name}"):
                diffusion = solve(im, axis_index(name, im.ndim))
            found[name] = _axis_results(diffusion) | {
                "residual": diffusion.residual,
                "iterations": diffusion.iterations,
            }
        results = {**_about("formation-factor", source, im, voxel_size), "axes": found}
        results["seconds"] = clock.seconds
        if folder is not None:
            results["files"] = report.write_results(folder, results)
    return results


def permeability(
    source: ImageSource,
    axis: str,
    voxel_size: float,
    out: Path | None,
    workers: int | None,
    walls: str = "stepped",
    refine: int = 1,
) -> Results:
    """Solve Stokes flow through the whole image along one axis or all."""
    from poreops import report
    from poreops.conduits import checked_voxel_size
    from poreops.graph import axis_index
    from poreops.transport.refinement import checked_refine
    from poreops.transport.stokes import BYTES_PER_VOXEL, UnderResolvedWarning
    from poreops.transport.stokes import permeability as solve
    from poreops.transport.walls import checked_walls

    clock = Clock()
    checked_voxel_size(voxel_size)
    convention = checked_walls(walls)
    checked_refine(refine, convention)
    header = _fitting_header(source, BYTES_PER_VOXEL, "solving Stokes flow")
    axes = _axes(axis, len(header.shape))
    with report.output_folder(out) if out is not None else nullcontext() as folder:
        with clock.stage("read"):
            im = source.read()
        found = {}
        for name in axes:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always", UnderResolvedWarning)
                with clock.stage(f"solve {name}"):
                    flow = solve(
                        im, axis_index(name, im.ndim), voxel_size=voxel_size, walls=convention,
                        refine=refine, workers=workers,
                    )  # fmt: skip
            found[name] = flow_results.of_image(flow, refine)
            found[name]["warnings"] = [str(warning.message) for warning in caught]
        results = {
            **_about("permeability", source, im, voxel_size),
            "walls": walls,
            "refine": refine,
            "axes": found,
        }
        results["seconds"] = clock.seconds
        if folder is not None:
            results["files"] = report.write_results(folder, results)
    return results


def properties(
    image: str, voxel_size: float, model: str, threshold: float | None, out: Path | None
) -> Results:
    """Predict the properties of a rock from its grey slices."""
    import poreops
    from poreops import report
    from poreops.conduits import checked_voxel_size
    from poreops.rocks.properties import load_rock_model
    from poreops.slices.rock_table import MILLIDARCY, read_grey

    clock = Clock()
    checked_voxel_size(voxel_size)
    with report.output_folder(out) if out is not None else nullcontext() as folder:
        with clock.stage("read"):
            grey = read_grey((Path(image),), Path(image).name)
        with clock.stage("load"):
            loaded = load_rock_model(model)
            if threshold is not None:
                loaded = loaded.with_threshold(threshold)
        with clock.stage("predict"):
            found = loaded.predict(grey, voxel_size, Path(image).name)
        permeability = found.plug["permeability_m2"]
        results: Results = {
            "command": "properties",
            "version": poreops.__version__,
            "image": image,
            "shape": list(grey.shape),
            "voxel_size_m": voxel_size,
            "model": model,
            "stack": loaded.name,
            "coverage": loaded.coverage,
            "porosity": _interval(found.plug["porosity"]),
            "permeability_m2": _interval(permeability),
            "permeability_md": _interval([k / MILLIDARCY for k in permeability]),
            "outside": dict(found.outside),
            "slices": {
                "areal_porosity": (found.segmented.labels > 0).mean(axis=(1, 2)).tolist(),
                "porosity": found.porosity.tolist(),
                "permeability_m2": found.permeability.tolist(),
            },
        }
        if folder is not None:
            with clock.stage("write"):
                report.write_slices(folder, grey, found.segmented.labels, results["slices"])
        results["seconds"] = clock.seconds
        if folder is not None:
            results["files"] = report.write_results(folder, results)
    return results


def _interval(values: Sequence[float]) -> dict[str, float]:
    return dict(zip(("value", "low", "high"), map(float, values), strict=True))


def _method(method: str | None, model: str | None) -> str:
    if method is None:
        return "dns" if model is None else "model"
    if model is not None and method != "model":
        raise InputError(
            f"a model belongs to the method 'model', got --model with --method {method}; "
            "drop one of the two"
        )
    return method.replace("-", "_")


def _axes(axis: str, ndim: int) -> list[str]:
    from poreops.graph import AXES

    names = list(AXES[:ndim])
    if axis != "all" and axis not in names:
        raise InputError(
            f"axis must be one of {', '.join(names)} or all for a {ndim}D image, got {axis!r}; "
            "correct --axis"
        )
    return names if axis == "all" else [axis]


def _fitting_header(source: ImageSource, bytes_per_voxel: int, job: str) -> ImageHeader:
    header = source.header()
    size = " x ".join(str(n) for n in header.shape)
    require_memory(
        header.voxels * bytes_per_voxel, f"{job} of {size} voxels", "crop the image to a part"
    )
    return header


def _about(
    command: str, source: ImageSource, im: NDArray[np.bool_], voxel_size: float | None
) -> Results:
    import poreops

    return {
        "command": command,
        "version": poreops.__version__,
        "image": source.path,
        "shape": list(im.shape),
        "voxel_size_m": voxel_size,
        "porosity": float(np.count_nonzero(im)) / im.size,
    }


def _number(value: float) -> float | str:
    """Return what JSON can hold: it has no infinity, `float("Infinity")` reads ours."""
    return float(value) if math.isfinite(value) else "Infinity"


def _axis_results(diffusion: Any) -> Results:
    return {
        "formation_factor": _number(diffusion.formation_factor),
        "tortuosity": _number(diffusion.tortuosity),
        "effective_diffusivity": float(diffusion.effective_diffusivity),
        "percolates": bool(diffusion.percolates),
    }
