"""A TIFF is read as the one image that it holds, or refused in one line."""

import contextlib

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image
from tiff_checks import GREY, check, refused

from poreops.errors import InputError
from poreops.images.grey_stack import read_stack
from poreops.images.read import read_image, read_volume
from poreops.images.reading import ReadingWarning

each_example = settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
STACKS = hnp.arrays(
    np.bool_, hnp.array_shapes(min_dims=3, max_dims=3, min_side=2, max_side=9)
).filter(lambda im: im.any())


@each_example
@given(
    im=STACKS,
    dtype=st.sampled_from(["bool", "uint8", "uint16", "int16", "float32"]),
    cuts=st.lists(st.integers(1, 8), max_size=4),
    big=st.booleans(),
)
def test_parts_that_were_appended_are_one_stack(tmp_path, im, dtype, cuts, big):
    path = tmp_path / "a.tif"
    path.unlink(missing_ok=True)
    for part in np.split(im.astype(dtype), sorted({c for c in cuts if c < len(im)})):
        part = part[0] if len(part) == 1 else part
        tifffile.imwrite(path, part, append=True, photometric=GREY, bigtiff=big)
    reading = check(path, im)
    joined = [text for text in reading.warnings if "were joined" in text]
    assert len(joined) == (len({c for c in cuts if c < len(im)}) > 0)


def test_pages_of_other_compression_belong_to_the_stack(tmp_path, block):
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        for i, page in enumerate(block):
            tiff.write(
                page, metadata=None, contiguous=False, compression="zlib" if i % 3 else None
            )
    check(tmp_path / "a.tif", block)


def odd_page(path, block, page, **options):
    with tifffile.TiffWriter(path) as tiff:
        for i in range(len(block)):
            kind = options if i == 4 else {"photometric": GREY}
            tiff.write(page if i == 4 else block[i], metadata=None, contiguous=False, **kind)


def test_one_page_of_another_kind_among_many_is_seen(tmp_path, block):
    # tifffile itself looks at four pages of a long stack
    odd_page(tmp_path / "size.tif", block, block[4, :10], photometric=GREY)
    odd_page(tmp_path / "type.tif", block, block[4].astype(np.uint16), photometric=GREY)
    odd_page(tmp_path / "white.tif", block, block[4], photometric="miniswhite")
    for name in ("size", "type", "white"):
        refused(tmp_path / f"{name}.tif", r"must have one size and type, .*2 series \(0: 11 x 20")


def test_pyramids_and_thumbnails_are_no_slices(tmp_path, block):
    with tifffile.TiffWriter(tmp_path / "sub.tif") as tiff:
        tiff.write(block, subifds=1, photometric=GREY)
        tiff.write(block[:, ::2, ::2], subfiletype=1, photometric=GREY)
    with tifffile.TiffWriter(tmp_path / "thumb.tif") as tiff:
        tiff.write(block[0, ::4, ::4], subfiletype=1, metadata=None, photometric=GREY)
        for page in block:
            tiff.write(page, metadata=None, contiguous=False, photometric=GREY)
    with tifffile.TiffWriter(tmp_path / "levels.ome.tif") as tiff:
        tiff.write(block, subifds=1, photometric=GREY, metadata={"axes": "ZYX"})
        tiff.write(block[:, ::2, ::2], subfiletype=1, photometric=GREY)
    for name in ("sub.tif", "thumb.tif", "levels.ome.tif"):
        assert check(tmp_path / name, block).warnings == ()


def test_two_images_are_named(tmp_path, block):
    with tifffile.TiffWriter(tmp_path / "two.ome.tif") as tiff:
        for _ in range(2):
            tiff.write(block, photometric=GREY, metadata={"axes": "ZYX"})
    refused(tmp_path / "two.ome.tif", r"must hold one image, .* holds 2 \(0: 12 x 20 x 30 uint8")


