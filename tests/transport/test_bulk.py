import math

import numpy as np
import pytest

from poreops.errors import InputError
from poreops.transport.bulk import formation_factor


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_block_has_tortuosity_1(axis):
    result = formation_factor(np.ones((5, 6, 7), bool), axis)
    assert result.tortuosity == pytest.approx(1, rel=1e-9)


def test_no_path_gives_an_infinite_formation_factor():
    im = np.ones((6, 6, 6), bool)
    im[3] = False
    result = formation_factor(im, 0)
    assert result.formation_factor == math.inf
    assert not result.percolates
    assert result.floating_share == 1


def test_labels_without_diffusivity_are_named():
    with pytest.raises(InputError, match="got values 0, 85, 170"):
        formation_factor(np.repeat([0, 85, 170], 27).reshape(9, 3, 3), 0)
