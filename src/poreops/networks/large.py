"""The pore network of a volume that stays in its file, measured and solved group by group."""

import math
import shutil
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poreops.base.arguments import checked_count, checked_voxel_size
from poreops.base.arrays import Array
from poreops.base.conventions import Convention, Walls
from poreops.base.extras import needs
from poreops.base.files import read_json, write_json
from poreops.base.hdf5 import read_hdf5, write_hdf5
from poreops.conduits.contacts import FaceContacts
from poreops.conduits.descriptors import (
    FaceGeometry,
    RegionGeometry,
    face_geometry,
    region_geometry,
)
from poreops.conduits.large.groups import (
    EDGE,
    Group,
    StoredRegions,
    grouped,
    read_surrounded,
    require_memory_of,
    stored_contacts,
)
from poreops.conduits.large.partition import Watch, unwatched
from poreops.conduits.large.stored_labels import StoredLabels
from poreops.conduits.methods import (
    PREDICTED,
    ConductanceModel,
    Within,
    all_size_factors,
    checked_method,
    checked_transport,
    conduit_names,
    walls_of_flow,
)
from poreops.conduits.partition import are_touching
from poreops.conduits.quantity import Target, targets_of, voxel_power
from poreops.conduits.sure import SizeFactors, Sureness
from poreops.errors import InputError, UnsettledWarning
from poreops.machine.progress import bar_at_once
from poreops.machine.tasks import parallel_map
from poreops.machine.tasks import workers as usual_workers
from poreops.networks.arrays import arrays_of_sizes, intervals_of
from poreops.networks.conduit_model import loaded_model
from poreops.networks.network import Factors, PoreNetwork, assembled, require_throats

_SHOWN = 3
_PORE = ("volume", "centroid", "equivalent_diameter", "inscribed_diameter")
_THROAT = ("inscribed_diameter", "area", "length")
_COLUMNS = {"pore": _PORE, "throat": _THROAT, "face": _THROAT}
_SURE = ("half_widths", "simulated")


@dataclass(frozen=True)
class ConduitJob:
    """The conduits of a file of labels, measured and solved group by group.

    Attributes
    ----------
    labels : file of labels
    folder : of the files that the groups leave
    method : one of `poreops.conduits.methods.METHODS`, but for `auto`
    model : URI or model, for the method `model`
    targets : whose size factors are wanted
    walls, convention : as of `poreops.conduits.methods.all_size_factors`
    """

    labels: Path
    folder: Path
    method: str
    model: ConductanceModel | str | None
    targets: tuple[Target, ...]
    walls: Walls | None
    convention: Convention | None

    def rows(self, group: Group) -> Path:
        """Return the file of a group's rows.

        Parameters
        ----------
        group : of the conduits
        """
        return self.folder / f"group-{group.index}.h5"

    def solve(self, group: Group) -> None:
        """Write the rows of a group: sizes in voxels, and size factors in powers of a voxel.

        Parameters
        ----------
        group : of the conduits
        """
        labels, distance = read_surrounded(StoredLabels(self.labels), group)
        rows = _sizes(labels, distance, group)
        within = Within(distance, group.origin)
        # a region that touches nothing is measured only
        for target in self.targets if len(group.conns) + len(group.contacts) else ():
            with warnings.catch_warnings():
                # named by their numbers in the volume when all are there
                warnings.simplefilter("ignore", UnsettledWarning)
                found = all_size_factors(
                    labels, group.conns, group.contacts, method=self.method,
                    model=_model(self.model), workers=1, target=target,
                    walls=self.walls if target == "hydraulic" else None,
                    convention=self.convention, within=within,
                )  # fmt: skip
            rows |= _factors(found, target)
        write_hdf5(self.rows(group), rows)


