"""Voxel sizes of files and users agree, or are refused; other voxels than cubes are resampled."""

import h5py
import numpy as np
import pytest
import tifffile
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from poreops.errors import InputError
from poreops.images.grey_stack import read_stack
from poreops.images.read import read_header, read_image, read_volume
from poreops.images.reading import ReadingWarning
from poreops.images.spacing import (
    Spacing,
    checked_edges,
    cubes,
    metres_of,
    parse_voxel_size,
    resolve,
    spacing_of,
)
from poreops.solvers.diffusion.bulk import formation_factor

UM = 1e-6
RNG = np.random.default_rng(1)
IM = (RNG.random((6, 7, 8)) < 0.5).astype(np.uint8)


def imagej(path, im=IM, resolution=(0.2, 0.2), **metadata):
    tifffile.imwrite(path, im, imagej=True, resolution=resolution,
                     metadata={"axes": "ZYX"} | metadata)  # fmt: skip
    return path


def ome(path, **sizes):
    tifffile.imwrite(path, IM, photometric="minisblack", ome=True,
                     metadata={"axes": "ZYX"} | sizes)  # fmt: skip
    return path


def sizes(x, unit=None, z=None):
    found = {"PhysicalSizeX": x, "PhysicalSizeY": x}
    found |= {} if z is None else {"PhysicalSizeZ": z}
    units = {"PhysicalSizeXUnit": unit, "PhysicalSizeYUnit": unit, "PhysicalSizeZUnit": unit}
    return found | ({} if unit is None else units)


# anisotropic voxels


def test_the_formation_factor_of_an_anisotropic_file_is_near_that_of_the_full_image(tmp_path):
    field = gaussian_filter(np.random.default_rng(3).standard_normal((60, 40, 40)), 2.5)
    full = field > np.quantile(field, 0.45)
    path = imagej(tmp_path / "a.tif", full[::3].astype(np.uint8), spacing=15.0, unit="um")
    for options in ({}, {"voxel_size": (15 * UM, 5 * UM, 5 * UM)}):
        volume = read_volume(path, **options)
        assert volume.image.shape == full.shape
        assert volume.reading.edge == pytest.approx(5 * UM)
        assert "60 x 40 x 40 cubes of 5e-06 m" in volume.reading.resampling
        found = [formation_factor(volume.image, a).formation_factor for a in range(3)]
        right = [formation_factor(full, a).formation_factor for a in range(3)]
        np.testing.assert_allclose(found, right, rtol=0.06)
        thin = [formation_factor(full[::3], a).formation_factor for a in range(3)]
        assert thin[0] > 1.9 * right[0]  # what the unsampled slices would give
    with pytest.raises(InputError, match=r"states 1\.5e-05, 5e-06, 5e-06 m .*says 5e-06 m"):
        read_volume(path, voxel_size=5 * UM)
    with pytest.warns(ReadingWarning, match="resampled to 60 x 40 x 40"):
        assert read_image(path).shape == full.shape


@given(
    ratio=st.floats(1.02, 6),
    axis=st.integers(0, 2),
    n=st.integers(2, 9),
    edge=st.floats(1e-8, 1e-4),
)
@settings(deadline=None)
def test_resampling_keeps_lengths_and_takes_the_nearest_voxel(ratio, axis, n, edge):
    shape, edges = [3, 3, 3], [edge] * 3
    shape[axis], edges[axis] = n, edge * ratio
    smallest, layers = cubes(tuple(edges), tuple(shape))
    assert smallest == edge
    assert [i for i in range(3) if layers[i] is not None] == [axis]
    index = layers[axis]
    assert abs(len(index) * edge - n * edges[axis]) <= edge / 2 * (1 + 1e-9)
    assert (index[0], index[-1]) == (0, n - 1)
    # no voxel whose centre is nearer
    centres = (np.arange(n) + 0.5) * edges[axis]
    wanted = (np.arange(len(index)) + 0.5) * edge
    distance = np.abs(wanted[:, None] - centres[None])
    chosen = distance[np.arange(len(index)), index]
    assert (chosen <= distance.min(axis=1) * (1 + 1e-6) + 1e-6 * edge).all()


@given(factor=st.integers(2, 4), axis=st.integers(0, 2))
@settings(deadline=None, max_examples=12)
def test_a_whole_ratio_repeats_each_layer(tmp_path_factory, factor, axis):
    path = tmp_path_factory.mktemp("a") / "a.npy"
    np.save(path, IM)
    edges = [2 * UM] * 3
    edges[axis] *= factor
    volume = read_volume(path, voxel_size=edges)
    np.testing.assert_array_equal(volume.image, np.repeat(IM > 0, factor, axis))
    assert read_header(path, voxel_size=edges).shape == volume.image.shape


