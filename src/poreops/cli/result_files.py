"""Result files and pictures of the commands."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poreops.base.content import Json
from poreops.base.files import write_json
from poreops.base.show.pictures import save
from poreops.cli.folder import LAST_FILE, MANIFEST, output_folder
from poreops.conduits.partition import Regions
from poreops.conduits.quantity import Target
from poreops.networks.figures import draw_network, draw_regions
from poreops.networks.network import PoreNetwork
from poreops.networks.tables import (
    write_network_npz,
    write_pores_csv,
    write_size_factors_csv,
    write_slices_csv,
    write_throats_csv,
)
from poreops.networks.vtk import write_labels_vti, write_network_vtp

__all__ = [
    "NETWORK_FILES",
    "SIZE_FACTOR_FILES",
    "SLICE_FILES",
    "STORED_NETWORK_FILES",
    "files_with",
    "output_folder",
    "write_network",
    "write_results",
    "write_size_factors",
    "write_slices",
]

_LABEL_FILES = ("regions.png", "regions.vti")
STORED_NETWORK_FILES = ("network.npz", "network.png", "network.vtp", "pores.csv", "throats.csv")
NETWORK_FILES = (*STORED_NETWORK_FILES, *_LABEL_FILES)
SIZE_FACTOR_FILES = ("size_factors.csv", *_LABEL_FILES)
SLICE_FILES = ("segmentation.png", "slices.csv")


def write_network(folder: Path, network: PoreNetwork) -> None:
    """Write tables, the OpenPNM-ready network, VTK files and pictures of a network.

    Parameters
    ----------
    folder : that is there
    network : solved or not
    """
    arrays = {key: np.asarray(network.openpnm[key]) for key in sorted(network.openpnm)}
    write_pores_csv(folder / "pores.csv", arrays)
    write_throats_csv(folder / "throats.csv", arrays)
    write_network_npz(folder / "network.npz", arrays)
    pore_data, throat_data = (
        {
            key.removeprefix(f"{element}."): values
            for key, values in arrays.items()
            if key.startswith(f"{element}.") and values.ndim == 1
        }
        for element in ("pore", "throat")
    )
    diffusive, hydraulic = (f"{kind}_size_factors" for kind in ("diffusive", "hydraulic"))
    if diffusive in throat_data:
        throat_data["log10_size_factor"] = np.log10(throat_data[diffusive])
    if hydraulic in throat_data:
        throat_data["log10_hydraulic_size_factor"] = np.log10(throat_data[hydraulic])
    drawn, title = (
        (diffusive, "diffusive size factor [m]")
        if diffusive in throat_data
        else (hydraulic, "hydraulic size factor [m³]")
    )
    coords, conns = arrays["pore.coords"], arrays["throat.conns"]
    write_network_vtp(folder / "network.vtp", coords, conns, pore_data, throat_data)
    if isinstance(network.regions, Regions):  # those of a file stay there
        _write_labels(folder, network.regions, network.voxel_size)
    draw_network(
        folder / "network.png",
        coords,
        conns,
        throat_data[drawn],
        arrays["pore.inscribed_diameter"],
        arrays["pore.boundary"],
        title,
    )


def write_size_factors(
    folder: Path,
    regions: Regions,
    size_factors: NDArray[np.float64],
    voxel_size: float,
    target: Target = "diffusive",
) -> None:
    """Write the table of size factors and the regions that it names.

    Parameters
    ----------
    folder : that is there
    regions : of the image
    size_factors : (Nt,) float64, of each throat [m or m³]
    voxel_size : edge of a voxel [m]
    target : quantity that they are of
    """
    write_size_factors_csv(folder / "size_factors.csv", regions.conns, size_factors, target)
    _write_labels(folder, regions, voxel_size)


def write_slices(
    folder: Path,
    grey: NDArray[np.generic],
    labels: NDArray[np.integer],
    columns: Mapping[str, Sequence[float]],
    pixel_size: float | None = None,
) -> None:
    """Write a table with a row a slice, and the segmentation of up to six slices.

    Parameters
    ----------
    folder : to write to
    grey : (n, h, w)
    labels : (n, h, w) int, 0 solid
    columns : name → (n,) values
    pixel_size : [m], for a scale bar
    """
    write_slices_csv(folder / "slices.csv", columns)
    shown = np.unique(np.linspace(0, len(grey) - 1, 6).astype(int))
    slices = {f"slice {k}": (grey[k], labels[k]) for k in shown}
    from poreops.properties.figures.pictures import overlays  # with pandas

    figure = overlays(slices, None if pixel_size is None else dict.fromkeys(slices, pixel_size))
    save(figure, folder / "segmentation.png")


def files_with(names: Iterable[str]) -> list[str]:
    """Return these names with those that every folder of results has, sorted.

    Parameters
    ----------
    names : of the files of one command
    """
    return sorted({*names, LAST_FILE, MANIFEST})


def write_results(folder: Path, results: dict[str, Json]) -> None:
    """Write `results.json`.

    Parameters
    ----------
    folder : that is there
    results : plain, as of `plain`
    """
    write_json(folder / LAST_FILE, results)


def _write_labels(folder: Path, regions: Regions, voxel_size: float) -> None:
    write_labels_vti(folder / "regions.vti", regions.labels, voxel_size)
    draw_regions(folder / "regions.png", regions.labels, voxel_size)