def network_of_file(
    path: str | Path,
    voxel_size: float | None = None,
    method: str = "dns",
    model: ConductanceModel | str | None = None,
    workers: int | None = None,
    *,
    edge: int = EDGE,
    transport: str = "diffusion",
    walls: Walls | None = None,
    convention: Convention | None = None,
    folder: str | Path | None = None,
    watch: Watch | None = None,
    progress: bool = False,
) -> PoreNetwork:
    """Build the pore network of a partition that lies in a file and need not fit in memory.

    Parameters
    ----------
    path : path
        HDF5 or OME-Zarr of `poreops partition --out`, or HDF5 of `Regions.save`, 3D.
    voxel_size : float, optional
        [m]; by default what the file states.
    method : "dns", "model", "geometry" or "shape_factor"
        As for `poreops.build_network`; `auto` draws conduits of the whole image, and is not here.
    model : model or URI, for the method `model`
        Of several processes each loads its own: a URI then.
    workers : int, optional
        Processes that share the groups, 1 is this one; `POREOPS_WORKERS`, or one per core, by
        default. A script with several needs ``if __name__ == "__main__":``.
    edge : int
        Edge of the cubes [voxel] by which conduits are grouped. The network does not depend on it.
    transport, walls, convention : as for `poreops.build_network`
    folder : path, optional
        For the rows of finished groups, which a run that was interrupted does not repeat; beside
        the labels by default. It is removed at the end.
    watch : callable, optional
        Wraps the stream of groups, of the given number and name: a progress bar of one's own.
    progress : bool
        Show a bar on stderr, or below the cell of a notebook.

    Returns
    -------
    PoreNetwork
        That of `poreops.build_network` of the same regions. Its `regions` know shape, porosity,
        number and throats; the labels stay in the file.

    Raises
    ------
    InputError
        Another file, labels with gaps, no voxel size, no throat, an unknown method or `auto`, or
        a group of conduits that does not fit in memory.
    """
    needs("networks", "a pore network")
    method = checked_method(conduit_method(method), model, 3)
    checked_transport(transport, method)
    processes = _checked_processes(workers, model)
    stored = StoredLabels(Path(path))
    voxel_size = _checked_voxel_size(voxel_size, stored)
    loaded = _model(model) if method in PREDICTED else None
    of_flow = walls_of_flow(walls, transport, method, loaded)
    rows = Path(folder or stored.path.with_name(f".{stored.path.name}.network"))
    job = ConduitJob(
        stored.path.resolve(), rows, method, model, tuple(targets_of(transport)), of_flow,
        convention,
    )  # fmt: skip
    show = watch or (bar_at_once if progress else unwatched)
    return _built(stored, job, voxel_size, edge, processes, show)


def _checked_processes(given: int | None, model: ConductanceModel | str | None) -> int:
    # one process needs no Dask
    usual = usual_workers() if find_spec("distributed") else 1
    count = usual if given is None else checked_count(given, "workers")
    if count > 1:
        needs("pipeline", "a network on several processes")
    if count > 1 and model is not None and not isinstance(model, str):
        raise InputError(
            f"a model of {count} processes must be a URI, got {type(model).__name__}; give its "
            "URI, or workers=1"
        )
    return count


def _checked_voxel_size(given: float | None, stored: StoredLabels) -> float:
    if given is None and stored.voxel_size is None:
        raise InputError(
            f"the voxel size must be known, {stored.path.name} does not state it; give it in "
            "metres, e.g. voxel_size=5.3e-6"
        )
    return checked_voxel_size(stored.voxel_size if given is None else given)


def _built(
    stored: StoredLabels,
    job: ConduitJob,
    voxel_size: float,
    edge: int,
    processes: int,
    show: Watch,
) -> PoreNetwork:
    """Solve the groups that are not finished, and put all together."""
    pores = int(stored.extents.voxels.sum())
    regions = StoredRegions(
        stored.path, stored.shape, stored.count, pores / math.prod(stored.shape), stored.conns
    )
    require_throats(regions)
    contacts = stored_contacts(stored)
    groups = grouped(stored, contacts, edge)
    require_memory_of(groups, processes)
    _prepare(job, edge)
    todo = [group for group in groups if not job.rows(group).is_file()]
    done = parallel_map(job.solve, todo, processes=processes)
    for _ in show(done, len(todo), "groups"):
        pass
    network = _network(job, groups, regions, contacts, voxel_size)
    shutil.rmtree(job.folder)
    return network


def conduit_method(method: str) -> str:
    """Return a method that looks at each conduit alone, or raise InputError.

    Parameters
    ----------
    method : as of `poreops.build_network`
    """
    if method == "auto":
        raise InputError(
            "a network of a file needs a method that looks at each conduit alone, got 'auto', "
            "which draws conduits of the whole image; take model or dns"
        )
    return method


def _prepare(job: ConduitJob, edge: int) -> None:
    """Make the folder of a job, or leave what an earlier run of the same one finished."""
    files = [job.labels] if job.labels.is_file() else [*job.labels.rglob("*")]
    described = {
        "labels": str(job.labels),
        "changed": max(file.stat().st_mtime_ns for file in files),
        "bytes": sum(file.stat().st_size for file in files if file.is_file()),
        "edge": edge,
        "method": job.method,
        "model": job.model if isinstance(job.model, str | None) else repr(job.model),
        "targets": list(job.targets),
        "walls": job.walls,
        "convention": job.convention,
    }
    note = job.folder / "job.json"
    if job.folder.is_dir() and not (note.is_file() and read_json(note) == described):
        if any(job.folder.iterdir()) and not note.is_file():
            raise InputError(
                f"the folder of finished groups must be empty or that of an earlier run, "
                f"{job.folder} holds something else; choose another one"
            )
        shutil.rmtree(job.folder)
    if not note.is_file():
        write_json(note, described)


