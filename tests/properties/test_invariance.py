"""What is predicted of one plug hardly depends on the field of view and the size of a pixel."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from tiny import properties as tiny_rocks

from poreops.properties.learning.base_learners import LEARNERS
from poreops.properties.learning.laws import fit_law, targets
from poreops.properties.learning.plans import plan_by_group
from poreops.properties.learning.real_rocks import real_rocks
from poreops.properties.learning.stacks import fit_stack
from poreops.properties.model import RockModel, Widths, input_ranges
from poreops.properties.slices.features import design
from poreops.synthetic.scanner import render_slices

FEATURES = (
    "areal_porosity", "weighted_diameter", "inscribed_radius", "euler_number", "alignment",
)  # fmt: skip
"""What the selection of the default profile keeps."""
SIZES = (384, 256, 192, 128)
VOXEL = 2e-6


@pytest.fixture(scope="module")
def model():
    """Learned from the real rocks of the package: laws and slopes are those of rocks."""
    rows = real_rocks().table
    x, y = design(rows, FEATURES), targets(rows)
    rocks, kinds = rows["rock"].to_numpy(), rows["kind"].to_numpy()
    stack = fit_stack(LEARNERS, tiny_rocks.ENSEMBLE, x, y, plan_by_group(kinds, 4, 1), rocks)
    return RockModel(
        stack, "smr_ml", FEATURES, tiny_rocks.SEGMENT, input_ranges(x),
        law=fit_law(*real_rocks().law_rows),
        widths=Widths(0.9, 2, np.array([0.05, 0.9]), np.array([0.02, 0.4])),
    )  # fmt: skip


def grey(length, edge=384):
    noise = np.random.default_rng(4).standard_normal((3, edge, edge))
    field = gaussian_filter(noise, (0, length, length), mode="wrap")
    pore = field > np.quantile(field, 0.65)
    return render_slices(pore, np.arange(3), tiny_rocks.RENDER, 1)


def predicted(model, image, voxel):
    """log k of the plug, and its porosity, as served."""
    plug = model.predict(image, voxel).plug
    return np.array([np.log(plug["permeability_m2"][0]), plug["porosity"][0]])


@pytest.mark.parametrize(
    ("corrected", "factor"), [((False, False), 1.1), ((True, True), 1.3)], ids=["law", "stack"]
)
def test_four_fields_of_view_and_two_resolutions_give_one_prediction(model, corrected, factor):
    """The law's permeability changes by less than 10 %, the porosity by less than 0.01.

    A stack asks for widths of single pores, which pixels of a half of them change.
    """
    own, image = model.correcting(corrected), grey(3.0)
    whole = predicted(own, image, VOXEL)
    for edge in SIZES[1:]:
        # all crops of this size that fill the plug: one differs from another by chance
        places = range(0, 384 - edge + 1, 128)
        crops = [image[:, a : a + edge, b : b + edge] for a in places for b in places]
        found = np.mean([predicted(own, crop, VOXEL) for crop in crops], axis=0)
        assert abs(found[0] - whole[0]) < np.log(factor), edge
        assert abs(found[1] - whole[1]) < 0.01, edge
    fine = grey(6.0)
    halved = fine.reshape(3, 192, 2, 192, 2).mean(axis=(2, 4)).astype(np.uint8)
    once, twice = predicted(own, fine, VOXEL / 2), predicted(own, halved, VOXEL)
    assert abs(once[0] - twice[0]) < np.log(factor)
    assert abs(once[1] - twice[1]) < 0.01
