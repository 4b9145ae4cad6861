"""Judge the ways to a conductance by what whole networks carry."""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from poreops.base.arrays import Array
from poreops.base.content import Json
from poreops.base.hdf5 import read_hdf5, write_hdf5
from poreops.conductance.judging.methods import NAMES
from poreops.conductance.judging.run_times import RunTime
from poreops.conductance.judging.scores import r2, relative_error
from poreops.conductance.model import ConductanceModel
from poreops.conductance.physics import PhysicsModel
from poreops.conductance.registry import load_model, standing_champion
from poreops.conduits.crop import crop_conduits, region_centroids
from poreops.conduits.labels import LabelConfig
from poreops.conduits.partition import PartitionConfig, Regions, partition
from poreops.machine.tasks import parallel_map
from poreops.networks.network import PoreNetwork, network_of_regions
from poreops.solvers.diffusion.bulk import formation_factor
from poreops.solvers.stokes.permeability import SEALED, UnderResolvedWarning, permeability

if TYPE_CHECKING:
    from poreops.mlops.tracking import ModelVersion

METHODS = ("dns", "shape_factor", "geometry")
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """One volume by full-volume DNS and by the networks of all methods.

    Attributes
    ----------
    truth : (ndim,) float64
        Formation factor, or permeability [voxel²], along each axis by DNS of the whole volume.
    found : method → (ndim,) float64, of its network
    size_factors : method → (Nt,) float64 [voxel], of flow [voxel³]
    regions : Regions
    """

    truth: Floats
    found: Mapping[str, Floats]
    size_factors: Mapping[str, Floats]
    regions: Regions


def compare_networks(
    im: NDArray[np.bool_],
    settings: PartitionConfig,
    label: LabelConfig,
    models: Mapping[str, str],
) -> Comparison:
    """Compare all methods on one volume; a task of its own, on one thread.

    Parameters
    ----------
    im : (nx, ny[, nz]) bool, True = pore
    settings : of the partition
    label : its target says what is compared, and its walls what the simulations of flow take
    models : name → URI or folder of a conductance model
    """
    regions = partition(im, r_max=settings.r_max, sigma=settings.sigma)
    # geometry and shape factor describe spheres and cones: 3D only
    methods = METHODS if im.ndim == 3 else METHODS[:1]
    flow = label.target == "hydraulic"
    transport = "flow" if flow else "diffusion"
    networks = {
        name: network_of_regions(
            regions,
            1.0,
            name,
            None,
            1,
            transport=transport,
            walls=label.walls if flow and name == "dns" else None,
            convention=label.convention if not flow and name == "dns" else None,
        )
        for name in methods
    } | {
        name: network_of_regions(regions, 1.0, "model", _model(uri), 1, transport=transport)
        for name, uri in models.items()
    }
    axes = range(im.ndim)

    def whole(axis: int) -> float:
        if flow:  # networks end at the faces, so the sides are walls
            with warnings.catch_warnings():
                # conduits see the same voxels: their resolution is not in question
                warnings.simplefilter("ignore", UnderResolvedWarning)
                return permeability(
                    im, axis, boundary=SEALED, walls=label.walls, workers=1
                ).permeability
        return formation_factor(im, axis).formation_factor

    def carried(network: PoreNetwork, axis: int) -> float:
        if flow:
            return network.permeability(axis).permeability
        return network.formation_factor(axis).formation_factor

    return Comparison(
        truth=np.array([whole(axis) for axis in axes]),
        found={
            name: np.array([carried(network, axis) for axis in axes])
            for name, network in networks.items()
        },
        size_factors={
            name: network.hydraulic_size_factors if flow else network.size_factors
            for name, network in networks.items()
        },
        regions=regions,
    )


def compared_networks(
    volumes: Path,
    settings: PartitionConfig,
    label: LabelConfig,
    models: Mapping[str, str],
    announce: Callable[[str], object],
) -> list[Comparison]:
    """Compare all methods on every volume, on several processes.

    Parameters
    ----------
    volumes : HDF5 file, each (nx, ny[, nz]) bool, True = pore
    settings, label, models : as of `compare_networks`
    announce : told the address of the dashboard
    """
    compare = partial(compare_networks, settings=settings, label=label, models=models)
    return list(parallel_map(compare, read_hdf5(volumes)[0].values(), announce=announce))


def competing_models(
    registered: Path, of: str, members: Path
) -> "tuple[ModelVersion | None, dict[str, str]]":
    """Return the champion, if a model passed the gate, and name → folder of what drives networks.

    Parameters
    ----------
    registered, of : as of `standing_champion`
    members : folder of the members, of which the image network is judged too
    """
    champion, files = standing_champion(registered, of)
    models = {} if files is None else {"model": str(files)}
    if (members / "image").is_dir():  # the published idea keeps its row
        models["resnet"] = str((members / "image").resolve())
    return champion, models


def network_report(
    label: LabelConfig,
    compared: Sequence[Comparison],
    times: Mapping[str, RunTime],
    champion: "ModelVersion | None",
) -> dict[str, Json]:
    """Return the report: scores of each method over all volumes and axes, values and run times.

    Parameters
    ----------
    label : its target says what the quantity is, formation_factor or permeability [voxel²]
    compared : of every volume
    times : name of the volume → RunTime
    champion : its version in the registry
    """
    quantity = "permeability" if label.target == "hydraulic" else "formation_factor"
    truth = np.concatenate([one.truth for one in compared])
    scores, values = {}, {"full_dns": truth.tolist()}
    for name in compared[0].found:
        found = np.concatenate([one.found[name] for one in compared])
        values[name] = found.tolist()
        scores[name] = {"r2": r2(found, truth), "mape": relative_error(found, truth).mean()}
    return {
        "quantity": quantity,
        quantity: scores,
        "values": values,
        "run_time": {name: vars(measured) for name, measured in times.items()},
        "champion": None if champion is None else {"sha256": champion.tags["sha256"]},
    }


def write_network(path: Path, compared: Comparison, champion: str | None = None) -> None:
    """Write the network of one volume, as the report draws it.

    Parameters
    ----------
    path : HDF5 file: ``coords`` (Np, ndim) float64, ``conns`` (Nt, 2) int64,
        ``size_factors/<method>`` (Nt,) float64 and, where the champion states intervals,
        ``half_widths`` (Nt,) float64 of those of the logarithm, infinite where it knows none
    compared : of that volume
    champion : its URI or folder
    """
    arrays: dict[str, Array] = {
        f"size_factors/{name}": values for name, values in compared.size_factors.items()
    }
    arrays["coords"] = region_centroids(compared.regions.labels)
    arrays["conns"] = compared.regions.conns
    model = None if champion is None else _model(champion)
    if isinstance(model, PhysicsModel):
        crops = crop_conduits(compared.regions.labels, compared.regions.conns)
        arrays["half_widths"] = model.conduit_intervals(crops)[1]
    write_hdf5(path, arrays)


def lines(report: Mapping[str, Json]) -> Iterator[str]:
    """Yield a report as lines for the terminal.

    Parameters
    ----------
    report : of `network_report`
    """
    quantity = report["quantity"]
    yield f"{quantity.replace('_', ' ')} of the networks against DNS of the whole volumes"
    for name, score in report[quantity].items():
        yield f"{NAMES[name]:>24}: R² {score['r2']:7.3f}   error {100 * score['mape']:6.2f} %"


@cache
def _model(uri: str) -> ConductanceModel:
    return load_model(uri)
