"""Open NRRD, MetaImage and NIfTI through SimpleITK, an optional extra."""

import gzip
import os
import re
import struct
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from poreops.base.arrays import Values
from poreops.base.extras import needs
from poreops.errors import InputError
from poreops.images.spacing import LARGEST, SMALLEST, Spacing, spacing_of
from poreops.images.stored import StoredImage

ITK = {
    ".nrrd": "NRRD", ".nhdr": "NRRD", ".mhd": "MetaImage", ".mha": "MetaImage", ".nii": "NIfTI",
    ".nii.gz": "NIfTI",
}  # fmt: skip
_MILLIMETRE = 1e-3


@contextmanager
def open_itk(file: Path, suffix: str) -> Iterator[StoredImage]:
    """Open the image; axes run slices, rows, columns, as numpy has them.

    Parameters
    ----------
    file : to read
    suffix : that tells its format
    """
    needs("formats", file.name)
    import SimpleITK as sitk  # noqa: N813

    if suffix == ".mhd":
        _require_data_file(file)
    if ITK[suffix] == "NIfTI":
        _require_all_voxels(file)
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(file))
    with _complaints_as_errors():
        reader.ReadImageInformation()
        components = reader.GetNumberOfComponents()
        if components > 1:
            raise InputError(
                f"an image must hold one value a voxel, {file.name} has {components} components; "
                "save it as 8-bit grey or labels"
            )
        shape = tuple(int(n) for n in reader.GetSize())[::-1]
        edges = tuple(float(f"{n:.7g}") for n in reader.GetSpacing())[::-1]
        dtype = sitk.GetArrayViewFromImage(sitk.Image([1] * len(shape), reader.GetPixelID())).dtype

    def slabs() -> Iterator[Values]:
        with _complaints_as_errors():
            image = reader.Execute()
        yield sitk.GetArrayViewFromImage(image)

    yield StoredImage(
        shape, np.dtype(dtype), slabs, ITK[suffix], sliceable=False,
        axes="ZYX" if len(shape) == 3 else None, spacing=_spacing(file, ITK[suffix], edges),
    )  # fmt: skip


def _spacing(file: Path, name: str, edges: tuple[float, ...]) -> Spacing | None:
    """Return the spacing; MetaImage and NIfTI count in mm, NRRD names its unit or has none."""
    if all(edge == 1 for edge in edges):
        return None  # what the formats assume where nothing was written
    source = f"{name} spacing"
    if name == "NRRD":
        # ITK leaves the unit out; each axis has its own, in quotes
        field = _header_field(file, r"(?:space )?units:")
        units = re.findall(r'"([^"]+)"', field or "")
        return spacing_of(edges, units[0] if units else None, source)
    if any(not SMALLEST <= edge * _MILLIMETRE <= LARGEST for edge in edges):
        return spacing_of(edges, None, source)  # written in another unit
    return spacing_of(edges, None, source, _MILLIMETRE)


def _head(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(65536)


def _header_field(file: Path, name: str) -> str | None:
    """Return the value of a field of a text header."""
    header = _head(file).decode("latin-1").split("\n\n")[0]
    found = re.search(rf"^{name}\s*(.+?)\s*$", header, re.MULTILINE)
    return found.group(1) if found else None


def _require_data_file(file: Path) -> None:
    """Name the file of voxels that a MetaImage header leads to, where it is missing."""
    name = _header_field(file, r"ElementDataFile\s*=") or ""
    # the voxels may also follow the header, or lie in a list or a pattern of files
    one = name and name.lower() != "local" and not name.startswith("LIST") and "%" not in name
    if one and not (file.parent / name).is_file():
        raise InputError(
            f"each voxel of an image must be stored, those of {file.name} lie in {name}, which is "
            f"not in {file.parent}; copy it there"
        )


def _require_all_voxels(file: Path) -> None:
    """Refuse a NIfTI that ends too early: ITK fills the rest with zeros."""
    with gzip.open(file) if file.suffix.lower() == ".gz" else file.open("rb") as stream:
        head = stream.read(540)
        order = "<" if head[:4] in {b"\x5c\x01\0\0", b"\x1c\x02\0\0"} else ">"
        (size,) = struct.unpack(order + "i", head[:4])
        if size == 348:
            dims = struct.unpack(order + "8h", head[40:56])
            bits, offset = (
                struct.unpack(order + "h", head[72:74])[0],
                int(struct.unpack(order + "f", head[108:112])[0]),
            )
        elif size == 540:
            dims = struct.unpack(order + "8q", head[16:80])
            bits, offset = (
                struct.unpack(order + "h", head[14:16])[0],
                struct.unpack(order + "q", head[168:176])[0],
            )
        else:
            raise EOFError("no NIfTI header")
        expected = offset + int(np.prod([max(n, 1) for n in dims[1 : dims[0] + 1]])) * bits // 8
        if _length(stream, file) < expected:
            raise EOFError(f"{expected} bytes expected")


def _length(stream: IO[bytes] | gzip.GzipFile, file: Path) -> int:
    if not isinstance(stream, gzip.GzipFile):
        return file.stat().st_size
    count = stream.tell()
    while block := stream.read(1 << 24):
        count += len(block)
    return count


@contextmanager
def _complaints_as_errors() -> Iterator[None]:
    """Keep what the C++ code writes on standard error; it is told as the reason of its error."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as sink:
        os.dup2(sink.fileno(), 2)
        try:
            yield
        except RuntimeError as error:
            sink.seek(0)
            told = sink.read().decode("utf-8", "replace").strip()
            text = told or str(error).split("ERROR: ", 1)[-1]
            raise EOFError(re.sub(r"\(0x[0-9a-f]+\)", "", text)) from None
        finally:
            os.dup2(kept, 2)
            os.close(kept)
