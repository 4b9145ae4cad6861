"""Labels that are distributed otherwise than the reference are found."""

import numpy as np
import pytest

from poreops.base.files import write_json
from poreops.conductance.suites.drift import (
    drift_facts,
    drift_suite,
    ks_distance,
    make_profile,
    read_profile,
)
from poreops.conductance.suites.rules import ValidationConfig
from poreops.errors import InputError
from poreops.mlops.expectations import validate

LIMITS = ValidationConfig(
    porosity_min=0.3, porosity_max=0.8, size_factor_min=0.01, size_factor_max=1e3, drift_max=0.1
)


def failed_columns(frame, suite):
    return {check.column for check in validate(frame, suite).failures}


RNG = np.random.default_rng(0)
REFERENCE = RNG.lognormal(0.5, 0.8, 20_000)


def reference():
    return make_profile(REFERENCE, convention="centroid", source="a test")


def test_labels_of_the_same_distribution_do_not_drift():
    same = RNG.lognormal(0.5, 0.8, 2000)
    assert ks_distance(same, reference()) < 1.95 / np.sqrt(2000)  # 0.1 % level
    facts = drift_facts(same, reference())
    assert failed_columns(facts, drift_suite(LIMITS)) == set()


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_labels_of_another_scale_drift(factor):
    facts = drift_facts(factor * REFERENCE[:2000], reference())
    (check,) = validate(facts, drift_suite(LIMITS)).failures
    assert check.rows == ("all labels",)
    assert "size_factor_profile.json" in str(check)


def test_the_distance_is_that_of_scipy_on_the_reference_itself():
    from scipy.stats import ks_2samp

    sample = RNG.lognormal(0.8, 0.6, 500)
    exact = ks_2samp(sample, REFERENCE).statistic
    # 101 quantiles know the reference to half a percent of probability
    assert ks_distance(sample, reference()) == pytest.approx(exact, abs=0.005)


def test_labels_far_outside_the_profile_are_at_distance_one():
    assert ks_distance([1e9, 1e10], reference()) == 1
    assert ks_distance([1e-9, 1e-10], reference()) == 1


def test_no_usable_label_is_found():
    facts = drift_facts([np.nan, -1.0], reference())
    assert failed_columns(facts, drift_suite(LIMITS)) == {"ks_distance"}


def test_a_profile_survives_its_file(tmp_path):
    write_json(tmp_path / "profile.json", reference().as_json())
    back = read_profile(tmp_path / "profile.json")
    np.testing.assert_array_equal(back.quantiles, reference().quantiles)
    assert (back.count, back.convention, back.source) == (20_000, "centroid", "a test")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"quantiles": [], "probabilities": []}, "at least two, got 0 and 0"),
        ({"quantiles": [1, 2, 3]}, "as many quantiles as probabilities"),
        ({"quantiles": [2, 1], "probabilities": [0, 1]}, "quantiles that do not fall"),
        ({"quantiles": [1, 2], "probabilities": [0, 0.5]}, "rise from 0 to 1 .* got 0 to 0.5"),
        ({"count": "many"}, "must hold a profile"),
    ],
)
def test_a_wrong_profile_is_an_input_error(tmp_path, change, message):
    write_json(tmp_path / "profile.json", reference().as_json() | change)
    with pytest.raises(InputError, match=message):
        read_profile(tmp_path / "profile.json")