def test_a_description_that_counts_fewer_pages_is_refused(tmp_path, block):
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        for i, page in enumerate(block):
            words = "ImageJ=1.53\nimages=5\nslices=5\n" if i == 0 else None
            tiff.write(page, metadata=None, contiguous=False, description=words, photometric=GREY)
    refused(tmp_path / "a.tif", "must count its pages")


@pytest.mark.parametrize(
    ("options", "axes"),
    [
        ({"imagej": True, "metadata": {"axes": "CYX"}}, "CYX"),
        ({"imagej": True}, "CYX"),
        ({"ome": True, "metadata": {"axes": "CYX"}}, "CYX"),
        ({"metadata": {"axes": "CYX"}}, "CYX"),
        ({"metadata": {"axes": "QYX"}}, "QYX"),
        ({"metadata": {"axes": "HYX"}}, "HYX"),
    ],
)
def test_channels_and_unknown_axes_are_refused(tmp_path, block, options, axes):
    tifffile.imwrite(tmp_path / "a.tif", block, photometric=GREY, **options)
    refused(tmp_path / "a.tif", rf"slices, rows and columns, a\.tif has .* \(axes {axes}")


def test_time_in_the_place_of_z_is_a_warning(tmp_path, block):
    tifffile.imwrite(tmp_path / "a.tif", block, imagej=True, metadata={"axes": "TYX"})
    (warning,) = check(tmp_path / "a.tif", block).warnings
    assert "time steps (axes TYX); they were taken as z" in warning
    tifffile.imwrite(tmp_path / "a.tif", np.stack([block] * 2), imagej=True,
                     metadata={"axes": "TZYX"})  # fmt: skip
    with pytest.raises(InputError, match=r"\(2, 12, 20, 30\) \(axes TZYX\)"):
        read_volume(tmp_path / "a.tif")


@pytest.mark.parametrize("options", [{}, {"imagej": True, "metadata": {"axes": "ZYX"}},
                                     {"metadata": {"axes": "ZYX"}}, {"metadata": None},
                                     {"ome": True, "metadata": {"axes": "ZYX"}}])  # fmt: skip
def test_slices_are_read_whoever_wrote_them(tmp_path, block, options):
    tifffile.imwrite(tmp_path / "a.tif", block, photometric=GREY, **options)
    assert check(tmp_path / "a.tif", block).warnings == ()


@pytest.mark.filterwarnings("ignore:<tifffile.TiffWriter.write> data with shape")
@pytest.mark.parametrize("layers", [3, 4])
def test_three_or_four_layers_are_no_colours(tmp_path, block, layers):
    tifffile.imwrite(tmp_path / "a.tif", block[:layers])
    check(tmp_path / "a.tif", block[:layers])
    tifffile.imwrite(tmp_path / "rgb.tif", np.stack([block[0]] * layers, -1), photometric="rgb")
    refused(tmp_path / "rgb.tif", "colour")


@given(place=st.integers(0, 2))
@each_example
def test_an_axis_of_one_voxel_keeps_its_place(tmp_path, place):
    shape = tuple(np.insert([4, 5], place, 1))
    im = np.random.default_rng(place).random(shape) < 0.5
    tifffile.imwrite(tmp_path / "a.tif", im, photometric=GREY)
    assert read_volume(tmp_path / "a.tif").image.shape == shape


STORED = [
    {"compression": "zlib", "predictor": True}, {"compression": "lzw"},
    {"compression": "packbits"}, {"compression": "zstd"}, {"tile": (16, 16)},
    {"tile": (16, 16), "compression": "zlib"}, {"bigtiff": True}, {"byteorder": ">"},
    {"rowsperstrip": 3}, {"volumetric": True, "tile": (16, 16, 16)}, {"truncate": True},
]  # fmt: skip


