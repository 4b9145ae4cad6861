"""Grey images are read or refused, and crops of the two parts share no pixel."""

import h5py
import numpy as np
import pytest
import tifffile
from skimage.io import imsave

from poreops.errors import InputError
from poreops.volumes.grey import (
    ShaleConfig,
    SyntheticShaleConfig,
    cut_crops,
    synthetic_shale,
)
from poreops.volumes.grey_stack import read_grey, read_grey_set

SYNTHETIC = {
    "images": 2, "shape": 128, "pore_share": 0.05, "fractures": 60, "ores": 200, "noise": 4
}  # fmt: skip
RNG = np.random.default_rng(0)
IMAGE = RNG.integers(0, 256, (40, 60), dtype=np.uint8)


def config(**changes):
    content = {
        "seed": 1, "images": (), "synthetic": SYNTHETIC, "size": 24, "train": 30, "held_out": 10,
        "hold_out": "columns", "share": 0.4, "gap": 4,
    }  # fmt: skip
    return ShaleConfig(**(content | changes))


def write(path, array):
    suffix = path.suffix
    if suffix == ".tif":
        tifffile.imwrite(path, array)
    elif suffix == ".npy":
        np.save(path, array)
    elif suffix == ".h5":
        with h5py.File(path, "w") as file:
            file["im"] = array
    else:
        imsave(path, array, check_contrast=False)
    return path


@pytest.mark.parametrize("name", ["a.tif", "a.npy", "a.h5", "a.png"])
def test_an_image_is_read_from_any_format(tmp_path, name):
    np.testing.assert_array_equal(read_grey(write(tmp_path / name, IMAGE)).image, IMAGE[None])


def test_a_stack_is_its_slices(tmp_path):
    stack = np.stack([IMAGE, 255 - IMAGE] * 3)
    np.testing.assert_array_equal(read_grey(write(tmp_path / "s.tif", stack)).image, stack)
    write(tmp_path / "one.png", IMAGE)
    assert read_grey_set(tmp_path).image.shape == (7, 40, 60)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.stack([IMAGE] * 3, -1), "must be grey, .* has 3 colours .* convert it"),
        (IMAGE.astype(np.float32) / 255, r"must be 8-bit grey .* is float \(float32\); rescale"),
        (IMAGE.astype(np.uint16), r"must be 8-bit grey .* is 16-bit \(uint16\)"),
        (np.full((40, 60), 7, np.uint8), "must have contrast, .* one grey value"),
        (IMAGE[0], "a slice or a stack of slices, .* has shape"),
    ],
    ids=["colour", "float", "16 bits", "constant", "a line"],
)
def test_another_image_is_refused_with_what_to_do(tmp_path, array, message):
    with pytest.raises(InputError, match=message):
        read_grey(write(tmp_path / "a.npy", array))


def test_a_colour_picture_is_refused(tmp_path):
    with pytest.raises(InputError, match="has 3 colours"):
        read_grey(write(tmp_path / "a.png", np.stack([IMAGE] * 3, -1)))


def test_missing_and_damaged_pictures(tmp_path):
    with pytest.raises(InputError, match="there is no"):
        read_grey(tmp_path / "none.png")
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    with pytest.raises(InputError, match=r"bad\.png is truncated or damaged"):
        read_grey(tmp_path / "bad.png")


def test_a_set_has_images_of_one_size(tmp_path):
    with pytest.raises(InputError, match="must hold images .* holds none"):
        read_grey_set(tmp_path)
    write(tmp_path / "a.tif", IMAGE)
    write(tmp_path / "b.tif", IMAGE[:30])
    with pytest.raises(InputError, match=r"one size, a\.tif has \(40, 60\) and b\.tif \(30, 60\)"):
        read_grey_set(tmp_path)


def covered(crops, shapes, size):
    """Which pixels of each slice a part holds."""
    masks = [np.zeros(shape, bool) for shape in shapes]
    for i, (row, column) in zip(crops.slices, crops.corners, strict=True):
        masks[i][row : row + size, column : column + size] = True
    return masks


@pytest.mark.parametrize(
    "changes", [{}, {"gap": 0, "share": 0.5}, {"hold_out": "slices"}, {"seed": 5, "size": 17}]
)
def test_crops_are_cut_where_they_say_and_the_parts_share_no_pixel(changes):
    slices = [RNG.integers(0, 256, shape, dtype=np.uint8) for shape in [(64, 96), (50, 100)] * 2]
    settings = config(**changes)
    train, held_out = cut_crops(slices, settings)
    size = settings.size
    assert (len(train.images), len(held_out.images)) == (30, 10)
    for part in (train, held_out):
        for image, i, (row, column) in zip(part.images, part.slices, part.corners, strict=True):
            np.testing.assert_array_equal(
                image, slices[i][row : row + size, column : column + size]
            )
        places = {
            (i, *corner) for i, corner in zip(part.slices, map(tuple, part.corners), strict=True)
        }
        assert len(places) == len(part.images)
    shapes = [image.shape for image in slices]
    both = zip(covered(train, shapes, size), covered(held_out, shapes, size), strict=True)
    for one, other in both:
        assert not (one & other).any()
        if settings.hold_out == "columns" and one.any() and other.any():
            last, first = (
                np.flatnonzero(one.any(axis=0)).max(),
                np.flatnonzero(other.any(axis=0)).min(),
            )
            assert first - last > settings.gap


def test_columns_that_are_held_out_are_so_in_every_slice():
    train, held_out = cut_crops([IMAGE, IMAGE], config(size=16))
    assert train.corners[:, 1].max() + 16 <= held_out.corners[:, 1].min() - 4
    assert set(held_out.slices) == {0, 1}


def test_the_same_seed_cuts_the_same_crops():
    same = [cut_crops([IMAGE], config(size=16))[0].corners for _ in range(2)]
    np.testing.assert_array_equal(*same)
    assert (cut_crops([IMAGE], config(size=16, seed=2))[0].corners != same[0]).any()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"size": 41}, "as large as a crop of 41 pixels, slice 0 has 40 x 60; lower shale.size"),
        ({"size": 30}, "both parts .* as wide as a crop of 30 pixels, slice 0 has 32 columns"),
        ({"hold_out": "slices"}, "needs two or more, got 1; set shale.hold_out: columns"),
        ({"size": 24, "train": 200}, "room for 200 different crops, got 153 places"),
    ],
)
def test_too_small_an_image_says_what_to_change(changes, message):
    with pytest.raises(InputError, match=message):
        cut_crops([IMAGE], config(**changes))


def test_the_synthetic_shale_has_what_it_says():
    settings = SyntheticShaleConfig(**(SYNTHETIC | {"shape": 512}))
    images = synthetic_shale(settings, 3)
    assert images.shape == (2, 512, 512)
    assert images.dtype == np.uint8
    np.testing.assert_array_equal(images, synthetic_shale(settings, 3))
    assert (images[0] != images[1]).any()
    none = settings.model_copy(update={"fractures": 0, "ores": 0, "pore_share": 0.0})
    bare = synthetic_shale(none, 3)
    assert (bare < 70).mean() < 1e-4 < (images < 70).mean()
    assert (bare > 180).mean() < 1e-4 < (images > 180).mean()
    pores = synthetic_shale(settings.model_copy(update={"fractures": 0, "ores": 0}), 3) < 80
    assert pores.mean() == pytest.approx(settings.pore_share, rel=0.2)
