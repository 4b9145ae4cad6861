"""Open a TIFF as one image: its series joined or refused, its axes named, its pages all there."""

import logging
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from poreops.base.arrays import Values
from poreops.errors import InputError
from poreops.images.stored import StoredImage, array_slabs, checked_axes
from poreops.images.tiff_tags import refuse_incomplete_set, spacing_of_tiff

if TYPE_CHECKING:
    from tifffile import FileHandle, TiffFile, TiffPage, TiffPageSeries

TIFF = {".tif", ".tiff"}
Slabs = Callable[[], Iterator[Values]]

_BROKEN = ("invalid page offset", "failed to reshape", "corrupt", "invalid offset", "missing")
# old and new JPEG, JPEG 2000, JPEG XR, WebP, JPEG XL, LERC, and vendors' numbers of these
_LOSSY = {6, 7, 22610, 33003, 33004, 33005, 34712, 34887, 34892, 34933, 34934, 50001, 50002, 52546}


@contextmanager
def open_tiff(file: Path) -> Iterator[StoredImage]:
    """Open the one image of a TIFF; its warnings say what was assumed.

    Parameters
    ----------
    file : to read
    """
    import tifffile

    with _complaints() as complaints, tifffile.TiffFile(file) as tiff:
        if not len(tiff.pages):
            raise InputError(f"a TIFF must hold a page, {file.name} has none; export it again")
        refuse_incomplete_set(tiff, file)
        # tifffile compares four pages of a long stack and takes the rest for granted
        tiff.is_uniform = len(tiff.pages) == 1
        series = _image_series(list(tiff.series), file)
        broken = [text for text in complaints if any(word in text for word in _BROKEN)]
        if broken:
            raise EOFError(f"{broken[0]}, {len(tiff.pages)} pages left")
        pages = _all_pages(series, file)
        shape, axes, notes = _named_axes(tiff, series, file)
        key = series[0].keyframe
        if key.photometric == 3:
            notes.append(
                f"{file.name} has a colour map; its stored indices were taken, not colours"
            )
        lossy = int(key.compression) in _LOSSY
        if lossy:
            notes.append(
                f"{file.name} is compressed by {key.compression.name}, which may change values"
            )
        slabs, sliceable = _slabs(tiff, series, pages, shape, file)
        kind = {"imagej": "TIFF (ImageJ)", "ome": "TIFF (OME)"}.get(series[0].kind, "TIFF")
        yield StoredImage(
            shape, np.dtype(series[0].dtype), slabs, kind, sliceable=sliceable, axes=axes,
            spacing=spacing_of_tiff(tiff, key, axes),
            white=2**key.bitspersample - 1 if key.photometric == 0 else None,
            palette=key.photometric == 3, lossy=lossy,
            warnings=(*notes, *dict.fromkeys(complaints)),
        )  # fmt: skip


def _image_series(series: list["TiffPageSeries"], file: Path) -> list["TiffPageSeries"]:
    """Return the series that make up the image: one, or several of pages of one size and type."""
    full = [s for s in series if not _is_reduced(s.keyframe)] or series
    if not full or not all(s.shape for s in full):
        raise InputError(f"a TIFF must hold an image, {file.name} has none; export it again")
    if len(full) == 1:
        return full
    kinds = {_kind(s.keyframe) for s in full}
    listed = ", ".join(
        f"{i}: {' x '.join(map(str, s.shape))} {s.dtype}" + (f" '{s.name}'" if s.name else "")
        for i, s in enumerate(full[:6])
    ) + (", ..." if full[6:] else "")
    if len(kinds) > 1:
        raise InputError(
            f"the slices of a stack must have one size and type, {file.name} holds {len(full)} "
            f"series ({listed}); save the one that is meant as a file of its own"
        )
    if full[0].kind == "ome" and any(len(s.pages) > 1 for s in full):
        raise InputError(
            f"a file must hold one image, {file.name} holds {len(full)} ({listed}); save the one "
            "that is meant as a file of its own"
        )
    if all(isinstance(s.pages[0].index, int) for s in full if s.pages[0] is not None):
        full = sorted(full, key=lambda s: s.pages[0].index if s.pages[0] is not None else 0)
    return full


def _kind(page: "TiffPage") -> tuple[object, ...]:
    """Return what the pages of a stack have in common."""
    return tuple(page.shape), np.dtype(page.dtype), int(page.photometric), page.bitspersample


def _is_reduced(page: "TiffPage") -> bool:
    """Whether a page is a thumbnail, a level of a pyramid, or a mask of another page."""
    return bool(int(page.subfiletype) & 5)


