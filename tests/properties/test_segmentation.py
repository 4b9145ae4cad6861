"""Many rocks are segmented alike, and set against the truth where it is known."""

import numpy as np
import pytest
from tiny import properties as tiny_rocks

from poreops.properties.segmentation import agreement, agreements, segment_rocks
from poreops.properties.slices.segment import segment


@pytest.fixture(autouse=True)
def one_process(monkeypatch):
    monkeypatch.setenv("POREOPS_WORKERS", "1")


def test_each_rock_is_segmented_as_by_itself_in_the_smallest_type():
    grey = {name: tiny_rocks.grey(seed=k) for k, name in enumerate("ab")}
    found = segment_rocks(grey, tiny_rocks.SEGMENT)
    assert list(found) == ["a", "b"]
    for name, labels in found.items():
        np.testing.assert_array_equal(labels, segment(grey[name], tiny_rocks.SEGMENT).labels)
        assert labels.dtype == np.uint8


def test_the_truth_agrees_with_itself_and_nothing_with_its_complement():
    pore = np.random.default_rng(0).random((2, 8, 8)) < 0.3
    labels = pore.astype(np.uint8)
    assert agreement(labels, pore) == {"dice": 1.0, "porosity_error": 0.0}
    assert agreement(1 - labels, pore)["dice"] == 0


def test_means_are_of_sizes_and_of_rocks_whose_truth_is_known():
    pore = np.zeros((1, 2, 4), bool)
    pore[0, 0] = True
    more, less = pore.astype(int), pore.astype(int)
    more[0, 1, 0], less[0, 0, 0] = 1, 0
    labels = {"more": more, "less": less, "real": more}
    found = agreements(labels, {"more": pore, "less": pore})
    assert set(found["rocks"]) == {"more", "less"}
    assert found["mean"]["porosity_error"] == pytest.approx(1 / 8)
    assert agreements({"real": more}, {}) == {"mean": {}, "rocks": {}}
