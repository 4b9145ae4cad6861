"""Every rule for volumes, conduits and labels holds for good data and finds bad."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from poreops.conductance.suites.rules import (
    ValidationConfig,
    conduit_facts,
    conduit_suite,
    label_facts,
    label_suite,
    volume_facts,
    volume_suite,
)
from poreops.conduits.table import Conduits
from poreops.mlops.expectations import validate

LIMITS = ValidationConfig(
    porosity_min=0.3, porosity_max=0.8, size_factor_min=0.01, size_factor_max=1e3, drift_max=0.1
)


def failed_columns(frame, suite):
    return {check.column for check in validate(frame, suite).failures}


# Volumes


def tube(*shape):
    """Pore along every axis through the middle, and a wall round it."""
    image = np.zeros(shape, bool)
    for axis in range(len(shape)):
        middle = [slice(n // 4, -n // 4) for n in shape]
        middle[axis] = slice(None)
        image[tuple(middle)] = True
    return image


@pytest.mark.parametrize("shape", [(8, 8, 8), (12, 12)])
def test_a_good_volume_passes(shape):
    facts = volume_facts([("a", tube(*shape)), ("b", tube(*shape).astype(np.uint8))])
    assert failed_columns(facts, volume_suite(LIMITS)) == set()
    assert facts.loc["a", "porosity"] == tube(*shape).mean()


@pytest.mark.parametrize(
    ("image", "column"),
    [
        (np.where(tube(8, 8, 8), 255, 0), "other_values, porosity, closed_axes"),
        (tube(8, 8, 8) * np.r_[2, [1] * 7], "other_values, closed_axes"),
        (np.ones((8, 8, 8), bool), "porosity"),
        (tube(8, 8, 8) & (np.arange(8) != 4), "closed_axes"),
    ],
    ids=["grey", "one grey face", "no solid", "a wall"],
)
def test_a_bad_volume_is_found(image, column):
    facts = volume_facts([("good", tube(8, 8, 8)), ("bad", image)])
    report = validate(facts, volume_suite(LIMITS))
    assert ", ".join(check.column for check in report.failures) == column
    assert {check.rows for check in report.failures} == {("bad",)}


def test_a_wall_closes_one_axis_and_no_other():
    facts = volume_facts([("wall", tube(8, 8, 8) & (np.arange(8) != 4))])
    assert facts.loc["wall", "closed_axes"] == 1


# Conduits


def conduits(ndim=3, count=3):
    size = 8
    roi = np.zeros((count, *(size,) * ndim), np.uint8)
    roi[:, 1:4, 2:6], roi[:, 4:7, 2:6] = 1, 2
    roi[np.arange(count), 0, np.arange(count)] = 1  # each its own content
    box = np.tile([10] * ndim + [14] * ndim, (count, 1)).astype(np.int32)
    return Conduits(
        roi=roi,
        volume=np.zeros(count, np.int32),
        conns=np.stack([np.arange(count), np.arange(count) + 1], 1).astype(np.int32),
        box=box,
        zoom_ratio=np.full(count, 2.0),
        centroids=np.full((count, 2, ndim), 12.0),
    )


def facts_of(conduits, shape=(20, 20, 20)):
    return conduit_facts(conduits, {0: shape})


@pytest.mark.parametrize("ndim", [2, 3])
def test_good_conduits_pass(ndim):
    facts = facts_of(conduits(ndim), (20,) * ndim)
    assert failed_columns(facts, conduit_suite()) == set()
    assert list(facts.index) == ["0/0-1", "0/1-2", "0/2-3"]
    assert facts["digest"].nunique() == 3


def test_contacts_are_counted_as_shared_faces():
    facts = facts_of(conduits())
    assert list(facts["contacts"]) == [32] * 3  # 4 × 8 voxels, side by side along x
    swapped = replace(conduits(), roi=(3 - conduits().roi) % 3)
    assert list(facts_of(swapped)["contacts"]) == [32] * 3


def changed(change):
    bad = conduits()
    change(bad)
    return bad


@pytest.mark.parametrize(
    ("change", "columns"),
    [
        (lambda c: c.roi[1].__setitem__((0, 0, 0), 3), {"unknown_labels"}),
        (lambda c: np.place(c.roi[1], c.roi[1] == 1, 0), {"voxels_1", "contacts"}),
        (lambda c: np.place(c.roi[1], c.roi[1] == 2, 0), {"voxels_2", "contacts"}),
        (lambda c: c.roi[1].__setitem__(4, 0), {"contacts"}),
        (lambda c: c.box[1].__setitem__(slice(3, 6), 21), {"box_outside", "zoom_error"}),
        (lambda c: c.zoom_ratio.__setitem__(1, 1.9), {"zoom_error"}),
        (lambda c: c.zoom_ratio.__setitem__(1, np.nan), {"zoom_error"}),
        (lambda c: c.centroids[1, 0].__setitem__(2, 13.5), {"centroids_outside"}),
        (lambda c: c.centroids[1, 0].__setitem__(2, np.nan), {"centroids_outside"}),
    ],
    ids=[
        "label 3", "no 1", "no 2", "apart", "box", "zoom", "zoom nan", "centroid", "centroid nan",
    ],
)  # fmt: skip
def test_a_bad_conduit_is_found(change, columns):
    report = validate(facts_of(changed(change)), conduit_suite())
    assert {check.column for check in report.failures} == columns
    assert {check.rows for check in report.failures} == {("0/1-2",)}


def test_no_conduit_at_all_is_found():
    none = conduits(count=0)
    assert failed_columns(facts_of(none), conduit_suite()) == {""}


# Labels


def labels(size_factors, digests="abcd", splits=("train", "train", "unseen", "unseen")):
    return label_facts(size_factors, list(digests), list(splits), ["0", "1", "2", "3"])


def test_good_labels_pass():
    facts = labels([0.5, 1, 2, 100])
    assert failed_columns(facts, label_suite(LIMITS)) == set()


@pytest.mark.parametrize("bad", [0.0, -1.0, np.inf, np.nan, 1e4, 1e-3])
def test_a_bad_label_is_found(bad):
    (check,) = validate(labels([1, 1, 1, bad]), label_suite(LIMITS)).failures
    assert check.column == "size_factor"
    assert check.rows == ("3",)


def test_the_same_conduit_in_two_splits_is_found_but_twice_in_one_is_not():
    facts = labels([1, 1, 1, 1], digests="aabb")
    assert failed_columns(facts, label_suite(LIMITS)) == set()
    (check,) = validate(labels([1, 1, 1, 1], digests="abba"), label_suite(LIMITS)).failures
    assert check.rows == ("0", "1", "2", "3")
    assert "use another seed or split by volume" in str(check)


def test_facts_of_slices_concatenate_to_the_facts_of_all():
    whole = conduits()
    parts = [
        Conduits(**{name: getattr(whole, name)[rows] for name in Conduits.__dataclass_fields__})
        for rows in (slice(0, 1), slice(1, 3))
    ]
    pd.testing.assert_frame_equal(pd.concat([facts_of(part) for part in parts]), facts_of(whole))