def test_one_layer_is_not_resampled(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, IM[:1])
    volume = read_volume(path, voxel_size=(15 * UM, 5 * UM, 5 * UM))
    assert volume.image.shape == (1, 7, 8)
    assert volume.reading.edge == 5 * UM


def test_edges_that_differ_by_less_than_a_percent_are_cubes(tmp_path):
    np.save(tmp_path / "a.npy", IM)
    reading = read_volume(tmp_path / "a.npy", voxel_size=(5.02 * UM, 5 * UM, 5 * UM)).reading
    assert reading.resampling is None
    assert reading.edge == pytest.approx(5.0066 * UM, rel=1e-4)


# what files state


def test_units_of_files(tmp_path):
    cases = [
        imagej(tmp_path / "um.tif", spacing=5.0, unit="um"),
        imagej(tmp_path / "micron.tif", spacing=5.0, unit="micron"),
        imagej(tmp_path / "escaped.tif", spacing=5.0, unit="\\u00B5m"),
        imagej(tmp_path / "mm.tif", resolution=(200, 200), spacing=0.005, unit="mm"),
        ome(tmp_path / "plain.ome.tif", **sizes(5, z=5)),
        ome(tmp_path / "nm.ome.tif", **sizes(5000, "nm", z=5000)),
        ome(tmp_path / "mm.ome.tif", **sizes(0.005, "mm", z=0.005)),
    ]
    for path in cases:
        reading = read_volume(path).reading
        assert reading.voxel_size == pytest.approx((5 * UM,) * 3, rel=1e-6), path
        assert "ImageJ" in reading.voxel_size_source or "OME" in reading.voxel_size_source
        assert reading.warnings == ()
        assert read_volume(path, voxel_size=5.04 * UM).reading.edge == 5.04 * UM
        for reader in (read_volume, read_stack, read_header):
            with pytest.raises(InputError, match=r"5e-06 m .* --voxel-size says 5\.1e-06 m"):
                reader(path, voxel_size=5.1 * UM)


@pytest.mark.parametrize(
    ("resolution", "unit", "edge"),
    [(2000, 3, 5 * UM), (5080, 2, 5 * UM), (72, 2, None), (300, 2, None), (1, 3, None),
     (28.3465, 3, None), (2000, 1, None)],
)  # fmt: skip
def test_resolution_tags_count_where_they_are_no_print_resolution(
    tmp_path, resolution, unit, edge
):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, IM, photometric="minisblack", resolution=(resolution, resolution),
                     resolutionunit=unit)  # fmt: skip
    reading = read_volume(path).reading
    if edge is None:
        assert reading.voxel_size is None
        return
    assert reading.edge == pytest.approx(edge)
    assert "states ?, 5e-06, 5e-06 m for slices" in reading.warnings[0]
    with pytest.raises(InputError, match="TIFF resolution"):
        read_volume(path, voxel_size=6 * UM)


@pytest.mark.parametrize(("resolution", "unit"), [(100, "inch"), (72, "inch"), (28.3465, "cm")])
def test_imagej_repeats_the_print_resolution_of_a_picture(tmp_path, resolution, unit):
    path = imagej(tmp_path / "a.tif", resolution=(resolution, resolution), unit=unit)
    assert read_volume(path).reading.voxel_size is None
    assert read_volume(path, voxel_size=5 * UM).reading.edge == 5 * UM


def test_a_distance_of_slices_that_is_not_stated(tmp_path):
    path = imagej(tmp_path / "a.tif", unit="um")
    (warning,) = read_volume(path).reading.warnings
    assert "5e-06 m was taken for all" in warning
    assert read_volume(path, voxel_size=5 * UM).reading.warnings == ()
    flat = imagej(tmp_path / "b.tif", IM, resolution=(0.1, 0.2), unit="um")
    with pytest.raises(InputError, match="must be known along each axis"):
        read_volume(flat)


def test_ratios_without_a_unit(tmp_path):
    path = imagej(tmp_path / "a.tif", resolution=(1, 1), spacing=3.0)
    for options in ({}, {"voxel_size": 5 * UM}, {"voxel_size": (10 * UM, 5 * UM, 5 * UM)}):
        with pytest.raises(InputError, match=r"3, 1, 1 \(no unit\)"):
            read_volume(path, **options)
    assert read_volume(path, voxel_size=(15 * UM, 5 * UM, 5 * UM)).image.shape == (18, 7, 8)


