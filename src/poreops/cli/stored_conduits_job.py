"""What `poreops network --chunks` does: from a file to a network of conduits, in chunks."""

import shutil
from pathlib import Path

from poreops.base.extras import needs
from poreops.cli import flow_results
from poreops.cli.answer import Answer, Results
from poreops.cli.axes import axis_names
from poreops.cli.chunked_job import Chunking
from poreops.cli.jobs import Conductances, along_axes, sizes_of
from poreops.cli.models import loaded_model
from poreops.cli.progress import Clock, progress_bar
from poreops.cli.show import axis_lines
from poreops.cli.source import ImageSource, required_edge
from poreops.cli.stored_network_job import labels_of, regions_in
from poreops.conduits.methods import checked_method, checked_transport, walls_of_flow
from poreops.images.read import read_header
from poreops.networks.large import conduit_method, network_of_file

_LABELS = "labels.h5"


def network(source: ImageSource, given: Conductances, edge: int, axis: str, out: Path) -> Answer:
    """Build the network of a volume, or of labels that were partitioned before, in chunks.

    Parameters
    ----------
    source : of the volume, or of a file of `poreops partition --out`
    given : where the size factors come from, and how the volume is partitioned
    edge : of the chunks [voxel]
    axis : along which, or all
    out : folder of the results; unfinished work lies beside it
    """
    import poreops
    from poreops.cli import result_files

    needs("networks", "a pore network")
    chunking = Chunking(edge, given.r_max, given.sigma, given.workers).checked()
    uri = given.model_uri(3)
    method = conduit_method(checked_method(given.name, uri, 3))
    checked_transport(given.transport, method)
    walls = walls_of_flow(given.walls, given.transport, method, loaded_model(uri))
    regions = regions_in(source)
    options = source.options() | ({} if regions is None else {"dataset": regions})
    header = read_header(source.path, **options)
    voxel_size, axes = required_edge(header), axis_names(axis, len(header.shape))
    work, clock = out.with_name(f".{out.name}.chunks"), Clock()
    made = labels_of(source, chunking, work, clock) if regions is None else None
    with clock.timed("size_factors"):
        built = network_of_file(
            made or source.path, voxel_size, method, uri, chunking.processes, edge=chunking.edge,
            transport=given.transport, walls=walls, folder=work / "rows",
            watch=progress_bar,
        )  # fmt: skip
    with clock.stage("transport"):
        found, notes = along_axes(built, given.transport, axes)
    results = {
        "command": "network",
        "version": poreops.__version__,
        "image": source.path,
        "reading": header.as_dict(),
        "shape": list(built.regions.shape),
        "voxel_size_m": voxel_size,
        "porosity": built.regions.porosity,
        "method": method,
        "model": uri,
        "transport": given.transport,
        "walls": built.walls,
        "partition": None if made is None else {"r_max": given.r_max, "sigma": given.sigma},
        "regions": built.regions.count,
        "throats": len(built.regions.conns),
        "chunks": {"edge": chunking.edge},
        "network": sizes_of(built),
        **flow_results.of_sureness(built.sureness),
        "axes": found,
        "warnings": [*header.warnings, *built.warnings, *notes],
        "seconds": clock.seconds,
    }

    def write(folder: Path) -> None:
        result_files.write_network(folder, built)
        if made is not None:
            shutil.move(made, folder / _LABELS)
        shutil.rmtree(work, ignore_errors=True)

    labels = (_LABELS,) * (made is not None)
    return Answer(results, (*labels, *result_files.STORED_NETWORK_FILES), write)


def network_text(results: Results) -> str:
    """Return the results for a terminal.

    Parameters
    ----------
    results : of `network`
    """
    size, built = " x ".join(map(str, results["shape"])), results["network"]
    walls = [f"walls     {results['walls']}"] if results["walls"] else []
    throats = f"{results['throats']} throats, by {results['method']}"
    return "\n".join(
        [
            f"image     {results['image']}: {size} voxels, porosity {results['porosity']:.4f}",
            f"regions   {results['regions']}, {throats}",
            *walls,
            (
                f"network   {built['pores']} pores, {built['boundary_pores']} boundary pores, "
                f"{built['throats']} throats, in chunks of {results['chunks']['edge']} voxels"
            ),
            "",
            *axis_lines(results),
            *(f"warning: {text}" for text in results["warnings"]),
        ]
    )
