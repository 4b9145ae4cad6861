"""Write VTK files that ParaView opens: a network as lines, regions as an image."""

import zlib
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from poreops.base.arrays import DType, Values

_BLOCK = 4 * 2**20
_TYPES = {
    "b": "UInt8", "u1": "UInt8", "u2": "UInt16", "u4": "UInt32", "i4": "Int32", "i8": "Int64",
    "f4": "Float32", "f8": "Float64",
}  # fmt: skip


def write_network_vtp(
    path: str | Path,
    coords: NDArray[np.float64],
    conns: NDArray[np.integer],
    pore_data: Mapping[str, Values],
    throat_data: Mapping[str, Values],
) -> None:
    """Write pores as points and throats as lines, with their properties.

    Parameters
    ----------
    coords : (Np, 3) float
    conns : (Nt, 2) int
    pore_data, throat_data : name → (Np,) or (Nt,) numbers or bool
    """
    with _vtk_file(path, "PolyData") as file:
        file.write(
            f'<PolyData><Piece NumberOfPoints="{len(coords)}" NumberOfLines="{len(conns)}">\n'
        )
        file.write("<Points>\n")
        _write_array(file, "coords", np.asarray(coords, dtype=np.float64), components=3)
        file.write("</Points>\n<Lines>\n")
        _write_array(file, "connectivity", np.asarray(conns, dtype=np.int64).ravel())
        _write_array(file, "offsets", 2 * np.arange(1, len(conns) + 1, dtype=np.int64))
        file.write("</Lines>\n")
        for tag, data in (("PointData", pore_data), ("CellData", throat_data)):
            file.write(f"<{tag}>\n")
            for name, values in data.items():
                _write_array(file, name, np.asarray(values))
            file.write(f"</{tag}>\n")
        file.write("</Piece></PolyData>\n")


def write_labels_vti(
    path: str | Path, labels: NDArray[np.integer], voxel_size: float, name: str = "region"
) -> None:
    """Write a labelled image, one cell a voxel, its corner at the origin.

    Parameters
    ----------
    labels : (nx, ny[, nz]) int
    voxel_size : float [m]
    """
    volume = labels.reshape(*labels.shape, *(1,) * (3 - labels.ndim))
    kind = np.uint16 if labels.max(initial=0) < 2**16 else np.int32
    extent = " ".join(f"0 {n}" for n in volume.shape)
    spacing = " ".join([repr(float(voxel_size))] * 3)
    depth = max(_BLOCK // max(volume[:, :, 0].size, 1), 1)
    slabs = (
        # VTK counts x fastest
        volume[:, :, start : start + depth].astype(kind).ravel(order="F")
        for start in range(0, volume.shape[2], depth)
    )
    with _vtk_file(path, "ImageData") as file:
        file.write(f'<ImageData WholeExtent="{extent}" Origin="0 0 0" Spacing="{spacing}">\n')
        file.write(f'<Piece Extent="{extent}">\n<CellData Scalars="{name}">\n')
        _write_array(file, name, slabs, dtype=np.dtype(kind))
        file.write("</CellData>\n</Piece></ImageData>\n")


class _vtk_file:  # noqa: N801
    """Open an XML file of VTK and close its root element in the end."""

    def __init__(self, path: str | Path, kind: str) -> None:
        self._path, self._kind = Path(path), kind

    def __enter__(self) -> TextIO:
        self._file = self._path.open("w", encoding="ascii")
        self._file.write(
            f'<?xml version="1.0"?>\n<VTKFile type="{self._kind}" version="1.0" '
            'byte_order="LittleEndian" header_type="UInt64" compressor="vtkZLibDataCompressor">\n'
        )
        return self._file

    def __exit__(self, *_: object) -> None:
        self._file.write("</VTKFile>\n")
        self._file.close()


def _write_array(
    file: TextIO,
    name: str,
    values: Values | Iterable[Values],
    *,
    dtype: DType | None = None,
    components: int = 1,
) -> None:
    """Write one DataArray: zlib blocks in base64, after the header that VTK asks for."""
    parts: Iterable[Values] = values
    if isinstance(values, np.ndarray):
        values = values.astype(np.uint8) if values.dtype == bool else values
        dtype, parts = values.dtype, [values]
    assert dtype is not None
    kind = _TYPES[dtype.str[1:]]
    blocks, sizes, total = [], [], 0
    for block in _blocks(parts, dtype):
        blocks.append(zlib.compress(block, 1))
        sizes.append(len(blocks[-1]))
        total += len(block)
    header = np.array([len(blocks), _BLOCK, total % _BLOCK, *sizes], dtype="<u8")
    file.write(
        f'<DataArray type="{kind}" Name="{name}" NumberOfComponents="{components}" '
        'format="binary">\n'
    )
    file.write(b64encode(header.tobytes()).decode("ascii"))
    file.write(b64encode(b"".join(blocks)).decode("ascii"))
    file.write("\n</DataArray>\n")


def _blocks(parts: Iterable[Values], dtype: DType) -> Iterator[bytes]:
    """Yield the content in blocks of `_BLOCK` bytes, the last one shorter."""
    rest = b""
    for part in parts:
        rest += part.astype(dtype.newbyteorder("<"), copy=False).tobytes()
        while len(rest) >= _BLOCK:
            yield rest[:_BLOCK]
            rest = rest[_BLOCK:]
    if rest:
        yield rest
