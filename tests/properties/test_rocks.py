"""Rocks with laboratory values: good tables are read, each bad row is named."""

import numpy as np
import pytest
import tifffile

from poreops.base.units import MILLIDARCY
from poreops.errors import InputError
from poreops.properties.rock_images import read_grey
from poreops.properties.rocks import read_rocks

HEAD = "sample,file,voxel_size_m,porosity,permeability_md\n"
RNG = np.random.default_rng(0)


def grey(n=3, h=40, w=48, dtype=np.uint8):
    return RNG.integers(0, 200, (n, h, w)).astype(dtype)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "rocks").mkdir()
    for name in ("a", "b"):
        tifffile.imwrite(tmp_path / f"rocks/{name}.tif", grey(), photometric="minisblack")
    return tmp_path


def read(folder, rows):
    (folder / "rocks.csv").write_text(HEAD + rows)
    return read_rocks(folder / "rocks.csv", folder / "rocks")


GOOD = "A,rocks/a.tif,4e-6,0.2,100\nB,rocks/b.tif,2e-6,0.11,3.5\n"


def test_a_good_table_is_read_in_si_units(folder):
    one, other = read(folder, GOOD)
    assert (one.name, one.voxel_size, one.porosity) == ("A", 4e-6, 0.2)
    assert other.permeability == pytest.approx(3.5 * MILLIDARCY)
    assert read_grey(one.files, "A").image.shape == (3, 40, 48)


def test_no_rock_is_no_error(tmp_path):
    assert read(tmp_path, "") == []


def test_a_rock_of_two_files_has_their_slices(folder):
    (rock,) = read(folder, "A,rocks/a.tif,4e-6,0.2,100\nA,rocks/b.tif,4e-6,0.2,100\n")
    assert read_grey(rock.files, "A").image.shape == (6, 40, 48)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("A,rocks/a.tif,4e-6,0.2,ten\n", r"row 2 \(A\): permeability_md must be a number, got 't"),
        ("A,rocks/a.tif,4e-6,0.2,-3\n", r"row 2 \(A\): permeability_md must be positive, got -3"),
        ("A,rocks/a.tif,4e-6,0.2,nan\n", r"permeability_md must be positive, got nan"),
        ("A,rocks/a.tif,4e-6,,1\n", r"porosity must be a number, got ''"),
        ("A,rocks/a.tif,4e-6,20,1\n", r"porosity must be a share between 0 and 1, .* got 20"),
        ("A,rocks/a.tif,4,0.2,1\n", r"voxel_size_m must be between 0 and 0.001 m, .* got 4"),
        ("A,rocks/c.tif,4e-6,0.2,1\n", r"row 2 \(A\): file must exist, got rocks/c.tif"),
        ("A/1,rocks/a.tif,4e-6,0.2,1\n", r"sample must not hold a slash, got A/1"),
        (",rocks/a.tif,4e-6,0.2,1\n", r"row 2 \(no sample\): sample is empty"),
        (
            "A,rocks/a.tif,4e-6,0.2,1\nA,rocks/b.tif,5e-6,0.2,1\n",
            r"row 3 \(A\): voxel_size_m must be that of the rock's other rows, 4e-06, got 5e-06",
        ),
        ("A,rocks/a.tif,4e-6,0.2,1\n", r"b\.tif in .*rocks is in no row"),
    ],
)
def test_a_bad_row_is_named(folder, rows, message):
    with pytest.raises(InputError, match=message) as raised:
        read(folder, rows)
    assert "\n" not in str(raised.value)


def test_every_bad_row_is_named_at_once(folder):
    with pytest.raises(InputError) as raised:
        read(folder, "A,rocks/a.tif,x,0.2,1\nB,rocks/b.tif,2e-6,2,0\n")
    for part in ("row 2 (A)", "row 3 (B)", "porosity must be", "permeability_md must be"):
        assert part in str(raised.value)


def test_other_columns_are_refused(tmp_path):
    (tmp_path / "rocks.csv").write_text("name,file\n")
    with pytest.raises(InputError, match=r"must have the columns sample,file,.* got name,file"):
        read_rocks(tmp_path / "rocks.csv")


def test_sixteen_bits_keep_their_values(tmp_path):
    deep = grey(dtype=np.uint16) * 300
    tifffile.imwrite(tmp_path / "deep.tif", deep, photometric="minisblack")
    np.testing.assert_array_equal(read_grey((tmp_path / "deep.tif",), "A").image, deep)


def test_one_slice_is_a_stack_of_one(tmp_path):
    tifffile.imwrite(tmp_path / "one.tif", grey()[0], photometric="minisblack")
    assert read_grey((tmp_path / "one.tif",), "A").image.shape == (1, 40, 48)


def test_colour_is_refused(tmp_path):
    tifffile.imwrite(tmp_path / "rgb.tif", grey(40, 48, 3), photometric="rgb")
    with pytest.raises(InputError, match=r"one value a voxel, rgb\.tif has colour"):
        read_grey((tmp_path / "rgb.tif",), "A")


def test_pages_of_different_sizes_are_refused(tmp_path):
    with tifffile.TiffWriter(tmp_path / "mixed.tif") as tiff:
        for size in (40, 56):
            tiff.write(grey(1, size, size)[0])
    with pytest.raises(
        InputError, match=r"one size and type, mixed\.tif holds 2 series \(0: 40 x 40 uint8"
    ):
        read_grey((tmp_path / "mixed.tif",), "A")


def test_files_of_different_sizes_or_types_are_refused(folder):
    tifffile.imwrite(folder / "c.tif", grey(w=56), photometric="minisblack")
    tifffile.imwrite(folder / "d.tif", grey(dtype=np.uint16), photometric="minisblack")
    for name, found in (("c", r"\(40, 56\) uint8"), ("d", r"\(40, 48\) uint16")):
        message = rf"slices of A must have one size and type, got {found} in {name}\.tif"
        with pytest.raises(InputError, match=message):
            read_grey((folder / "rocks/a.tif", folder / f"{name}.tif"), "A")


def test_a_blank_slice_is_named(tmp_path):
    blank = grey()
    blank[1] = 5
    tifffile.imwrite(tmp_path / "blank.tif", blank, photometric="minisblack")
    with pytest.raises(InputError, match=r"1 of 3 of A \(blank\.tif\) are blank \(number 1\)"):
        read_grey((tmp_path / "blank.tif",), "A")
