"""The permeability tensor is symmetric and follows the channels."""

import numpy as np
import pytest
from reference import blobs

from poreops.solvers.stokes.permeability import PERIODIC, permeability, permeability_tensor

# small images have narrow throats
pytestmark = pytest.mark.filterwarnings(
    "ignore::poreops.solvers.stokes.permeability.UnderResolvedWarning"
)


def test_tensor_of_oblique_channels():
    # channels along the diagonal of a 2D image
    i, j = np.indices((12, 12))
    found = permeability_tensor((i - j) % 12 < 8, tolerance=1e-6)
    k = found.tensor
    assert k == pytest.approx(k.T, rel=1e-4)
    values, directions = found.principal
    assert abs(values[0]) < 1e-4 * values[1]
    assert abs(directions[:, 1]) == pytest.approx([0.5**0.5] * 2, abs=1e-4)
    assert directions[:, 1].prod() > 0


def test_tensor_is_symmetric_and_has_the_permeabilities_on_its_diagonal():
    im = blobs((16, 18, 20), 0.5, seed=5)
    found = permeability_tensor(im, voxel_size=3.0, tolerance=1e-5)
    k = found.tensor
    assert abs(k - k.T).max() < 1e-3 * k.max()
    assert (np.linalg.eigvalsh(k) > 0).all()
    along = permeability(im, 2, voxel_size=3.0, boundary=PERIODIC, tolerance=1e-5)
    assert k[2, 2] == pytest.approx(along.permeability, rel=1e-4)
    assert found.residual <= 1e-5