@pytest.mark.parametrize("options", STORED, ids=str)
@each_example
@given(
    im=STACKS,
    dtype=st.sampled_from(
        ["uint8", "uint16", "int8", "int16", "int32", "uint32", "float32", "float64"]
    ),
)
def test_every_way_of_storing_gives_the_image(tmp_path, options, im, dtype):
    tifffile.imwrite(tmp_path / "a.tif", im.astype(dtype), photometric=GREY, **options)
    check(tmp_path / "a.tif", im)


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_ccitt", "tiff_lzw"])
def test_fax_and_lzw(tmp_path, block, compression):
    mode = "L" if compression == "tiff_lzw" else "1"
    first, *rest = (Image.fromarray(page * 255).convert(mode) for page in block)
    first.save(tmp_path / "a.tif", save_all=True, append_images=rest, compression=compression)
    check(tmp_path / "a.tif", block)


def test_jpeg_inside_a_tiff_is_lossy(tmp_path):
    grey = np.random.default_rng(0).integers(0, 255, (3, 40, 48)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", grey, photometric=GREY, compression="jpeg")
    reading = read_stack(tmp_path / "a.tif").reading
    assert reading.lossy
    assert "JPEG, which may change values" in reading.warnings[0]
    with pytest.raises(InputError, match="lossy compression"):
        read_volume(tmp_path / "a.tif")


def test_white_as_zero(tmp_path, block):
    path = tmp_path / "a.tif"
    for stored, top in ((block * 255, 255), (block > 0, 1), (block.astype("u2") * 255, 65535)):
        tifffile.imwrite(path, stored, photometric="miniswhite")
        volume = read_volume(path)
        # labels as stored, with a word on it; grey as shown
        np.testing.assert_array_equal(volume.image, block > 0)
        np.testing.assert_array_equal(read_volume(path, pore_label=0).image, block == 0)
        assert "shows zero as white" in volume.reading.warnings[0]
        assert "--pore-label 0" in volume.reading.warnings[0]
        assert volume.reading.photometric is not None
        shown = read_stack(path)
        np.testing.assert_array_equal(shown.image.astype(int), top - stored.astype(int))
        assert "as shown" in shown.reading.photometric
    with pytest.warns(ReadingWarning, match="shows zero as white"):
        read_image(path)


def test_a_colour_map_is_no_grey_image(tmp_path, block):
    colours = np.zeros((3, 256), np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", block, photometric="palette", colormap=colours)
    assert "colour map" in read_volume(tmp_path / "a.tif").reading.warnings[0]
    with pytest.raises(InputError, match="colour map"):
        read_stack(tmp_path / "a.tif")


def test_no_page(tmp_path):
    for content in (b"II*\0\0\0\0\0", b"II*\0\x08\0\0\0\0\0\0\0\0\0", b"", b"II*\0"):
        (tmp_path / "a.tif").write_bytes(content)
        refused(tmp_path / "a.tif", r"a\.tif")


def test_a_strip_that_was_never_written(tmp_path, block):
    tifffile.imwrite(tmp_path / "a.tif", block, photometric=GREY, compression="zlib")
    with tifffile.TiffFile(tmp_path / "a.tif", mode="r+b") as tiff:
        for tag in ("StripByteCounts", "StripOffsets"):
            tiff.pages[3].tags[tag].overwrite(0)
    refused(tmp_path / "a.tif", "1 strips or tiles of a.tif were never written")


@each_example
@given(place=st.floats(0, 1), value=st.integers(0, 255))
def test_a_damaged_byte_is_no_traceback(tmp_path, place, value):
    im = (np.random.default_rng(2).random((3, 12, 13)) < 0.5).astype(np.uint8)
    for options in ({"compression": "zlib"}, {"imagej": True, "metadata": {"axes": "ZYX"}}):
        tifffile.imwrite(tmp_path / "a.tif", im, photometric=GREY, **options)
        content = bytearray((tmp_path / "a.tif").read_bytes())
        content[int(place * (len(content) - 1))] = value
        (tmp_path / "a.tif").write_bytes(content)
        with contextlib.suppress(InputError):
            read_volume(tmp_path / "a.tif")