def test_hdf5_element_size(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as root:
        root["im"] = IM
        root["im"].attrs["element_size_um"] = [10.0, 5.0, 5.0]
    volume = read_volume(tmp_path / "a.h5")
    np.testing.assert_array_equal(volume.image, np.repeat(IM > 0, 2, 0))
    assert volume.reading.voxel_size_source == "HDF5 element_size_um"


def test_slices_may_lie_apart_but_pixels_are_square(tmp_path):
    reading = read_stack(imagej(tmp_path / "a.tif", spacing=15.0, unit="um")).reading
    assert reading.shape == (6, 7, 8)
    assert reading.edge == pytest.approx(5 * UM)
    with pytest.raises(InputError, match="pixels must be square"):
        read_stack(imagej(tmp_path / "b.tif", resolution=(0.1, 0.2), spacing=15.0, unit="um"))


# slips


@pytest.mark.parametrize(
    ("given", "meant"), [(5.3, "5.3e-06"), (5300, "5.3e-06"), (1e-10, "1e-07"), (2e-3, "2e-09")]
)
def test_a_slip_of_the_unit_is_refused_and_understood(tmp_path, given, meant):
    np.save(tmp_path / "a.npy", IM)
    with pytest.raises(InputError, match=rf"got {given:g} m; did you mean {meant}\?"):
        read_volume(tmp_path / "a.npy", voxel_size=given)
    reading = read_volume(tmp_path / "a.npy", voxel_size=given, any_voxel_size=True).reading
    assert reading.edge == given


def test_a_slip_in_a_file_is_refused_and_can_be_overruled(tmp_path):
    path = ome(tmp_path / "a.ome.tif", **sizes(5, "m", z=5))
    with pytest.raises(InputError, match=r"got 5 m in a\.ome\.tif \(OME PhysicalSize\)"):
        read_volume(path)
    with pytest.raises(InputError, match="must agree"):
        read_volume(path, voxel_size=5 * UM)
    reading = read_volume(path, voxel_size=5 * UM, any_voxel_size=True).reading
    assert reading.voxel_size_source == "given, against the file"
    assert "the latter was taken" in reading.warnings[0]


@pytest.mark.parametrize(
    "given",
    [-1.0, 0, float("nan"), float("inf"), "5e-6", True, [], [1e-6, -1e-6, 1e-6], [[1e-6] * 3]],
)
def test_what_is_no_length(given):
    with pytest.raises(InputError, match="voxel size must be > 0 m"):
        checked_edges(given, 3, any_size=True)


def test_the_number_of_lengths():
    with pytest.raises(InputError, match="each of the 3 axes"):
        checked_edges((1e-6, 2e-6), 3, any_size=False)
    assert checked_edges(np.float32(1e-6), 2, any_size=False) == pytest.approx((1e-6, 1e-6))
    assert checked_edges(np.array([1e-6, 2e-6]), 2, any_size=False) == (1e-6, 2e-6)
    with pytest.raises(InputError, match="a length in metres.*'5 um'"):
        parse_voxel_size("5 um")


@example(0.00026804834614666526, 0.99, "m")
@example(0.00026804834614666526, 1.01, "nm")
@given(
    st.floats(1e-9, 1e-3), st.floats(0.5, 2),
    st.sampled_from(["m", "mm", "um", "nm", "inch", "Å"]),
)  # fmt: skip
def test_a_file_and_a_user_agree_within_a_percent_in_any_unit(edge, ratio, unit):
    stated = spacing_of([edge / metres_of(unit)] * 3, unit, "x")
    given = min(max(edge * ratio, 1e-9), 1e-3)
    apart = abs(given / edge - 1)
    try:
        edges, source, _ = resolve(given, stated, (4, 5, 6), any_size=False, name="a")
    except InputError:
        assert apart > 0.01
    else:
        assert apart <= 0.01 * (1 + 1e-6)
        assert edges == (given,) * 3
        assert source == "given"


@pytest.mark.parametrize("edges", [(None,) * 3, (0.0, 0.0, 0.0), (float("nan"),) * 3, (1, 1, 1)])
def test_numbers_that_say_nothing(edges):
    assert spacing_of(edges, "pixel", "x") is None
    assert resolve(None, None, (2, 2, 2), any_size=False, name="a") == (None, None, [])
    assert Spacing((1.0, None, 2.0), "x", metres=False).text() == "1, ?, 2 (no unit)"
