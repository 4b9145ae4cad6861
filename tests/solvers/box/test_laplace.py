"""The voxel solver gives the field of a direct solve, and says truly how far off it is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from reference import laplacian, largest_cluster, solve

from poreops.solvers.box.laplace import solve_box, solve_conductances, workspace_sizes

TOLERANCE, LIMIT = 1e-10, 200


def buffers(shape, fill=np.nan):
    sizes = zip(workspace_sizes(shape), (np.float32, np.float64), strict=True)
    return [np.full(size, fill, dtype) for size, dtype in sizes]


def solve_fast(pore, source, tolerance=TOLERANCE, limit=LIMIT, fill=np.nan):
    box = np.pad(pore.astype(np.float32), 1)
    padded = np.pad(source, 1).ravel()
    work = buffers(box.shape, fill)
    x, residual, iterations = solve_box(box, padded, tolerance, limit, *work)
    field = x.reshape(box.shape)[1:-1, 1:-1, 1:-1].copy()
    field[pore] -= field[pore].mean()
    return field, residual, iterations


def balanced(pore, seed):
    """Random sources in the pores with a sum of 0."""
    source = np.random.default_rng(seed).normal(size=pore.shape) * pore
    return source - source.sum() / pore.sum() * pore


def porous(edge, share, seed):
    noise = np.random.default_rng(seed).random((edge,) * 3)
    return largest_cluster(noise < share)


boxes = st.tuples(*[st.integers(1, 7)] * 3).flatmap(lambda shape: arrays(bool, shape))


@settings(max_examples=60, deadline=None)
@given(boxes, st.integers(0, 99))
def test_the_field_is_that_of_a_direct_solve(pore, seed):
    if not pore.any():
        pore[:] = True
    pore = largest_cluster(pore)
    source = balanced(pore, seed)
    field, residual, _ = solve_fast(pore, source)
    assert residual <= TOLERANCE
    exact = solve(pore, source)
    assert np.abs(field - exact).max() <= 1e-8 * max(np.abs(exact).max(), 1e-12)
    assert not field[~pore].any()


@pytest.mark.parametrize("seed", range(3))
def test_faces_may_conduct_differently(seed):
    rng = np.random.default_rng(seed)
    shape = (5 + seed, 6, 7 - seed)
    pore = np.ones(shape, dtype=bool)
    given_faces = 10.0 ** rng.uniform(-1, 1, size=(3, *shape)).astype(np.float32)
    for axis in range(3):  # nothing flows out of the box
        np.moveaxis(given_faces[axis], axis, 0)[-1] = 0
    source = balanced(pore, seed)
    faces = np.pad(given_faces, ((0, 0), *[(1, 1)] * 3))
    box, padded = faces[0].shape, np.pad(source, 1).ravel()
    x, residual, _ = solve_conductances(
        box, faces.reshape(3, -1), padded, TOLERANCE, LIMIT, *buffers(box)
    )
    field = x.reshape(box)[1:-1, 1:-1, 1:-1]
    exact = solve(pore, source, given_faces.astype(float))
    assert residual <= TOLERANCE
    np.testing.assert_allclose(field - field.mean(), exact, rtol=0, atol=1e-8 * abs(exact).max())


@pytest.mark.parametrize("seed", range(3))
def test_what_a_workspace_held_changes_nothing(seed):
    pore = porous(12, 0.5, seed)
    source = balanced(pore, seed)
    faces = np.zeros((3, *(n + 2 for n in pore.shape)), np.float32)
    box = np.pad(pore, 1)
    for axis in range(3):
        faces[axis] = box & np.roll(box, -1, axis)
    found = [
        solve_conductances(
            box.shape, faces.reshape(3, -1), np.pad(source, 1).ravel(), TOLERANCE, LIMIT,
            *buffers(box.shape, fill),
        )[0][box.ravel()]
        for fill in (np.nan, 0.0, 7.0)
    ]  # fmt: skip
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])
    exact = solve(pore, source)[pore]
    np.testing.assert_allclose(found[0] - found[0].mean(), exact - exact.mean(), atol=1e-7)


@pytest.mark.parametrize("tolerance", [1e-1, 1e-3, 1e-6])
def test_the_error_is_what_the_solver_says(tolerance):
    pore = porous(20, 0.7, seed=1)
    source = balanced(pore, 1)
    field, residual, _ = solve_fast(pore, source, tolerance)
    error, exact = (field - solve(pore, source))[pore], solve(pore, source)[pore]
    matrix = laplacian(pore)
    relative = np.sqrt(error @ (matrix @ error) / (exact @ (matrix @ exact)))
    assert residual <= tolerance
    assert 0.1 * residual < relative < 2 * residual


def test_an_unfinished_solve_reports_its_error():
    pore = porous(20, 0.7, seed=1)
    _, residual, iterations = solve_fast(pore, balanced(pore, 1), 1e-10, limit=2)
    assert iterations == 2
    assert residual > 1e-10


def test_a_finer_box_takes_hardly_more_iterations():
    counts = []
    for edge in (8, 16, 32):
        pore = np.ones((edge,) * 3, dtype=bool)
        source = np.zeros(pore.shape)
        source[1, 1, 1], source[-2, -2, -2] = 1, -1
        counts.append(solve_fast(pore, source, 1e-8)[2])
    # plain conjugate gradients double theirs with the edge
    assert counts[2] < 1.5 * counts[0]


def test_what_the_buffers_held_does_not_matter():
    pore = porous(12, 0.7, seed=2)
    source = balanced(pore, 2)
    first, second = (solve_fast(pore, source, fill=fill)[0] for fill in (np.nan, 3.0))
    np.testing.assert_array_equal(first, second)


def test_no_source_means_no_field():
    pore = porous(6, 0.8, seed=3)
    field, residual, iterations = solve_fast(pore, np.zeros(pore.shape))
    assert iterations == 0
    assert residual <= TOLERANCE
    assert not field.any()
