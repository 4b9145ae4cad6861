"""Images, shared by the tests of this folder."""

import numpy as np
import pytest


@pytest.fixture
def half():
    im = np.zeros((4, 5, 6), dtype=bool)
    im[:2] = True
    return im


@pytest.fixture
def block():
    """A straight channel along axis 0; its slices differ in one corner."""
    im = np.zeros((12, 20, 30), np.uint8)
    im[:, 5:15, 8:20] = 1
    im[np.arange(12), 0, np.arange(12)] = 1
    return im
