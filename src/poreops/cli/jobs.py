"""What the commands do: read, compute with progress on stderr, write a folder of results."""

import math
import warnings
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from poreops.cli.progress import Clock, progress_bar
from poreops.errors import InputError
from poreops.volumes.memory import require_memory
from poreops.volumes.read import read_header, read_volume
from poreops.volumes.reading import Reading, Volume
from poreops.volumes.spacing import VoxelSize

# peak of the full-volume solver at 256³: 66 at porosity 0.95, 43 at 0.6, 15 at 0.2, measured
BULK_BYTES_PER_VOXEL = 75

Results = dict[str, Any]


@dataclass(frozen=True)
class ImageSource:
    """An image file and how to read it; see `poreops.volumes.read.read_volume`."""

    path: str
    dataset: str | None = None
    shape: tuple[int, ...] | None = None
    dtype: str | None = None
    offset: int = 0
    pore_label: tuple[int, ...] | None = None
    voxel_size: VoxelSize | None = None
    any_voxel_size: bool = False

    def header(self) -> Reading:
        """Read what the file says of itself, not its voxels."""
        return read_header(self.path, **self._options())

    def read(self) -> Volume:
        """Read the image, True = pore, and how it was understood."""
        return read_volume(self.path, pore_label=self.pore_label, **self._options())

    def _options(self) -> dict[str, Any]:
        names = ("dataset", "shape", "dtype", "offset", "voxel_size", "any_voxel_size")
        return {name: getattr(self, name) for name in names}


def network(
    source: ImageSource,
    method: str | None,
    model: str | None,
    transport: str,
    axis: str,
    out: Path,
    workers: int | None,
) -> Results:
    """Build the network of an image and write it with its transport properties."""
    from poreops import report
    from poreops.conduits import checked_method, checked_transport
    from poreops.network import BYTES_PER_VOXEL, loaded_model, network_of_regions
    from poreops.regions.partition import partition

    clock = Clock()
    method = _method(method, model)
    checked_transport(transport, method)
    header = _fitting_header(source, BYTES_PER_VOXEL, "a network")
    voxel_size = _edge(header)
    checked_method(method, model, len(header.shape))
    axes = _axes(axis, len(header.shape))
    with report.output_folder(out) as folder:
        loaded = loaded_model(model)
        with clock.stage("read"):
            volume = source.read()
            im = volume.image
        with clock.stage("partition"):
            regions = partition(im)
        with clock.timed("size_factors"):
            built = network_of_regions(
                regions, voxel_size, method=method, model=loaded, workers=workers,
                transport=transport, watch=progress_bar,
            )  # fmt: skip
        found: dict[str, Results] = {name: {} for name in axes}
        with clock.stage("transport"):
            for name in axes:
                if transport != "flow":
                    found[name] |= _axis_results(built.formation_factor(name))
                if transport != "diffusion":
                    found[name] |= _flow_results(built.permeability(name))
        pores = built.openpnm
        results = {
            **_about("network", source, volume),
            "method": method,
            "model": model,
            "transport": transport,
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
    method: str | None,
    model: str | None,
    out: Path | None,
    workers: int | None,
) -> Results:
    """Partition an image and compute the size factor of every throat."""
    from poreops import report
    from poreops.conduits import NO_CONTACTS, checked_method
    from poreops.conduits import size_factors as conduit_size_factors
    from poreops.network import BYTES_PER_VOXEL, loaded_model
    from poreops.regions.partition import partition

    clock = Clock()
    method = _method(method, model)
    header = _fitting_header(source, BYTES_PER_VOXEL, "partitioning")
    voxel_size = _edge(header)
    checked_method(method, model, len(header.shape))
    with report.output_folder(out) if out is not None else nullcontext() as folder:
        loaded = loaded_model(model)
        with clock.stage("read"):
            volume = source.read()
            im = volume.image
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
            **_about("size-factors", source, volume),
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


def formation_factor(source: ImageSource, axis: str, out: Path | None) -> Results:
    """Solve diffusion in the whole image along one axis or all."""
    from poreops import report
    from poreops.graph import axis_index
    from poreops.transport.bulk import formation_factor as solve

    clock = Clock()
    header = _fitting_header(source, BULK_BYTES_PER_VOXEL, "solving diffusion")
    axes = _axes(axis, len(header.shape))
    with report.output_folder(out) if out is not None else nullcontext() as folder:
        with clock.stage("read"):
            volume = source.read()
            im = volume.image
        found = {}
        for name in axes:
            with clock.stage(f"solve {name}"):
                diffusion = solve(im, axis_index(name, im.ndim))
            found[name] = _axis_results(diffusion) | {
                "residual": diffusion.residual,
                "iterations": diffusion.iterations,
            }
        results = {**_about("formation-factor", source, volume), "axes": found}
        results["seconds"] = clock.seconds
        if folder is not None:
            results["files"] = report.write_results(folder, results)
    return results


