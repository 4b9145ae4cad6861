"""What the commands of networks do: partition an image, give its conduits their size factors."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from poreops.base.extras import needs
from poreops.cli import flow_results
from poreops.cli.answer import Answer, Results
from poreops.cli.axes import (
    DIFFUSION_KEYS,
    FLOW_KEYS,
    axis_names,
    diffusion_results,
    solve_axes,
)
from poreops.cli.checking import check_block
from poreops.cli.drift_job import drift_warnings
from poreops.cli.models import loaded_model
from poreops.cli.progress import Clock, progress_bar
from poreops.cli.source import ImageSource, about, required_edge
from poreops.conduits.quantity import Target
from poreops.conduits.sure import default_model
from poreops.errors import InputError

if TYPE_CHECKING:
    from poreops.conduits.partition import Regions
    from poreops.images.reading import Volume
    from poreops.networks.network import PoreNetwork


@dataclass(frozen=True)
class Conductances:
    """Where the size factors of conduits come from."""

    method: str | None
    model: str | None
    transport: str = "diffusion"
    r_max: int = 4
    sigma: float = 0.4
    workers: int | None = None
    walls: str | None = None
    rtol: float = 0.05

    def model_uri(self, ndim: int) -> str | None:
        """Return the model that was given, or for `auto` the one that comes with the package.

        Parameters
        ----------
        ndim : of the image
        """
        return default_model(self.name, self.model, self.transport, ndim)

    @property
    def name(self) -> str:
        """The method, or the one that follows from the model."""
        if self.method is None:
            return "dns" if self.model is None else "model"
        if self.model is not None and self.method not in ("model", "auto"):
            raise InputError(
                "a model belongs to the methods 'model' and 'auto', got --model with --method "
                f"{self.method}; drop one of the two"
            )
        return self.method.replace("-", "_")


def partitioned(
    source: ImageSource, given: Conductances, clock: Clock, *, octants: bool
) -> "tuple[Volume, float, Regions, Results]":
    """Read an image, partition it, and check what its numbers will be worth.

    Parameters
    ----------
    source : of the segmented image
    given : how it is partitioned
    clock : that times each step
    octants : check the parts of the image too

    Returns
    -------
    volume, its voxel size [m], regions, and what `check_block` says
    """
    from poreops.conduits.partition import partition

    with clock.stage("read"):
        volume = source.read()
    voxel_size = required_edge(volume.reading)
    with clock.stage("partition"):
        regions = partition(volume.image, r_max=given.r_max, sigma=given.sigma)
    with clock.stage("check"):
        block = check_block(
            volume.image, volume.reading, chosen=source.chosen, regions=regions, octants=octants,
            workers=given.workers,
        )  # fmt: skip
    return volume, voxel_size, regions, block


def network(source: ImageSource, given: Conductances, axis: str, octants: bool) -> Answer:
    """Build the network of an image, with its transport properties."""
    from poreops.cli import result_files
    from poreops.conduits.methods import checked_method, checked_transport, walls_of_flow
    from poreops.networks.network import BYTES_PER_VOXEL, network_of_regions

    needs("networks", "a pore network")
    clock = Clock()
    checked_transport(given.transport, given.name)
    header = source.fitting_header(BYTES_PER_VOXEL, "a network", sized=True)
    uri = given.model_uri(len(header.shape))
    checked_method(given.name, uri, len(header.shape))
    axes = axis_names(axis, len(header.shape))
    loaded = loaded_model(uri)
    walls = walls_of_flow(given.walls, given.transport, given.name, loaded)
    volume, voxel_size, regions, block = partitioned(source, given, clock, octants=octants)
    with clock.timed("size_factors"):
        built = network_of_regions(
            regions, voxel_size, method=given.name, model=loaded, workers=given.workers,
            transport=given.transport, walls=walls, rtol=given.rtol, watch=progress_bar,
        )  # fmt: skip

    # a model of one's own may not know what it learned from
    compared = getattr(loaded, "drift", None)
    drift = None if compared is None else compared(regions.labels, regions.conns)

    with clock.stage("transport"):
        found, notes = along_axes(built, given.transport, axes)
    results = {
        **about("network", source, volume, block),
        "method": given.name,
        "model": uri,
        "transport": given.transport,
        "walls": walls,
        "r_max": given.r_max,
        "sigma": given.sigma,
        "regions": regions.count,
        "throats": len(regions.conns),
        "network": sizes_of(built),
        **flow_results.of_sureness(built.sureness),
        "axes": found,
        "inputs": None if drift is None else {"state": drift.state, "beyond": dict(drift.beyond)},
        "warnings": [
            *built.warnings,
            *notes,
            *drift_warnings(drift),
            *flow_results.alarms(built.sureness),
        ],
        "seconds": clock.seconds,
    }

    def write(folder: Path) -> None:
        result_files.write_network(folder, built)

    return Answer(results, result_files.NETWORK_FILES, write)


def along_axes(
    built: "PoreNetwork", transport: str, axes: Sequence[str]
) -> tuple[dict[str, Results], list[str]]:
    """Return the results of a network along axes, and warnings of those that were not solved.

    Parameters
    ----------
    built : network
    transport : "diffusion", "flow" or "both"
    axes : names
    """

    def solve(name: str) -> Results:
        found: Results = {}
        if transport != "flow":
            found |= diffusion_results(built.formation_factor(name))
        if transport != "diffusion":
            found |= flow_results.of_any(built.permeability(name))
        return found

    keys = DIFFUSION_KEYS * (transport != "flow") + FLOW_KEYS * (transport != "diffusion")
    return solve_axes(axes, solve, keys)


def sizes_of(built: "PoreNetwork") -> Results:
    """Return how many pores and throats a network has.

    Parameters
    ----------
    built : network
    """
    pores = built.openpnm
    return {
        "pores": int(pores["pore.internal"].sum()),
        "boundary_pores": int(pores["pore.boundary"].sum()),
        "throats": int(pores.Nt),
    }


def size_factors(source: ImageSource, given: Conductances, convention: str) -> Answer:
    """Partition an image and compute the size factor of every throat.

    Parameters
    ----------
    source : of the segmented image
    given : where the size factors come from
    convention : as the option `--convention`
    """
    from poreops.cli import result_files
    from poreops.conduits.contacts import NO_CONTACTS
    from poreops.conduits.methods import all_size_factors, checked_method, walls_of_flow
    from poreops.conduits.quantity import voxel_power
    from poreops.networks.network import BYTES_PER_VOXEL

    clock = Clock()
    target = _target(given.transport)
    header = source.fitting_header(BYTES_PER_VOXEL, "partitioning", sized=True)
    uri = given.model_uri(len(header.shape))
    checked_method(given.name, uri, len(header.shape))
    _check_convention(convention, given.name, target)
    loaded = loaded_model(uri)
    walls = walls_of_flow(given.walls, given.transport, given.name, loaded)
    volume, voxel_size, regions, block = partitioned(source, given, clock, octants=False)
    if not len(regions.conns):
        raise InputError(
            f"size factors need two regions that touch, the image has {regions.count} "
            "region(s) and no throat; give a larger image"
        )
    with clock.timed("size_factors"):
        if convention == "porespy":
            from poreops.conduits.diffusive import diffusive_size_factors

            throats = diffusive_size_factors(
                regions.labels, regions.conns, convention="porespy", workers=given.workers
            )
            sureness = None
        else:
            factors = all_size_factors(
                regions.labels, regions.conns, NO_CONTACTS, method=given.name, model=loaded,
                workers=given.workers, watch=progress_bar, target=target,
                walls=walls, rtol=given.rtol,
            )  # fmt: skip
            throats, sureness = factors.throats, factors.sureness
    power = voxel_power(target)
    values = throats * voxel_size**power
    unit = "m" if power == 1 else f"m{power}"
    results = {
        **about("size-factors", source, volume, block),
        "method": given.name,
        "model": uri,
        "transport": given.transport,
        "walls": walls,
        "r_max": given.r_max,
        "sigma": given.sigma,
        "regions": regions.count,
        "throats": len(regions.conns),
        f"size_factor_{unit}": _spread(values),
        **flow_results.of_sureness(sureness),
        "warnings": flow_results.alarms(sureness),
        "seconds": clock.seconds,
    }

    def write(folder: Path) -> None:
        result_files.write_size_factors(folder, regions, values, voxel_size, target)

    details = {"conns": regions.conns.tolist(), "size_factors": values.tolist()}
    return Answer(results, result_files.SIZE_FACTOR_FILES, write, details)


def _target(transport: str) -> Target:
    targets: dict[str, Target] = {"diffusion": "diffusive", "flow": "hydraulic"}
    if transport not in targets:
        raise InputError(
            f"size factors are of diffusion or flow, got {transport!r}; correct --transport"
        )
    return targets[transport]


def _check_convention(convention: str, method: str, target: str) -> None:
    if convention not in ("centroid", "porespy"):
        raise InputError(
            f"convention must be centroid or porespy, got {convention!r}; correct --convention"
        )
    if convention == "porespy" and (method != "dns" or target != "diffusive"):
        raise InputError(
            "the convention porespy is one of simulated diffusion, got it with another method or "
            "flow; drop --convention"
        )


def _spread(values: NDArray[np.float64]) -> Results:
    return {
        "min": float(np.nanmin(values)),
        "median": float(np.nanmedian(values)),
        "mean": float(np.nanmean(values)),
        "max": float(np.nanmax(values)),
    }
