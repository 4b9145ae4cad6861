"""What `poreops network --method interface --chunks` does: from a file to bounds, in chunks."""

import shutil
from pathlib import Path

from poreops.base.arguments import AXES
from poreops.base.content import Json
from poreops.base.extras import needs
from poreops.base.files import read_json, write_json
from poreops.cli.answer import Answer, Results
from poreops.cli.axes import axis_names, diffusion_results
from poreops.cli.chunked_job import Chunking, partition, source_state
from poreops.cli.jobs import Conductances
from poreops.cli.progress import Clock, progress_bar
from poreops.cli.show import axis_lines
from poreops.cli.source import ImageSource, required_edge
from poreops.conduits.large.stored_labels import StoredLabels, holds_regions
from poreops.errors import InputError
from poreops.images.read import read_header, split_path
from poreops.networks.interface.large.files import write_regions_csv
from poreops.networks.interface.large.network import network_in_groups

_LABELS = "labels.h5"


def stored_network(
    source: ImageSource, given: Conductances, edge: int, level: int | None, rtol: float | None,
    axis: str, out: Path,
) -> Answer:  # fmt: skip
    """Bound the formation factor of a volume, or of labels that were partitioned before.

    Parameters
    ----------
    source : of the volume, or of a file of `poreops partition --out`
    given : parameters of the partition
    edge : of the chunks [voxel]
    level : degree of the modes, 1 by default
    rtol : as given; there is none in chunks
    axis : along which, or all
    out : folder of the results; unfinished work lies beside it
    """
    import poreops

    _refuse(given, rtol)
    level = 1 if level is None else level
    chunking = Chunking(edge, given.r_max, given.sigma, given.workers).checked()
    regions = regions_in(source)
    options = source.options() | ({} if regions is None else {"dataset": regions})
    header = read_header(source.path, **options)
    voxel_size, names = required_edge(header), axis_names(axis, len(header.shape))
    work, clock = out.with_name(f".{out.name}.chunks"), Clock()
    made = None
    if regions is None:
        made = labels_of(source, chunking, work, clock)
    labels = StoredLabels(Path(source.path) if made is None else made)
    with clock.timed("blocks"):
        found = network_in_groups(
            labels, work / "blocks", voxel_size, level=level, edge=chunking.edge,
            axes=[AXES.index(name) for name in names], processes=chunking.processes,
            watch=progress_bar,
        )  # fmt: skip
    results = {
        "command": "network",
        "version": poreops.__version__,
        "image": source.path,
        "reading": header.as_dict(),
        "shape": list(labels.shape),
        "voxel_size_m": voxel_size,
        "porosity": found.along[0].porosity,
        "method": "interface",
        "transport": given.transport,
        "level": level,
        "partition": None if made is None else {"r_max": given.r_max, "sigma": given.sigma},
        "regions": labels.count,
        "throats": len(labels.conns),
        "chunks": {"edge": chunking.edge, "groups": found.groups},
        "network": {"blocks": found.blocks, "patches": found.patches, "modes": found.modes},
        "axes": {
            one.axis: diffusion_results(one)
            | {"lower": one.lower, "upper": one.upper, "width": one.width}
            for one in found.along
        },
        "warnings": list(header.warnings),
        "seconds": clock.seconds,
    }

    def write(folder: Path) -> None:
        write_regions_csv(folder / "regions.csv", found)
        if made is not None:
            shutil.move(made, folder / _LABELS)
        shutil.rmtree(work)

    files = ("regions.csv",) if made is None else (_LABELS, "regions.csv")
    return Answer(results, files, write)


def _refuse(given: Conductances, rtol: float | None) -> None:
    needs("networks", "a pore network")
    if given.transport != "diffusion":
        raise InputError(
            f"a network in chunks carries diffusion, got --transport {given.transport}; drop "
            "--chunks or the transport"
        )
    if rtol is not None:
        raise InputError(
            "the bracket of a network in chunks is as wide as its modes leave it, got --rtol "
            f"{rtol:g}; give --level 2 for a narrower one, or drop --chunks"
        )
    if given.model is not None or given.walls is not None:
        raise InputError(
            "an interface network needs no model, and for diffusion no walls, got "
            f"{'--model' if given.model is not None else '--walls'}; drop it"
        )


def regions_in(source: ImageSource) -> str | None:
    """Return the dataset of the labels, if the file holds regions and nothing else was asked.

    Parameters
    ----------
    source : of an image, or of a file of `poreops partition --out`
    """
    path, dataset = split_path(source.path, source.dataset)
    if dataset is not None or source.chosen or not holds_regions(path):
        return None
    return "0" if path.is_dir() else "labels"


def labels_of(source: ImageSource, given: Chunking, work: Path, clock: Clock) -> Path:
    """Return the file of labels of a volume; one of an earlier run of the same is taken.

    Parameters
    ----------
    source : of the volume
    given : how it is partitioned
    work : folder for the file and unfinished work
    clock : that times it
    """
    state: dict[str, Json] = {
        "source": source_state(source), "edge": given.edge, "r_max": given.r_max,
        "sigma": given.sigma,
    }  # fmt: skip
    note, path = work / "partition.json", work / _LABELS
    if work.is_dir() and not (note.is_file() and read_json(note) == state):
        shutil.rmtree(work)
    work.mkdir(parents=True, exist_ok=True)
    write_json(note, state)
    if not path.is_file():
        with clock.timed("partition"):
            partition(source, path, given, overwrite=False, scored=False)
    return path


def stored_network_text(results: Results) -> str:
    """Return the results for a terminal.

    Parameters
    ----------
    results : of `stored_network`
    """
    size, built = " x ".join(map(str, results["shape"])), results["network"]
    return "\n".join(
        [
            f"image     {results['image']}: {size} voxels, porosity {results['porosity']:.4f}",
            f"regions   {results['regions']}, {results['throats']} throats, by interface",
            (
                f"network   {built['blocks']} blocks, {built['patches']} patches, "
                f"{built['modes']} modes of degree {results['level']}"
            ),
            f"chunks    {results['chunks']['groups']} of {results['chunks']['edge']} voxels",
            "",
            *axis_lines(results),
            *(f"warning: {text}" for text in results["warnings"]),
        ]
    )
