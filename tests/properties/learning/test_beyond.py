"""Beyond the rocks an interval never narrows, and holds what needs no training."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poreops.properties.learning.beyond import counted_porosity, growth, kozeny_carman, widened

PLUG = {"porosity": (0.4, 0.38, 0.42), "permeability_m2": (1e-12, 5e-13, 2e-12)}


def test_within_the_rocks_nothing_changes():
    assert widened(PLUG, {}, 1.0, 0.83, -20.0) == PLUG


@given(
    beyond=st.floats(1e-6, 50),
    doubt=st.sampled_from([1.0, 2.0]),
    counted=st.floats(0.01, 0.99),
    law=st.floats(-40, -15),
)
def test_beyond_them_intervals_hold_the_model_s_own_and_the_other_answer(
    beyond, doubt, counted, law
):
    found = widened(PLUG, {"areal_porosity": beyond}, doubt, counted, law)
    for key, other in (("porosity", counted), ("permeability_m2", np.exp(law))):
        value, low, high = found[key]
        assert low <= value <= high
        assert low <= PLUG[key][1] < PLUG[key][2] <= high
        assert low <= other <= high
    assert found["porosity"][0] == counted
    assert 0 <= found["porosity"][1] < found["porosity"][2] <= 1


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_further_the_wider(one, other):
    near, far = sorted((one, other))
    assert growth({"a": near}) <= growth({"a": far, "b": near}) <= 4


def test_a_doubtful_histogram_widens_without_moving():
    found = widened(PLUG, {}, 2.0, 0.83, -20.0)
    assert found["porosity"] == pytest.approx((0.4, 0.36, 0.44))
    assert found["permeability_m2"] == pytest.approx((1e-12, 2.5e-13, 4e-12))


def test_the_law_is_the_textbook_s():
    """k = φ³ / (5 S²) with S = 4/π of the wall length per area."""
    table = pd.DataFrame({"areal_porosity": [0.2, 0.3], "specific_perimeter": [1e4, 2e4]})
    surface = table["specific_perimeter"] * 4 / np.pi
    expected = np.log(table["areal_porosity"] ** 3 / (5 * surface**2)).mean()
    assert kozeny_carman(table) == pytest.approx(expected)


def test_a_counted_porosity_keeps_the_width():
    found = counted_porosity(PLUG, 0.2)
    assert found["porosity"] == pytest.approx((0.2, 0.18, 0.22))
    assert found["permeability_m2"] == PLUG["permeability_m2"]
