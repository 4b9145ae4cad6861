"""PoreSpy's own function predicts with our weights."""

import numpy as np
import porespy
import pytest
import scipy.ndimage as spim
from reference import sphere_regions
from tiny import conductance as tiny_model

import poreops
from poreops.errors import InputError

pytestmark = pytest.mark.slow  # the model trains for some seconds, once

CHAMPION = "models:/conductance@champion"


@pytest.mark.parametrize("count", [1, 5, 20])
@pytest.mark.filterwarnings("ignore")
def test_porespy_predicts_with_our_weights(register, model, count):
    register()
    keras_model, g_train = poreops.export_for_porespy(CHAMPION)
    regions = sphere_regions(tiny_model.EDGES[3])
    conns = regions.conns[:count]
    theirs = porespy.networks.diffusive_size_factor_AI(
        regions.labels, conns, keras_model, g_train, voxel_size=3e-6
    )
    ours = poreops.load_model(CHAMPION).size_factors(regions.labels, conns, voxel_size=3e-6)
    np.testing.assert_allclose(np.atleast_1d(theirs), ours, rtol=1e-5)


@pytest.mark.filterwarnings("ignore")
def test_what_porespys_zoom_cut_in_two_gets_no_number(register):
    register()
    keras_model, _ = poreops.export_for_porespy(CHAMPION)
    rois = np.repeat(tiny_model.conduits(3)[0][:1], 2, axis=0)
    rois[1][spim.binary_dilation(rois[1] == 1)] = 0
    rois[1][:2, :2, :2] = 1
    found = keras_model.predict_on_batch(rois[..., None].astype(np.float32))[:, 0]
    assert np.isfinite(found[0])
    assert np.isnan(found[1])


def test_a_model_of_2d_conduits_is_none_of_porespys(tmp_path):
    tiny_model.trained_model(2).save(tmp_path)
    with pytest.raises(InputError, match="PoreSpy's function takes 3D images"):
        poreops.export_for_porespy(str(tmp_path))
