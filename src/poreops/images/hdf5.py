"""Open one array of an HDF5 file, MATLAB v7.3 among them, and refuse voxels never stored."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from poreops.base.arrays import Values
from poreops.errors import InputError
from poreops.images.matlab import MATLAB_NUMBERS
from poreops.images.numpy_files import chosen
from poreops.images.spacing import Spacing, spacing_of
from poreops.images.stored import StoredImage, array_slabs, checked_axes

if TYPE_CHECKING:
    import h5py

HDF5 = {".h5", ".hdf5", ".hdf", ".nxs"}

Box = tuple[tuple[int, ...], tuple[int, ...]]  # first and last corner

_AXES = {"x": "X", "y": "Y", "z": "Z", "t": "T", "time": "T", "c": "C", "channel": "C"}


@contextmanager
def open_hdf5(file: Path, dataset: str | None) -> Iterator[StoredImage]:
    """Open the array that was asked for, `im`, or the only one; links are followed.

    Parameters
    ----------
    file : to read
    dataset : path inside the file; None for `im`, or the only one
    """
    import h5py

    with h5py.File(file, "r") as root:
        name = _chosen(root, file, dataset and dataset.strip("/"))
        array = root[name]
        if array.shape is None:
            raise InputError(
                f"an image must hold voxels, {name} of {file.name} is an empty dataset; name "
                "another as --dataset"
            )
        matlab = _matlab_class(array)
        if matlab is not None and matlab not in MATLAB_NUMBERS:
            raise InputError(
                f"an image must hold labels (boolean, integer or float), {name} of {file.name} is "
                f"a MATLAB {matlab}; save it as uint8"
            )
        fortran = matlab is not None and len(array.shape) > 1

        def slabs() -> Iterator[Values]:
            _require_stored(array, f"{name} of {file.name}", file.parent)
            yield from array_slabs(array)()

        axes = _axes(array)
        notes = checked_axes(axes, tuple(array.shape), file.name) if axes else []
        yield StoredImage(
            tuple(int(n) for n in array.shape),
            np.dtype(array.dtype),
            slabs,
            "HDF5" if matlab is None else "MATLAB v7.3",
            fortran=fortran,
            axes=axes[::-1] if axes and fortran else axes,
            spacing=_spacing(array),
            dataset=name,
            warnings=tuple(notes),
        )


def _chosen(root: "h5py.Group", file: Path, dataset: str | None) -> str:
    import h5py

    if dataset:
        found = _resolved(root, file, dataset)
        if isinstance(found, h5py.Dataset):
            return dataset
        if isinstance(found, h5py.Group):
            inside = [f"{dataset}/{name}" for name in _names(found)]
            return chosen(file, inside, None if len(inside) == 1 else dataset)
    names = _names(root)
    name = chosen(file, names, dataset or None)
    _resolved(root, file, name)
    return name


def _resolved(root: "h5py.Group", file: Path, dataset: str) -> "h5py.Group | h5py.Dataset | None":
    """Return what a path leads to, None where there is nothing; name a link that leads nowhere."""
    place = root
    for step in dataset.split("/"):
        if not hasattr(place, "get") or step not in place.keys():  # noqa: SIM118
            return None
        try:
            place = place[step]
        except (KeyError, OSError) as error:
            raise InputError(_dangling(place, step, file, error)) from None
    return place


def _dangling(group: "h5py.Group", step: str, file: Path, error: Exception) -> str:
    import h5py

    link = group.get(step, getlink=True)
    if isinstance(link, h5py.ExternalLink):
        target = f"{link.path} in the file {link.filename}"
    elif isinstance(link, h5py.SoftLink):
        target = link.path
    else:
        target = " ".join(str(error).split())
    name = f"{group.name.rstrip('/')}/{step}".lstrip("/")
    return (
        f"a link must lead to an array, {name} of {file.name} leads to {target}, which is not "
        "there; copy what is missing beside the file, or name another array as --dataset"
    )


def _names(root: "h5py.Group") -> list[str]:
    """Return the arrays below a group, each under one name; links are followed."""
    import h5py

    found: list[str] = []
    root.visititems(
        lambda name, item: found.append(name) if isinstance(item, h5py.Dataset) else None
    )
    # internal references of MATLAB are no arrays of the user
    found = [name for name in found if not name.startswith(("#refs#", "#subsystem#"))]
    seen = [root[name] for name in found]
    links: list[str] = []
    root.visititems_links(
        lambda name, link: (
            links.append(name) if isinstance(link, h5py.SoftLink | h5py.ExternalLink) else None
        )
    )
    for name in links:
        try:
            target = root[name]
        except (KeyError, OSError):
            found.append(name)  # an array that is missing: an error only if it is the one to read
            continue
        inside: list[tuple[str, h5py.Dataset]] = []
        if isinstance(target, h5py.Dataset):
            inside = [(name, target)]
        elif isinstance(target, h5py.Group) and isinstance(
            root.get(name, getlink=True), h5py.ExternalLink
        ):
            inside = [(f"{name}/{n}", target[n]) for n in target if _is_array(target, n)]
        for path, item in inside:
            if not any(item == other for other in seen):
                found.append(path)
                seen.append(item)
    return found


def _is_array(group: "h5py.Group", name: str) -> bool:
    import h5py

    return group.get(name, getclass=True) is h5py.Dataset


def _matlab_class(array: "h5py.Dataset") -> str | None:
    value = array.attrs.get("MATLAB_class")
    if value is None:
        return None
    return value.decode() if isinstance(value, bytes) else str(value)


def _axes(array: "h5py.Dataset") -> str | None:
    """Return a letter for each axis where the file labels them (dimension labels)."""
    letters = [_AXES.get(str(dim.label).lower()) for dim in array.dims]
    return "".join(letter for letter in letters if letter) if all(letters) else None


def _spacing(array: "h5py.Dataset") -> Spacing | None:
    """Read `element_size_um` (slices, rows, columns), as Fiji and ilastik write it."""
    size = array.attrs.get("element_size_um")
    if size is None or np.size(size) != len(array.shape):
        return None
    return spacing_of([float(n) for n in np.ravel(size)], "um", "HDF5 element_size_um")


def _require_stored(array: "h5py.Dataset", name: str, folder: Path) -> None:
    """Refuse an array with voxels that are in no file: HDF5 reads them as the fill value."""
    if 0 in array.shape:
        return
    if array.is_virtual:
        _require_sources(array, name, folder)
    elif array.external:
        _require_external(array, name, folder)
    elif array.chunks is not None:
        expected = int(
            np.prod([-(-n // c) for n, c in zip(array.shape, array.chunks, strict=True)])
        )
        stored = array.id.get_num_chunks()
        if stored < expected:
            raise InputError(_never(name, f"{expected - stored} of {expected} chunks"))
    elif not array.id.get_storage_size():
        raise InputError(_never(name, "all of it"))


def _never(name: str, what: str) -> str:
    return (
        f"each voxel of an image must be stored, never written in {name}: {what} (HDF5 reads a "
        "fill value there); write the file again, completely"
    )


def _require_external(array: "h5py.Dataset", name: str, folder: Path) -> None:
    needed = array.nbytes
    for entry, offset, size in array.external:
        places = [Path(entry), folder / entry]
        found = next((place for place in places if place.is_file()), None)
        part = needed if size >= 2**63 else min(needed, int(size))
        if found is None or found.stat().st_size < offset + part:
            fault = "is missing" if found is None else "is too short"
            raise InputError(
                f"each voxel of an image must be stored, {name} lies in the external file "
                f"{entry}, which {fault}; copy it there again"
            )
        if not places[0].is_file():
            raise InputError(
                f"an external file is looked for in the working directory, {name} lies in {entry} "
                f"of {folder}; run the command there"
            )
        needed -= part


def _require_sources(array: "h5py.Dataset", name: str, folder: Path) -> None:
    """Check that every source of a virtual dataset exists, and that together they cover it."""
    import h5py

    boxes, points = [], 0
    for source in array.virtual_sources():
        if "%b" in source.file_name or "%b" in source.dset_name:
            return  # a pattern of files without end: HDF5 itself stops at the first missing one
        missing = (
            f"each voxel of an image must be stored, {name} is virtual and its source "
            f"{source.dset_name} in the file {source.file_name} is "
            "{}; copy it beside the file"
        )
        place = _source_file(source.file_name, folder, array)
        if place is None:
            raise InputError(missing.format("missing"))
        with h5py.File(place, "r") as origin:
            part = origin.get(source.dset_name)
            if not isinstance(part, h5py.Dataset):
                raise InputError(missing.format("missing"))
            space = source.src_space
            small = source.vspace.get_select_npoints() > part.size
            if space.get_select_type() != h5py.h5s.SEL_ALL:
                last = space.get_select_bounds()[1]
                small = len(last) != part.ndim or any(np.array(last) >= part.shape)
            if small:
                raise InputError(missing.format("too small"))
            _require_stored(part, f"{source.dset_name} of {place.name}", place.parent)
        if source.vspace.get_select_type() == h5py.h5s.SEL_ALL:
            return
        boxes.append(source.vspace.get_select_bounds())
        points += source.vspace.get_select_npoints()
    share = max(_uncovered(array.shape, boxes), 1 - points / array.size)
    if share > 0:
        raise InputError(_never(name, f"{share:.1%} of the voxels"))


def _uncovered(shape: tuple[int, ...], boxes: list[Box]) -> float:
    """Return the share of an array that lies in none of the boxes (first, last corner)."""
    # between two corners nothing changes: one cell stands for all voxels there
    corners = [
        np.unique([0, n, *(low[a] for low, _ in boxes), *(high[a] + 1 for _, high in boxes)])
        for a, n in enumerate(shape)
    ]
    covered = np.zeros([len(c) - 1 for c in corners], dtype=np.bool_)
    for low, high in boxes:
        covered[
            tuple(
                slice(*np.searchsorted(c, (first, last + 1)))
                for c, first, last in zip(corners, low, high, strict=True)
            )
        ] = True
    share = covered.astype(float)
    for corner in reversed(corners):
        share = share @ (np.diff(corner) / corner[-1])
    return 1 - float(share) if not covered.all() else 0.0


def _source_file(name: str, folder: Path, array: "h5py.Dataset") -> Path | None:
    if name == ".":
        return Path(array.file.filename)
    prefix = os.environ.get("HDF5_VDS_PREFIX")
    places = [*([Path(prefix) / name] if prefix else []), folder / name, Path(name)]
    return next((place for place in places if place.is_file()), None)