def permeability(source: ImageSource, axis: str, out: Path | None, workers: int | None) -> Results:
    """Solve Stokes flow through the whole image along one axis or all."""
    from poreops import report
    from poreops.graph import axis_index
    from poreops.transport.stokes import BYTES_PER_VOXEL, UnderResolvedWarning
    from poreops.transport.stokes import permeability as solve

    clock = Clock()
    header = _fitting_header(source, BYTES_PER_VOXEL, "solving Stokes flow")
    voxel_size = _edge(header)
    axes = _axes(axis, len(header.shape))
    with report.output_folder(out) if out is not None else nullcontext() as folder:
        with clock.stage("read"):
            volume = source.read()
            im = volume.image
        found = {}
        for name in axes:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always", UnderResolvedWarning)
                with clock.stage(f"solve {name}"):
                    flow = solve(
                        im, axis_index(name, im.ndim), voxel_size=voxel_size, workers=workers
                    )
            found[name] = _flow_results(flow) | {
                "floating_share": flow.floating_share,
                "residual": flow.residual,
                "iterations": flow.iterations,
                "warnings": [str(warning.message) for warning in caught],
            }
        results = {**_about("permeability", source, volume), "axes": found}
        results["seconds"] = clock.seconds
        if folder is not None:
            results["files"] = report.write_results(folder, results)
    return results


def properties(
    image: str,
    voxel_size: VoxelSize | None,
    any_voxel_size: bool,
    model: str,
    threshold: float | None,
    out: Path | None,
) -> Results:
    """Predict the properties of a rock from its grey slices."""
    import poreops
    from poreops import report
    from poreops.rocks.properties import load_rock_model
    from poreops.slices.rock_images import read_grey
    from poreops.slices.rock_table import MILLIDARCY

    clock = Clock()
    with report.output_folder(out) if out is not None else nullcontext() as folder:
        with clock.stage("read"):
            volume = read_grey(
                (Path(image),), Path(image).name, voxel_size=voxel_size,
                any_voxel_size=any_voxel_size,
            )  # fmt: skip
            grey, edge = volume.image, _edge(volume.reading)
        with clock.stage("load"):
            loaded = load_rock_model(model)
            if threshold is not None:
                loaded = loaded.with_threshold(threshold)
        with clock.stage("predict"):
            found = loaded.predict(grey, edge, Path(image).name)
        permeability = found.plug["permeability_m2"]
        results: Results = {
            "command": "properties",
            "version": poreops.__version__,
            "image": image,
            "shape": list(grey.shape),
            "voxel_size_m": edge,
            "reading": volume.reading.as_dict(),
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


def _fitting_header(source: ImageSource, bytes_per_voxel: int, job: str) -> Reading:
    header = source.header()
    size = " x ".join(str(n) for n in header.shape)
    require_memory(
        header.voxels * bytes_per_voxel, f"{job} of {size} voxels", "crop the image to a part"
    )
    return header


def _edge(reading: Reading) -> float:
    """Return the edge of a voxel, given or read from the file."""
    if reading.edge is None:
        raise InputError(
            f"the voxel size must be known, {reading.path.name} does not state it; give it as "
            "--voxel-size 5.3e-6"
        )
    return reading.edge


def _about(command: str, source: ImageSource, volume: Volume) -> Results:
    import poreops

    im = volume.image

    return {
        "command": command,
        "version": poreops.__version__,
        "image": source.path,
        "shape": list(im.shape),
        "voxel_size_m": volume.reading.edge,
        "reading": volume.reading.as_dict(),
        "porosity": float(np.count_nonzero(im)) / im.size,
    }


def _flow_results(flow: Any) -> Results:
    return {
        "permeability_m2": float(flow.permeability),
        "permeability_md": float(flow.permeability_md),
        "percolates": bool(flow.percolates),
    }


def _axis_results(diffusion: Any) -> Results:
    """Return numbers that JSON can hold: it has no infinity, `float("Infinity")` reads ours."""

    def number(value: float) -> float | str:
        return float(value) if math.isfinite(value) else "Infinity"

    return {
        "formation_factor": number(diffusion.formation_factor),
        "tortuosity": number(diffusion.tortuosity),
        "effective_diffusivity": float(diffusion.effective_diffusivity),
        "percolates": bool(diffusion.percolates),
    }
