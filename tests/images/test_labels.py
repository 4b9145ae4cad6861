"""Which values are pore, how that was decided, and what is no label."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from poreops.errors import InputError
from poreops.images.labels import checked_labels, parse_labels
from poreops.images.read import read_image, read_volume

each_example = settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
DTYPES = ["uint8", "int8", "uint16", "int16", "int32", "uint64", "int64", "float32", "float64"]


def saved(tmp_path, im):
    np.save(tmp_path / "a.npy", im)
    return tmp_path / "a.npy"


@each_example
@given(
    im=hnp.arrays(np.uint8, (3, 4, 5), elements=st.integers(0, 5)),
    labels=st.sets(st.integers(0, 5), min_size=1, max_size=4),
    dtype=st.sampled_from(DTYPES),
    kind=st.sampled_from([list, tuple, set, np.array]),
)
def test_several_labels_are_pore(tmp_path, im, labels, dtype, kind):
    path = saved(tmp_path, im.astype(dtype))
    pore = np.isin(im, list(labels))
    given = np.array(sorted(labels)) if kind is np.array else kind(labels)
    if not pore.any():
        with pytest.raises(InputError, match="at least one pore voxel"):
            read_volume(path, pore_label=given)
        return
    volume = read_volume(path, pore_label=given)
    np.testing.assert_array_equal(volume.image, pore)
    assert sorted(volume.reading.pore_labels) == sorted(labels)
    assert volume.reading.pore_rule == "as given"
    missing = labels - set(np.unique(im).tolist())
    assert len(volume.reading.warnings) == bool(missing)


@pytest.mark.parametrize(
    ("im", "labels", "words"),
    [
        (np.array([[0, 255], [255, 0]], np.uint8), (255,), "largest-value default of 0 and 255"),
        (np.array([[0, 1], [1, 0]]), (1,), "0 = pore? use --pore-label 0"),
        (np.array([[0, 1], [1, 0]], bool), (1,), "True of a boolean image"),
        (np.full((3, 3), 255, np.uint8), (255,), "the only value"),
    ],
)
def test_the_rule_is_told(tmp_path, im, labels, words):
    reading = read_volume(saved(tmp_path, im)).reading
    assert reading.pore_labels == labels
    assert words in reading.pore_rule
    assert any(words in line for line in reading.lines())
    assert reading.as_dict()["pore_labels"] == list(labels)


def test_zero_can_be_the_pore(tmp_path):
    # berea.tif: 0 = pore, 255 = solid
    im = np.where(np.random.default_rng(0).random((9, 9, 9)) < 0.2, 0, 255).astype(np.uint8)
    path = saved(tmp_path, im)
    assert read_image(path).mean() == pytest.approx((im == 255).mean())
    volume = read_volume(path, pore_label=0)
    np.testing.assert_array_equal(volume.image, im == 0)
    assert volume.reading.pore_labels == (0,)


@pytest.mark.parametrize("dtype", [*DTYPES, "bool"])
@pytest.mark.parametrize("label", [10**20, -(10**20), 10**400, 300, -5])
def test_a_label_that_no_voxel_can_have(tmp_path, dtype, label):
    path = saved(tmp_path, np.array([[0, 1], [1, 0]]).astype(dtype))
    with pytest.raises(InputError, match="no voxel of a.npy has the label") as caught:
        read_volume(path, pore_label=label)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("label", ["2", 1.5, [], float("nan"), float("inf"), [[1]], {}, b"1"])
def test_what_is_no_label(label):
    with pytest.raises(InputError, match="a pore label must be a whole number or several"):
        checked_labels(label)


def test_what_is_one():
    assert checked_labels([2, 1, 2, np.uint8(1), 3.0, True]) == (2, 1, 3)
    assert checked_labels(None) is None
    assert parse_labels(" 1, 2") == (1, 2)
    with pytest.raises(InputError, match="must be whole numbers, got '1,b'"):
        parse_labels("1,b")


@each_example
@given(st.floats(-5e-6, 5e-6), st.sampled_from(["float32", "float64"]), st.sampled_from([1, 255]))
def test_labels_that_went_through_arithmetic_are_rounded(tmp_path, error, dtype, top):
    pore = np.random.default_rng(3).random((4, 5)) < 0.5
    im = (pore * top + error).astype(dtype)
    path = saved(tmp_path, im)
    for label in (None, top):
        volume = read_volume(path, pore_label=label)
        np.testing.assert_array_equal(volume.image, pore)
        exact = bool((im == np.rint(im)).all())
        assert bool(volume.reading.warnings) != exact


def test_floats_that_are_no_labels(tmp_path):
    pore = np.random.default_rng(3).random((4, 5)) < 0.5
    for im in (pore * 0.5, pore * 1.01, np.where(pore, np.inf, 0), pore + 1.0):
        with pytest.raises(InputError, match="name the pore's value"):
            read_volume(saved(tmp_path, im))


def test_a_second_value_in_a_later_slab_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr("poreops.images.stored.SLAB_BYTES", 1)
    im = np.zeros((6, 4, 4), np.uint8)
    im[:3, 0], im[3:, 0] = 1, 255
    for dtype in ("uint8", "float32"):
        with pytest.raises(InputError, match="holds 0, 1, 255"):
            read_volume(saved(tmp_path, im.astype(dtype)))
