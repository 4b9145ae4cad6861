"""FID and KID agree with independent implementations and order damage."""

import numpy as np
import pytest
from scipy.linalg import sqrtm
from sklearn.metrics.pairwise import polynomial_kernel

from poreops.cores.features.scores import complaints, fid, kid, squared_mmd
from poreops.errors import InputError

RNG = np.random.default_rng(0)


def features(count, length=12, shift=0.0, scale=1.0):
    mixing = np.random.default_rng(9).normal(size=(length, length)) / np.sqrt(length)
    return shift + scale * RNG.normal(size=(count, length)) @ mixing


def fid_by_scipy(a, b):
    first, second = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = sqrtm(first @ second)
    return ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(first + second - 2 * np.real(root))


def mmd_by_sklearn(a, b):
    within = []
    for x in (a, b):
        kernel = polynomial_kernel(x, x, degree=3, gamma=1 / x.shape[1], coef0=1)
        n = len(x)
        within.append(
            sum(kernel[i, j] for i in range(n) for j in range(n) if i != j) / n / (n - 1)
        )
    between = polynomial_kernel(a, b, degree=3, gamma=1 / a.shape[1], coef0=1).mean()
    return sum(within) - 2 * between


@pytest.mark.parametrize(("n", "m"), [(300, 200), (40, 400), (13, 13)])
def test_fid_is_that_of_scipy(n, m):
    a, b = features(n), features(m, shift=0.3, scale=1.4)
    assert fid(a, b) == pytest.approx(fid_by_scipy(a, b), rel=1e-6)


def test_fid_of_fewer_images_than_features_is_that_of_the_singular_covariances():
    a, b = features(8, 30), features(10, 30, shift=1)
    # eigenvalues of the product of two positive semidefinite matrices are real and not negative
    product = np.cov(a, rowvar=False) @ np.cov(b, rowvar=False)
    roots = np.sqrt(np.maximum(np.real(np.linalg.eigvals(product)), 0)).sum()
    expected = (
        ((a.mean(0) - b.mean(0)) ** 2).sum() + a.var(0, ddof=1).sum() + b.var(0, ddof=1).sum()
    )
    # roots of the rounding errors of zero eigenvalues
    assert fid(a, b) == pytest.approx(expected - 2 * roots, abs=1e-5)


def test_fid_of_a_set_and_itself_is_nothing():
    a = features(50)
    assert fid(a, a) == pytest.approx(0, abs=1e-9)
    assert fid(a, a + 2.0) == pytest.approx(12 * 4)


@pytest.mark.parametrize(("n", "m"), [(30, 30), (25, 40), (2, 3)])
def test_the_discrepancy_is_that_of_scikit_learn(n, m):
    a, b = features(n), features(m, shift=0.2)
    assert squared_mmd(a, b) == pytest.approx(mmd_by_sklearn(a, b), rel=1e-6)


def test_kid_of_one_distribution_is_nothing_on_average():
    drawn = [squared_mmd(features(40), features(40)) for _ in range(200)]
    assert abs(np.mean(drawn)) < 4 * np.std(drawn) / np.sqrt(200)
    assert min(drawn) < 0 < max(drawn)


def test_kid_averages_subsets_without_replacement():
    a, b = features(60), features(50, shift=0.3)
    found = kid(a, b, subsets=30, size=40, seed=1)
    assert found == kid(a, b, subsets=30, size=40, seed=1)
    assert found.mean == pytest.approx(squared_mmd(a, b), abs=4 * found.sd)
    # a subset as large as the sets is the sets
    whole = kid(a[:50], b, subsets=3, size=500, seed=1)
    assert whole.mean == pytest.approx(squared_mmd(a[:50], b))
    assert whole.sd == pytest.approx(0, abs=1e-12)


def test_few_images_are_complained_about():
    assert complaints(2000, 2000, 1280) == []
    (singular,) = complaints(100, 2000, 1280)
    assert "covariance of 100 images with 1280 features is singular" in singular
    few, _ = complaints(49, 2000, 1280)
    assert "FID of fewer than 50 images is strongly biased, got 49" in few


@pytest.mark.parametrize("function", [fid, squared_mmd])
def test_one_image_is_no_set(function):
    with pytest.raises(InputError, match="two or more images in each set, got 1 and 5"):
        function(features(1), features(5))
