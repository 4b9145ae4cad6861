"""Grey images are read or refused, and crops of the four parts share no pixel."""

import h5py
import numpy as np
import pytest
import tifffile
from skimage.io import imsave

from poreops.cores.crops import JUDGING, PARTS, Crops, CropsConfig, cut_crops, shared_crops
from poreops.errors import InputError
from poreops.images.grey_stack import read_grey, read_grey_set
from poreops.synthetic.shale import SyntheticShaleConfig, synthetic_shale

SYNTHETIC = {
    "images": 2, "shape": 128, "pore_share": 0.05, "fractures": 60, "ores": 200, "noise": 4
}  # fmt: skip
RNG = np.random.default_rng(0)
IMAGE = RNG.integers(0, 256, (40, 60), dtype=np.uint8)
WIDE = RNG.integers(0, 256, (40, 100), dtype=np.uint8)


def config(**changes):
    content = {
        "seed": 1, "images": (), "synthetic": SYNTHETIC, "size": 16, "train": 30, "search": 5,
        "gate": 6, "report": 7, "hold_out": "columns", "share": 0.6, "gap": 2,
    }  # fmt: skip
    return CropsConfig(**(content | changes))


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
    "changes", [{}, {"gap": 0, "share": 0.7}, {"hold_out": "slices"}, {"seed": 5, "size": 17}]
)
def test_crops_are_cut_where_they_say_and_the_parts_share_no_pixel(changes):
    slices = [RNG.integers(0, 256, shape, dtype=np.uint8) for shape in [(64, 96), (40, 120)] * 3]
    settings = config(**changes)
    parts = cut_crops(slices, settings)
    size = settings.size
    assert {name: len(part.images) for name, part in parts.items()} == {
        "train": 30, "search": 5, "gate": 6, "report": 7
    }  # fmt: skip
    for part in parts.values():
        for image, i, (row, column) in zip(part.images, part.slices, part.corners, strict=True):
            np.testing.assert_array_equal(
                image, slices[i][row : row + size, column : column + size]
            )
        places = {
            (i, *corner) for i, corner in zip(part.slices, map(tuple, part.corners), strict=True)
        }
        assert len(places) == len(part.images)
    shapes = [image.shape for image in slices]
    masks = {name: covered(part, shapes, size) for name, part in parts.items()}
    for i, one in enumerate(PARTS):
        for other in PARTS[i + 1 :]:
            for first, second in zip(masks[one], masks[other], strict=True):
                assert not (first & second).any()
                assert gap_between(first, second) >= (
                    settings.gap if settings.hold_out == "columns" else 0
                )


def gap_between(first, second):
    """Rows or columns, whichever are more, between what two masks cover."""
    if not (first.any() and second.any()):
        return np.inf
    gaps = []
    for axis in (0, 1):
        ends = [np.flatnonzero(mask.any(axis=1 - axis))[[0, -1]] for mask in (first, second)]
        gaps.append(max(ends[1][0] - ends[0][1], ends[0][0] - ends[1][1]) - 1)
    return max(gaps)


def test_every_slice_keeps_the_same_columns_for_judging():
    parts = cut_crops([WIDE, WIDE], config(search=20, gate=20, report=20))
    last = parts["train"].corners[:, 1].max() + 16
    for part in JUDGING:
        assert last <= parts[part].corners[:, 1].min() - 2
        assert set(parts[part].slices) == {0, 1}


def test_slices_are_kept_in_thirds():
    parts = cut_crops([WIDE] * 12, config(hold_out="slices", share=0.5))
    owners = {name: set(part.slices.tolist()) for name, part in parts.items()}
    assert owners["train"] <= set(range(6))
    assert (owners["search"], owners["gate"], owners["report"]) == ({6, 7}, {8, 9}, {10, 11})


def test_shared_pixels_are_found():
    def cut(*places):
        slices, corners = zip(*((i, (row, column)) for i, row, column in places), strict=True)
        images = np.zeros((len(places), 8, 8), np.uint8)
        return Crops(images, np.array(slices, np.int32), np.array(corners, np.int32))

    first = cut((0, 0, 0), (0, 8, 0), (1, 0, 0), (0, 20, 20))
    second = cut((0, 7, 7), (1, 0, 8), (2, 20, 20))
    assert shared_crops(first, second).tolist() == [True, True, False, False]
    assert shared_crops(second, first).tolist() == [True, False, False]


def test_the_same_seed_cuts_the_same_crops():
    same = [cut_crops([WIDE], config())["train"].corners for _ in range(2)]
    np.testing.assert_array_equal(*same)
    assert (cut_crops([WIDE], config(seed=2))["train"].corners != same[0]).any()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"size": 41}, "crop of 41 pixels, slice 0 has 40 x 100; lower cores.crops.size"),
        (
            {"size": 20},
            "38 columns for training and 3 x 18 for judging; change cores.crops.share or",
        ),
        ({"hold_out": "slices"}, "4 or more .* got 1 with 0.6; set cores.crops.hold_out: columns"),
        ({"report": 90}, "room for 90 different crops, got 75 places"),
    ],
)  # fmt: skip
def test_too_small_an_image_says_what_to_change(changes, message):
    with pytest.raises(InputError, match=message):
        cut_crops([WIDE], config(**changes))


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
