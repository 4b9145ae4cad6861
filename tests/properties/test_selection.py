"""Features that others explain, or that explain nothing, are left out."""

import numpy as np
import pytest

from poreops.properties.learning.selection import (
    SelectionConfig,
    correlation,
    inflation_factors,
    select,
    significance,
)

CONFIG = SelectionConfig(significance=0.05, inflation_max=10, always=("kept",))


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def rocks(rng, count=40, slices=8):
    """Slices whose features vary between rocks, and their rocks."""
    groups = np.repeat(np.arange(count), slices)
    base = rng.standard_normal((count, 4))
    return base[groups] + 0.3 * rng.standard_normal((len(groups), 4)), groups, base


def test_the_factors_are_those_of_statsmodels(rng):
    from statsmodels.stats.outliers_influence import variance_inflation_factor

    x = rng.standard_normal((200, 3))
    x[:, 2] += x[:, 0] + 5
    exog = np.column_stack([np.ones(200), x])
    reference = [variance_inflation_factor(exog, k) for k in (1, 2, 3)]
    np.testing.assert_allclose(inflation_factors(x), reference, rtol=1e-6)


def test_independent_inputs_have_a_factor_of_one(rng):
    np.testing.assert_allclose(inflation_factors(rng.standard_normal((20_000, 4))), 1, atol=0.01)


def test_an_exact_copy_is_removed_without_a_warning(rng):
    x, groups, _ = rocks(rng)
    x[:, 3] = 2 * x[:, 0] - 1
    y = x[:, :2]
    found = select(x, ["kept", "b", "c", "copy"], y, groups, CONFIG)
    assert [name for name, _ in found.removed] == ["copy"]
    assert found.names[:2] == ("kept", "b")
    assert max(found.inflation.values()) < 10


def test_what_explains_no_target_is_not_kept(rng):
    x, groups, base = rocks(rng)
    y = np.stack([base[groups, 0], base[groups, 1]], axis=1)
    found = select(x, ["a", "b", "c", "kept"], y, groups, CONFIG)
    assert {"a", "b", "kept"} <= set(found.names)
    assert found.p_values["a"][0] < 1e-6


def test_significance_counts_rocks_and_not_slices(rng):
    """Features of rocks that have nothing to do with the target are rarely significant."""
    rates = []
    for _ in range(40):
        x, groups, _ = rocks(rng, count=40, slices=20)
        y = rng.standard_normal((40, 1))[groups]
        rates.append((significance(x, y, groups) < 0.05).mean())
    assert np.mean(rates) < 0.15  # of plain least squares over slices: 0.6


def test_a_constant_feature_is_never_kept(rng):
    x, groups, base = rocks(rng)
    x[:, 2] = 3.0
    found = select(x, ["a", "b", "constant", "kept"], base[groups, :2], groups, CONFIG)
    assert "constant" not in found.names
    assert "constant" not in found.inflation


def test_the_matrix_of_correlation_is_symmetric_with_targets(rng):
    x = rng.standard_normal((50, 2))
    table = correlation(x, x[:, :1] * -2, ["a", "b", "t"])
    assert table.loc["a", "t"] == pytest.approx(-1)
    np.testing.assert_allclose(table, table.T)