def _all_pages(series: list["TiffPageSeries"], file: Path) -> list["TiffPage"]:
    """Return the pages of the image in the order of the file; each must be there."""
    pages = [page for s in series for page in s.pages]
    gone = [number for number, page in enumerate(pages) if page is None]
    # one page may stand for many where their voxels follow each other
    if gone and not (len(series) == 1 and series[0].dataoffset is not None and gone[0] > 0):
        raise InputError(
            f"each slice of an image must be stored, {len(gone)} of {len(pages)} of {file.name} "
            f"are missing, slice {gone[0]} first; copy or export it again"
        )
    if len(series) > 1 and all(isinstance(page.index, int) for page in pages):
        pages.sort(key=lambda page: page.index)
    there = [page for page in pages if page is not None]
    _require_alike(series[0].keyframe, there, file)
    _require_used(series, there, file)
    empty = 0
    for page in pages:
        if page is not None and page.dataoffsets:
            counts = page.databytecounts
            empty += sum(not (o and c) for o, c in zip(page.dataoffsets, counts, strict=False))
    if empty:
        raise InputError(
            f"each voxel of an image must be stored, {empty} strips or tiles of {file.name} were "
            "never written; export it again"
        )
    return pages


def _require_alike(key: "TiffPage", pages: list["TiffPage"], file: Path) -> None:
    """Refuse a stack with a page of another size or type: tifffile looks at the first one only."""
    for number, page in enumerate(pages):
        with _opened(page.parent.filehandle):
            own = page.aspage()
        if _kind(own) != _kind(key):
            found = [
                f"{' x '.join(map(str, p.shape))} {p.dtype} {p.photometric.name.lower()}"
                for p in (key, own)
            ]
            raise InputError(
                f"the slices of a stack must have one size and type, {file.name} has pages of "
                f"{found[0]} and {found[1]} (page {number}); crop or convert them alike"
            )


def _require_used(series: list["TiffPageSeries"], pages: list["TiffPage"], file: Path) -> None:
    """Refuse a file with more pages than its description counts: they would be left out."""
    tiff = pages[0].parent
    if series[0].kind not in {"imagej", "ome", "shaped"} or len(pages) == 1:
        return
    known = {page.offset for page in pages}
    more = [
        page
        for page in (p.aspage() for p in tiff.pages if p.offset not in known)
        if not _is_reduced(page)
    ]
    if more:
        raise InputError(
            f"the description of a stack must count its pages, {file.name} has {len(more)} more "
            f"than its {len(pages)}; export it again"
        )


def _named_axes(
    tiff: "TiffFile", series: list["TiffPageSeries"], file: Path
) -> tuple[tuple[int, ...], str | None, list[str]]:
    """Return shape, a letter for each axis, and warnings; refuse channels and colour."""
    first, notes = series[0], []
    shape = tuple(int(n) for n in first.shape)
    axes = str(first.axes)
    described = first.kind == "shaped"
    stated = described and any("axes" in (entry or {}) for entry in tiff.shaped_metadata or ())
    if len(series) > 1:
        layers = sum(math.prod(s.shape) for s in series) // math.prod(first.keyframe.shape)
        shape, axes = (layers, *first.keyframe.shape), "I" + first.keyframe.axes
        notes.append(
            f"{file.name} holds {len(series)} series of pages of one size; they were joined to "
            f"{layers} slices"
        )
    if axes == "SYX" and described and not stated and shape[0] in {3, 4}:
        # tifffile stores an array of 3 or 4 layers so, unless it is told otherwise
        notes.append(
            f"{file.name} stores its {shape[0]} layers as planes of colours; they were read as "
            "slices"
        )
        axes = "QYX"
    notes += checked_axes(axes, shape, file.name, stated=stated)
    return shape, axes, notes


def _slabs(
    tiff: "TiffFile",
    series: list["TiffPageSeries"],
    pages: list["TiffPage"],
    shape: tuple[int, ...],
    file: Path,
) -> tuple[Slabs, bool]:
    first = series[0]
    dtype, page_shape = np.dtype(first.dtype), tuple(first.keyframe.shape)
    plain = first.keyframe.is_memmappable and dtype.kind != "b"
    if len(series) == 1 and first.dataoffset is not None and plain:
        stored_type = dtype.newbyteorder(tiff.byteorder)
        return array_slabs(
            np.memmap(file, dtype=stored_type, mode="r", offset=first.dataoffset, shape=shape)
        ), True
    if None not in pages:
        if len(pages) * math.prod(page_shape) != math.prod(shape):
            raise InputError(
                f"the description of a stack must count its pages, {file.name} has {len(pages)} "
                f"and describes shape {shape}; export it again"
            )

        def by_page() -> Iterator[Values]:
            for page in pages:
                with _opened(page.parent.filehandle):
                    yield page.asarray()

        return by_page, len(pages) > 1

    def whole() -> Iterator[Values]:
        yield first.asarray().reshape(shape)

    return whole, False


@contextmanager
def _opened(handle: "FileHandle") -> Iterator[None]:
    """Open the file of a page for a moment; tifffile keeps only the first one of a set open."""
    closed = handle.closed
    if closed:
        handle.open()
    try:
        yield
    finally:
        if closed:
            handle.close()


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """Collect what tifffile only logs about a broken file: it reads a cut stack as a short one."""
    found: list[str] = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.levelno >= logging.WARNING:
                found.append(" ".join(record.getMessage().split("> ")[-1].split())[:200])

    logger, handler = logging.getLogger("tifffile"), Collect()
    propagate = logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield found
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagate
