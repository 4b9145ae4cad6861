"""A quilting is stated so that it can be cut."""

import numpy as np
import pytest
from pydantic import ValidationError
from tiny.cores import crops, quilting

from poreops.cores.features.structure import Segmentation
from poreops.cores.learning.pieces import Library
from poreops.errors import InputError


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"piece": 13}, "piece and overlap must be even"),
        ({"piece": 8, "overlap": 6}, "the overlap at most half of the piece, got 8 and 6"),
        ({"choices": 400}, "choices must be fewer than the 400 pieces"),
    ],
)
def test_a_quilting_that_cannot_be_is_refused(changes, rule):
    with pytest.raises(ValidationError, match=rule):
        quilting(**changes)


def test_crops_that_are_smaller_than_a_piece_are_one_line():
    images = crops()[0]
    with pytest.raises(InputError, match="as large as a piece of 32 pixels, got 24 x 24; lower"):
        Library.cut(images, quilting(piece=32), Segmentation.fit(images, 1.5), seed=1)


def test_sums_are_exact_whatever_is_compared():
    images = crops(48)[0]
    segmentation = Segmentation.fit(images, 1.5)
    for piece, overlap in ((12, 4), (48, 24)):
        config = quilting(piece=piece, overlap=overlap, pieces=50)
        for fit in Library.cut(images, config, segmentation, seed=1).fits.values():
            exact = (fit.values.astype(np.int64) ** 2).sum(axis=1)
            np.testing.assert_array_equal(fit.squares, exact)
            assert fit.squares.max() < 2**24 or fit.values.dtype == np.float64


def test_as_many_crops_are_kept_as_are_stated():
    images = crops(48)[0]
    found = Library.cut(images, quilting(sources=7), Segmentation.fit(images, 1.5), seed=1)
    assert len(found.sources) == 7
    assert found.law is None
    assert found.law_of_shares.shape == (7, 2)
    assert {crop.tobytes() for crop in found.sources} <= {crop.tobytes() for crop in images}
