import numpy as np
import pytest
from reference import sphere_regions

from poreops.conduits.crop import crop_conduits
from poreops.conduits.hydraulic import flow_problem
from poreops.errors import NotConvergedError
from poreops.solvers.stokes.bounds import flow_bounds
from poreops.solvers.stokes.rows import factored, solve_rows
from poreops.solvers.stokes.saddle import StokesSolver, Team
from poreops.solvers.stokes.staggered import Matrix


@pytest.fixture(scope="module")
def pack():
    return sphere_regions(32)


def flow_rate(problem):
    """Flow rate of the discrete problem, tightly converged."""
    flow = problem.flow
    inlet, outlet = np.flatnonzero(flow.inflow), np.flatnonzero(flow.outflow)

    def rates(velocity):
        into = (flow.inflow[inlet] * velocity[inlet]).sum()
        return np.array([into, (flow.outflow[outlet] * velocity[outlet]).sum()])

    solver = StokesSolver(flow, Team(1, None))
    return solver.solve(flow.inflow.astype(float), rates, 1e-9, 3000).power


def test_a_flow_lies_between_its_bounds(pack):
    crops = list(crop_conduits(pack.labels, pack.conns))[::4]
    problems = [problem for crop in crops if (problem := flow_problem(crop)) is not None]
    rates = np.array([flow_rate(problem) for problem in problems])
    bounds = [flow_bounds(problem.flow, 1e-6) for problem in problems]
    lower, upper = np.array([bound[:2] for bound in bounds]).T
    assert len(rates) > 10
    assert (lower <= rates * (1 + 1e-6)).all()
    assert (upper >= rates * (1 - 1e-6)).all()
    # or any two numbers would be bounds: between them lies a tenth in the mean
    assert np.log(upper / lower).mean() < 0.3


@pytest.mark.parametrize("ndim", [2, 3])
def test_both_bounds_of_a_straight_pipe_are_its_flow(ndim):
    section = (slice(1, 6), slice(1, 4))[: ndim - 1]
    labels = np.zeros((14, 7, 5)[:ndim], np.uint8)
    labels[(slice(7), *section)], labels[(slice(7, 14), *section)] = 1, 2
    problem = flow_problem(labels)
    bounds = flow_bounds(problem.flow, 1e-8)
    rate = flow_rate(problem)
    assert bounds.lower == pytest.approx(rate, rel=1e-5)
    assert bounds.upper == pytest.approx(rate, rel=1e-5)
    assert bounds.darcy == pytest.approx(rate, rel=1e-3)


def test_rows_are_solved_as_a_dense_matrix_is(pack):
    crop = next(iter(crop_conduits(pack.labels, pack.conns)))
    matrix = flow_problem(crop).flow.friction
    rows = matrix.diagonal.size
    dense = np.diag(matrix.diagonal.astype(float))
    for i in range(rows):
        entries = slice(matrix.start[i], matrix.start[i + 1])
        np.subtract.at(dense[i], matrix.column[entries], matrix.weight[entries])
    right = np.random.default_rng(0).normal(size=rows)
    solved, exact = solve_rows(factored(matrix), right, 1e-12), np.linalg.solve(dense, right)
    np.testing.assert_allclose(solved.x, exact, atol=1e-8 * abs(exact).max())
    assert solved.energy == pytest.approx(right @ exact)
    with pytest.raises(NotConvergedError, match="after 1 iterations, the tolerance is 1e-12"):
        solve_rows(factored(matrix), right, 1e-12, limit=1)


def test_rows_of_more_neighbours_than_a_grid_has_are_refused():
    start, every = np.arange(0, 21, 4, dtype=np.int32), np.arange(5, dtype=np.int32)
    column = np.concatenate([np.delete(every, i) for i in every])
    full = Matrix(
        start,
        column,
        np.ones(20, np.float32),
        np.full(5, 9, np.float32),
        start[:-1] + every,
        np.zeros((5, 3), np.int16),
        np.array([0, 5]),
    )
    with pytest.raises(ValueError, match="at most three neighbours"):
        factored(full)