def _model(model: ConductanceModel | str | None) -> ConductanceModel | None:
    return _of_uri(model) if isinstance(model, str) else loaded_model(model)


@lru_cache(maxsize=1)
def _of_uri(model: str) -> ConductanceModel | None:
    return loaded_model(model)


def _sizes(
    labels: NDArray[np.int32], distance: NDArray[np.float32], group: Group
) -> dict[str, Array]:
    """Return the sizes of a group's regions, throats and contacts, in voxels."""
    contacts = group.contacts
    try:
        sizes = region_geometry(labels, group.conns, distance, group.origin)
    except InputError:
        apart = group.regions[group.conns[~are_touching(labels, group.conns)][0]]
        raise InputError(
            f"conns must be pairs of touching regions, got {tuple(apart.tolist())}; partition the "
            "image again"
        ) from None
    at_face = face_geometry(
        labels, contacts.region, contacts.axis, contacts.side, sizes, distance, group.origin
    )
    rows = {f"pore.{name}": getattr(sizes, f"pore_{name}")[group.owned] for name in _PORE}
    rows |= {f"throat.{name}": getattr(sizes, f"throat_{name}") for name in _THROAT}
    return rows | {f"face.{name}": getattr(at_face, name) for name in _THROAT}


def _factors(found: SizeFactors, target: Target) -> dict[str, Array]:
    """Return the size factors of a group's throats and contacts, and how sure they are."""
    rows: dict[str, Array] = {f"throat.{target}": found.throats, f"face.{target}": found.faces}
    if found.sureness is not None:
        rows["coverage"] = np.array(found.sureness.coverage)
        for name in _SURE:
            values, count = getattr(found.sureness, name), len(found.throats)
            rows |= {f"throat.{name}": values[:count], f"face.{name}": values[count:]}
    return rows


def _network(
    job: ConduitJob,
    groups: Sequence[Group],
    regions: StoredRegions,
    contacts: FaceContacts,
    voxel_size: float,
) -> PoreNetwork:
    """Put the rows of all groups together."""
    lengths = {"pore": regions.count, "throat": len(regions.conns), "face": len(contacts)}
    rows: dict[str, Array] = {}
    for group in groups:
        found, _ = read_hdf5(job.rows(group))
        places = {"pore": group.regions[group.owned], "throat": group.throats, "face": group.faces}
        for name, values in found.items():
            kind = name.partition(".")[0]
            if kind not in lengths:
                rows[name] = values
                continue
            table = np.zeros((lengths[kind], *values.shape[1:]), values.dtype)
            rows.setdefault(name, table)[places[kind]] = values
    both = {
        name: np.append(rows[f"throat.{name}"], rows[f"face.{name}"])
        for name in (*job.targets, *_SURE)
        if f"throat.{name}" in rows
    }
    factors: Factors = {}
    for target in job.targets:
        _warn(both[target], regions.conns, contacts)
        factors[f"{target}_size_factors"] = both[target] * voxel_size ** voxel_power(target)
    sureness = None
    if "coverage" in rows:
        sureness = Sureness(both["half_widths"], both["simulated"], float(rows["coverage"]))
    columns = {kind: [rows[f"{kind}.{name}"] for name in _COLUMNS[kind]] for kind in _COLUMNS}
    arrays = arrays_of_sizes(
        regions.shape, regions.conns, contacts,
        RegionGeometry(*columns["pore"], *columns["throat"]), FaceGeometry(*columns["face"]),
        factors, voxel_size, intervals_of(sureness),
    )  # fmt: skip
    return assembled(
        arrays, regions, contacts, factors, voxel_size, job.method, job.walls, sureness
    )


def _warn(factors: NDArray[np.float64], conns: NDArray[np.int64], contacts: FaceContacts) -> None:
    lost = np.flatnonzero(np.isnan(factors))
    if not lost.size:
        return
    name = conduit_names(conns, contacts)
    shown = "; ".join(name(int(i)) for i in lost[:_SHOWN])
    more = f"; and {lost.size - _SHOWN} more" if lost.size > _SHOWN else ""
    warnings.warn(
        f"{lost.size} of {len(factors)} conduits did not settle, their size factors are NaN: "
        f"{shown}{more}",
        UnsettledWarning,
        stacklevel=4,
    )
