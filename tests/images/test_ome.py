"""OME-TIFF: sets of files, planes in any order, and planes that are missing."""

import uuid

import pytest
import tifffile
from tiff_checks import GREY, check, refused

NAMESPACE = "http://www.openmicroscopy.org/Schemas/OME/2016-06"


def ome(pixels, data, uid="urn:uuid:1"):
    return (
        f'<?xml version="1.0"?><OME xmlns="{NAMESPACE}" UUID="{uid}"><Image ID="Image:0"><Pixels '
        f'ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="30" SizeY="20" SizeZ="12" '
        f'SizeC="1" SizeT="1" {pixels}><Channel ID="C:0" SamplesPerPixel="1"/>{data}</Pixels>'
        "</Image></OME>"
    )


def write_ome(path, pages, xml):
    tifffile.imwrite(path, pages, photometric=GREY, description=xml, metadata=None)


@pytest.fixture
def ome_set(tmp_path, block):
    """Three files of four slices."""
    ids = [f"urn:uuid:{uuid.UUID(int=i)}" for i in range(3)]
    data = "".join(
        f'<TiffData FirstZ="{4 * i + j}" IFD="{j}" PlaneCount="1"><UUID FileName="s{i}.ome.tif">'
        f"{ids[i]}</UUID></TiffData>"
        for i in range(3)
        for j in range(4)
    )
    for i in range(3):
        write_ome(tmp_path / f"s{i}.ome.tif", block[4 * i : 4 * i + 4], ome("", data, ids[i]))
    return tmp_path


def test_a_description_that_leaves_pages_out_is_refused(tmp_path, block):
    part = '<TiffData FirstZ="0" IFD="0" PlaneCount="7"/>'
    write_ome(tmp_path / "a.ome.tif", block, ome("", part).replace('SizeZ="12"', 'SizeZ="7"'))
    refused(tmp_path / "a.ome.tif", "has 5 more than its 7")


def test_an_ome_set_of_files(ome_set, block):
    for i in range(3):
        assert check(ome_set / f"s{i}.ome.tif", block).warnings == ()
    (ome_set / "s1.ome.tif").unlink()
    refused(ome_set / "s0.ome.tif", r"s0\.ome\.tif needs s1\.ome\.tif, which is not in")


def test_ome_planes_in_another_order_and_missing_ones(tmp_path, block):
    order = [5, 0, 11, 3, 2, 10, 1, 4, 9, 8, 7, 6]
    data = "".join(
        f'<TiffData FirstZ="{z}" IFD="{i}" PlaneCount="1"/>' for i, z in enumerate(order)
    )
    write_ome(tmp_path / "a.ome.tif", block[order], ome("", data))
    check(tmp_path / "a.ome.tif", block)
    write_ome(tmp_path / "b.ome.tif", block[:7], ome("", "<TiffData/>"))
    refused(tmp_path / "b.ome.tif", "missing 5 frames")
    few = '<TiffData FirstZ="0" IFD="0" PlaneCount="7"/>'
    write_ome(tmp_path / "c.ome.tif", block, ome("", few))
    refused(tmp_path / "c.ome.tif", "missing 5 frames")


def test_ome_without_its_voxels(tmp_path, block):
    inside = '<BinData Length="3" BigEndian="false">AAA=</BinData>'
    write_ome(tmp_path / "a.ome.tif", block, ome("", inside))
    refused(tmp_path / "a.ome.tif", "BinData")
    xml = (
        f'<OME xmlns="{NAMESPACE}" UUID="u"><BinaryOnly MetadataFile="master.ome" UUID="v"/></OME>'
    )
    write_ome(tmp_path / "b.ome.tif", block[:4], xml)
    refused(tmp_path / "b.ome.tif", "a set of files that master.ome describes")
