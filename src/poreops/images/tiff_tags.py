"""What the tags and descriptions of a TIFF say: files of a set, edges of voxels."""

from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from poreops.base.content import Json
from poreops.errors import InputError
from poreops.images.spacing import LARGEST, SMALLEST, Spacing, metres_of, spacing_of

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage

# resolutions for printing and for screens [dots per inch] say nothing about voxels
_PRINT = {1, 72, 75, 90, 96, 100, 120, 150, 180, 200, 220, 240, 250, 300, 350, 360, 400, 600, 720,
          800, 1000, 1200, 1440, 2400, 2540, 4800, 9600}  # fmt: skip
_INCH, _CENTIMETRE = 0.0254, 0.01  # [m]


def refuse_incomplete_set(tiff: "TiffFile", file: Path) -> None:
    """Refuse a part of a multi-file OME-TIFF without the rest, or voxels inside the XML.

    Parameters
    ----------
    tiff : tifffile.TiffFile
    file : its path, for the message
    """
    root = _ome(tiff)
    if root is None:
        return
    for element in root.iter():
        tag = _tag(element)
        if tag == "BinaryOnly":
            master = element.attrib.get("MetadataFile", "another file")
            raise InputError(
                f"{file.name} is a part of a set of files that {master} describes; give that file "
                "as the image"
            )
        if tag == "BinData":
            raise InputError(
                f"the voxels of an OME-TIFF must lie in its pages, {file.name} holds some in its "
                "XML (BinData); export it as TIFF"
            )
    named = [
        e.attrib["FileName"] for e in root.iter() if _tag(e) == "UUID" and "FileName" in e.attrib
    ]
    for name in dict.fromkeys(named):
        if name.lower() != file.name.lower() and not (file.parent / name).is_file():
            raise InputError(
                f"the files of an OME-TIFF must lie together, {file.name} needs {name}, which is "
                f"not in {file.parent}; copy it there"
            )


def spacing_of_tiff(tiff: "TiffFile", page: "TiffPage", axes: str | None) -> Spacing | None:
    """Return the edges of a voxel along each axis, as OME, ImageJ or the resolution tags say.

    Parameters
    ----------
    tiff : tifffile.TiffFile
    page : the first of the image
    axes : letter of each axis of the image
    """
    if axes is None:
        return None
    if tiff.is_ome:
        sizes = _ome_sizes(tiff)
        return None if sizes is None else _by_axes(sizes, axes, None, "OME PhysicalSize", 1.0)
    columns, rows = (_inverse(page, tag) for tag in ("XResolution", "YResolution"))
    edges = {"X": columns, "Y": rows}
    described = (tiff.imagej_metadata if tiff.is_imagej else _shaped(tiff)) or {}
    unit, depth = described.get("unit"), _number(described.get("spacing"))
    metres = metres_of(unit if isinstance(unit, str) else None)
    own = tiff.is_imagej or unit is not None
    if own and (metres is not None or depth is not None):
        edges["Z"] = depth
        source = "ImageJ spacing and resolution" if tiff.is_imagej else "TIFF description"
    else:
        metres = {2: _INCH, 3: _CENTIMETRE}.get(int(page.resolutionunit or 1))
        if metres is None:
            return None
        source = "TIFF resolution"
    if metres in {_INCH, _CENTIMETRE} and _is_print(columns, rows, metres):
        return None
    return _by_axes(edges, axes, None, source, metres)


def _is_print(columns: float | None, rows: float | None, metres: float) -> bool:
    """Whether a resolution in inches or centimetres is that of a printer or screen, or of none."""
    for edge in (columns, rows):
        if edge is None or not SMALLEST <= edge * metres < LARGEST:
            return True
        if any(abs(_INCH / (edge * metres) / dots - 1) < 1e-3 for dots in _PRINT):
            return True
    return False


def _by_axes(
    edges: dict[str, float | None], axes: str, unit: str | None, source: str, metres: float | None
) -> Spacing | None:
    """Give each axis its edge: the last two are rows and columns, what stands before is z."""
    depth = edges.get("Z")
    along = [{"X": edges.get("X"), "Y": edges.get("Y")}.get(letter, depth) for letter in axes]
    return spacing_of(along, unit, source, metres)


def _inverse(page: "TiffPage", tag: str) -> float | None:
    """Return the edge of a pixel in the unit of a resolution tag."""
    found = page.tags.get(tag)
    if found is None:
        return None
    try:
        numerator, denominator = found.value
        return float(denominator / numerator) if numerator and denominator else None
    except (TypeError, ValueError):
        return None


def _number(value: Json) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _shaped(tiff: "TiffFile") -> dict[str, Json] | None:
    return next((dict(entry) for entry in tiff.shaped_metadata or () if entry), None)


def _ome(tiff: "TiffFile") -> ET.Element | None:
    try:
        return ET.fromstring(tiff.ome_metadata) if tiff.is_ome else None
    except (ET.ParseError, TypeError):
        return None


def _tag(element: ET.Element) -> str:
    return element.tag.rsplit("}", 1)[-1]


def _ome_sizes(tiff: "TiffFile") -> dict[str, float | None] | None:
    """Return PhysicalSizeX, Y, Z of the first image [m]; without a unit they are micrometres."""
    root = _ome(tiff)
    pixels = (
        next((e for e in root.iter() if _tag(e) == "Pixels"), None) if root is not None else None
    )
    if pixels is None:
        return None
    found: dict[str, float | None] = {}
    for letter in "XYZ":
        size = _number(pixels.attrib.get(f"PhysicalSize{letter}"))
        metres = metres_of(pixels.attrib.get(f"PhysicalSize{letter}Unit", "µm"))
        found[letter] = None if size is None or metres is None else size * metres
    return found
