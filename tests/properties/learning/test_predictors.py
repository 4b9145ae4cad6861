"""Learners as plain arrays predict what scikit-learn and XGBoost predict."""

import numpy as np
import pytest

from poreops.base.finite import DivergedError
from poreops.base.hdf5 import read_hdf5, write_hdf5
from poreops.properties.learning.base_learners import (
    LEARNERS,
    BoostingConfig,
    ForestConfig,
    PenaltyConfig,
    XgboostConfig,
    estimator,
    fit_learner,
)
from poreops.properties.learning.predictors import Committee, Network, Scaling, packed, unpacked

CONFIGS = {
    "mr": None,
    "rg": PenaltyConfig(alpha=3.0),
    "lr": PenaltyConfig(alpha=0.02),
    "rf": ForestConfig(trees=12, max_depth=6, min_leaf=2, max_features=0.5),
    "gb": BoostingConfig(
        trees=15, learning_rate=0.2, max_depth=3, subsample=0.7, max_features=0.5
    ),
    "xgb": XgboostConfig(trees=15, learning_rate=0.2, max_depth=3, subsample=0.7, l2=1.0),
}


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((150, 5)) * [1, 10, 0.1, 1, 1] + [0, 5, 0, -3, 0]
    y = np.stack([np.sin(x[:, 0]) + 0.1 * x[:, 1], x[:, 3] * x[:, 4]], axis=1)
    return x, y + 0.1 * rng.standard_normal(y.shape)


def fitted(name, rows, mask=None):
    mask = np.ones(len(rows[0]), bool) if mask is None else mask
    return fit_learner(name, CONFIGS[name], *rows, [mask], seed=3)[0]


@pytest.mark.parametrize("name", LEARNERS)
def test_the_arrays_predict_what_the_library_predicts(name, rows):
    x, y = rows
    scaling = Scaling.fit(x, y)
    z, t = scaling.inputs(x), scaling.targets(y)
    new = np.random.default_rng(1).standard_normal((40, 5)) * 2
    if name == "gb":
        parts = [estimator(name, CONFIGS[name], 3).fit(z, t[:, k]).predict(new) for k in (0, 1)]
        expected = np.stack(parts, axis=1)
    else:
        expected = estimator(name, CONFIGS[name], 3).fit(z, t).predict(new)
    found = fitted(name, rows).inner.predict(new)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", LEARNERS)
def test_a_learner_survives_its_file_bit_by_bit(name, rows, tmp_path):
    mask = np.arange(len(rows[0])) % 3 > 0
    predictor = Committee((fitted(name, rows, mask), fitted(name, rows)))
    kind, arrays = packed(predictor)
    write_hdf5(tmp_path / "a.h5", arrays)
    back = unpacked(kind, read_hdf5(tmp_path / "a.h5")[0])
    np.testing.assert_array_equal(back.predict(rows[0]), predictor.predict(rows[0]))
    write_hdf5(tmp_path / "b.h5", packed(predictor)[1])
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


@pytest.mark.parametrize("name", ["mr", "rg", "lr"])
def test_standardisation_is_inside(name, rows):
    """Another unit of the inputs and targets changes nothing but the unit of the result."""
    x, y = rows
    scaled = fitted(name, (x * 1000 + 7, y * 10))
    np.testing.assert_allclose(
        scaled.predict(x * 1000 + 7), 10 * fitted(name, rows).predict(x), rtol=1e-6
    )


@pytest.mark.parametrize("name", LEARNERS)
def test_rows_outside_the_mask_are_not_learned_from(name, rows):
    x, y = rows
    mask = np.arange(len(x)) % 3 > 0
    other = np.where(mask[:, None], y, 1e6)
    np.testing.assert_array_equal(
        fitted(name, (x, y), mask).predict(x), fitted(name, (x, other), mask).predict(x)
    )


@pytest.mark.parametrize("name", ["rg", "rf"])
def test_a_constant_input_changes_nothing(name, rows):
    x, y = rows
    constant = np.column_stack([x, np.full(len(x), 4.0)])
    found = fitted(name, (constant, y)).predict(constant)
    if name == "rg":
        np.testing.assert_allclose(found, fitted(name, rows).predict(x), rtol=1e-9)
    residual = ((found - y) ** 2).sum() / ((y - y.mean(axis=0)) ** 2).sum()
    assert residual < 0.6


@pytest.mark.parametrize(
    ("kind", "low", "high"), [("standard", None, None), ("minmax", 0, 1), ("maxabs", -1, 1)]
)
def test_a_scaling_does_what_its_name_says_and_is_undone(kind, low, high, rows):
    x, y = rows
    scaling = Scaling.fit(x, y, kind)
    z = scaling.inputs(x)
    if kind == "standard":
        np.testing.assert_allclose([z.mean(axis=0), z.std(axis=0)], [[0] * 5, [1] * 5], atol=1e-9)
    else:
        reached = [z.min(axis=0), z.max(axis=0)] if kind == "minmax" else [np.abs(z).max(axis=0)]
        assert (z >= low - 1e-12).all()
        assert (z <= high + 1e-12).all()
        np.testing.assert_allclose(reached[-1], 1)
    np.testing.assert_allclose(scaling.restored(scaling.targets(y)), y)


def test_a_learner_that_answers_no_numbers_is_refused(rows):
    x, y = rows
    with pytest.raises(DivergedError, match=r"mr 0 must be finite"), np.errstate(all="ignore"):
        fit_learner("mr", None, x * 1e-300, y * 1e308, [np.ones(len(x), bool)], seed=1)


def test_a_network_survives_its_file():
    rng = np.random.default_rng(2)
    network = Network(
        (rng.standard_normal((3, 4)), rng.standard_normal((4, 2))),
        (rng.standard_normal(4), rng.standard_normal(2)),
        "elu",
    )
    back = Network.of(network.arrays())
    x = rng.standard_normal((9, 3))
    np.testing.assert_array_equal(back.predict(x), network.predict(x))
    assert back.activation == "elu"
