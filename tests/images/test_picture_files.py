"""Pictures and folders of slices: natural order, one size, and a word on what changes values."""

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from poreops.errors import InputError
from poreops.images.grey_stack import read_grey_set, read_stack
from poreops.images.picture_files import natural_key
from poreops.images.read import read_header, read_volume

RNG = np.random.default_rng(4)
IM = RNG.random((12, 20, 30)) < 0.4
GREY = RNG.integers(0, 255, (4, 20, 30)).astype(np.uint8)


def png(path, im):
    Image.fromarray(im).save(path)


def tif(path, im):
    tifffile.imwrite(path, im, photometric="minisblack")


def fortran(path, im):
    np.save(path, np.asfortranarray(im))


@pytest.mark.parametrize(("suffix", "write"), [("png", png), ("bmp", png), ("tif", tif),
                                               ("npy", fortran)])  # fmt: skip
def test_a_folder_is_its_slices_in_natural_order(tmp_path, suffix, write):
    for i, page in enumerate(IM):
        write(tmp_path / f"s{i}.{suffix}", page.astype(np.uint8) * 255)
    (tmp_path / "notes.txt").write_text("not an image")
    (tmp_path / ".hidden.png").write_text("nor this")
    volume = read_volume(tmp_path)
    np.testing.assert_array_equal(volume.image, IM)
    assert volume.reading.warnings == ()
    assert volume.reading.format.startswith("folder of 12 slices")
    assert read_header(tmp_path).shape == IM.shape
    np.testing.assert_array_equal(read_stack(tmp_path).image > 0, IM)


@given(st.lists(st.integers(0, 10**6), unique=True, min_size=2), st.sampled_from(["", "0", "00"]))
def test_numbers_sort_as_numbers(numbers, zeros):
    from pathlib import Path

    names = [Path(f"Slice{zeros}{n}_x.tif") for n in numbers]
    found = [int(path.stem[5:].split("_")[0]) for path in sorted(names, key=natural_key)]
    assert found == sorted(numbers)


def refused(path, match):
    for reader in (read_volume, read_stack):
        with pytest.raises(InputError, match=match) as caught:
            reader(path)
        assert "\n" not in str(caught.value)


def test_folders_that_are_no_stack(tmp_path):
    refused(tmp_path, "must hold images")
    png(tmp_path / "a1.png", IM[0])
    png(tmp_path / "a2.png", IM[0, :10])
    refused(tmp_path, r"one size and type, a1\.png has \(20, 30\) bool and a2\.png \(10, 30\)")
    tif(tmp_path / "a3.tif", IM[0])
    refused(tmp_path, r"one format, .* holds \.png, \.tif")
    (tmp_path / "a1.png").unlink()
    (tmp_path / "a2.png").unlink()
    tif(tmp_path / "a4.tif", IM[0].astype(np.uint16))
    refused(tmp_path, "one size and type")
    tif(tmp_path / "a4.tif", IM)
    refused(tmp_path, "one size and type")
    tif(tmp_path / "a3.tif", IM)
    refused(tmp_path, r"must be single slices, a3\.tif has shape \(12, 20, 30\)")
    (tmp_path / "a4.tif").unlink()
    np.testing.assert_array_equal(read_volume(tmp_path).image, IM)
    (tmp_path / "a4.tif").write_bytes(b"II*\0")
    refused(tmp_path, r"single slices|a4\.tif")


def test_a_missing_slice_is_a_warning(tmp_path):
    for i in (0, 1, 2, 4, 5):
        png(tmp_path / f"scan2_{i:03d}.png", IM[i])
    (warning,) = read_volume(tmp_path).reading.warnings
    assert "scan2_002.png is followed by scan2_004.png" in warning


def test_a_slice_stored_the_other_way_round_is_seen(tmp_path):
    for i in range(3):
        kind = "miniswhite" if i == 1 else "minisblack"
        tifffile.imwrite(tmp_path / f"{i}.tif", IM[i].astype(np.uint8), photometric=kind)
    refused(tmp_path, "white as zero in one of them")


@pytest.mark.parametrize("mode", ["1", "L", "I;16", "P"])
def test_modes_of_png(tmp_path, mode):
    image = Image.fromarray(IM[0].astype("u2") * 255) if mode == "I;16" else (
        Image.fromarray(IM[0].astype("u1") * 255).convert(mode)
    )  # fmt: skip
    image.save(tmp_path / "a.png")
    volume = read_volume(tmp_path / "a.png")
    np.testing.assert_array_equal(volume.image, IM[0])
    if mode == "P":
        assert "colour map" in volume.reading.warnings[0]
        with pytest.raises(InputError, match="colour map"):
            read_stack(tmp_path / "a.png")


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "CMYK"])
def test_colours_are_refused(tmp_path, mode):
    suffix = "tif" if mode == "CMYK" else "png"
    Image.fromarray(GREY[0]).convert(mode).save(tmp_path / f"a.{suffix}")
    refused(tmp_path / f"a.{suffix}", "one value a voxel")


def test_a_large_picture_is_read_and_a_huge_one_refused(tmp_path, monkeypatch):
    png(tmp_path / "a.png", IM[0])
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 400)
    np.testing.assert_array_equal(read_volume(tmp_path / "a.png").image, IM[0])
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 200)
    refused(tmp_path / "a.png", "less than 400 pixels")


def test_jpeg_is_lossy(tmp_path):
    for i, page in enumerate(GREY):
        Image.fromarray(page).save(tmp_path / f"{i}.jpg")
    for volume in (read_stack(tmp_path / "0.jpg"), read_stack(tmp_path), read_grey_set(tmp_path)):
        assert volume.reading.lossy
        assert "changes values" in volume.reading.warnings[0]
    png(tmp_path / "9.png", GREY[0])
    mixed = read_grey_set(tmp_path)  # a set, not a stack: formats may differ
    assert mixed.image.shape == (5, 20, 30)
    assert mixed.reading.lossy
    (tmp_path / "0.jpg").write_bytes((tmp_path / "0.jpg").read_bytes()[:200])
    refused(tmp_path / "0.jpg", r"0\.jpg is truncated or damaged")
