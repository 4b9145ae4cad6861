"""Size factors from diameters: exact pipes and cones, and OpenPNM's values."""

import numpy as np
import openpnm
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poreops.conduits.rules import (
    cones_and_cylinder,
    cones_and_cylinder_flow,
    pipes_in_series,
    pipes_in_series_flow,
)

RULES = [pipes_in_series, cones_and_cylinder]
FLOW_RULES = [pipes_in_series_flow, cones_and_cylinder_flow]
lengths = st.floats(0.1, 100)


@pytest.mark.parametrize("rule", RULES)
@given(diameter=lengths, surplus=st.floats(0, 50))
def test_straight_pipe_is_area_over_length(rule, diameter, surplus):
    spacing = diameter + surplus
    found = rule(np.full((1, 2), diameter), np.array([diameter]), np.array([spacing]))
    assert found[0] == pytest.approx(np.pi / 4 * diameter**2 / spacing)


@pytest.mark.parametrize("rule", FLOW_RULES)
@given(diameter=lengths, surplus=st.floats(0, 50))
def test_straight_pipe_is_poiseuille_flow(rule, diameter, surplus):
    spacing = diameter + surplus
    found = rule(np.full((1, 2), diameter), np.array([diameter]), np.array([spacing]))
    assert found[0] == pytest.approx(np.pi * (diameter / 2) ** 4 / (8 * spacing))


@pytest.mark.parametrize(("rule", "power"), [(r, 1) for r in RULES] + [(r, 3) for r in FLOW_RULES])
@given(first=lengths, second=lengths, throat=lengths, spacing=lengths, scale=st.floats(1e-3, 1e3))
def test_symmetric_positive_and_a_length(rule, power, first, second, throat, spacing, scale):
    pores, throat_, spacing_ = np.array([[first, second]]), np.array([throat]), np.array([spacing])
    found = rule(pores, throat_, spacing_)
    assert found > 0
    assert rule(pores[:, ::-1], throat_, spacing_) == pytest.approx(found)
    scaled = rule(pores * scale, throat_ * scale, spacing_ * scale)
    assert scaled == pytest.approx(found * scale**power)


@given(first=lengths, second=lengths, throat=lengths, surplus=lengths)
def test_pipes_in_series_add_their_resistances(first, second, throat, surplus):
    spacing = (first + second) / 2 + surplus
    found = pipes_in_series(np.array([[first, second]]), np.array([throat]), np.array([spacing]))
    resistance = 2 / (np.pi * first) + 2 / (np.pi * second) + surplus / (np.pi / 4 * throat**2)
    assert 1 / found[0] == pytest.approx(resistance)


def test_cone_is_the_integral_of_its_cross_section():
    # 1/S = ∫ dx/A(x) of a cone from d to dₜ
    wide, narrow = 8.0, 2.0
    x = (np.arange(200_000) + 0.5) / 200_000
    diameter = wide + (narrow - wide) * x
    resistance = 2 * wide / 2 * np.mean(4 / (np.pi * diameter**2))
    found = cones_and_cylinder(np.full((1, 2), wide), np.array([narrow]), np.array([wide]))
    assert found[0] == pytest.approx(1 / resistance, rel=1e-9)


def test_flow_through_a_cone_is_the_integral_of_poiseuille():
    # 1/S = ∫ 128 dx/(π d(x)⁴) of a cone from d to dₜ
    wide, narrow = 8.0, 2.0
    x = (np.arange(200_000) + 0.5) / 200_000
    resistance = 2 * wide / 2 * np.mean(128 / (np.pi * (wide + (narrow - wide) * x) ** 4))
    found = cones_and_cylinder_flow(np.full((1, 2), wide), np.array([narrow]), np.array([wide]))
    assert found[0] == pytest.approx(1 / resistance, rel=1e-9)


def test_cones_are_those_of_openpnm():
    rng = np.random.default_rng(5)
    network = openpnm.network.Demo(shape=[6, 5, 4], spacing=1.0)
    try:
        # radii up to 0.7 of the spacing: some spheres overlap, none holds another's centre
        network["pore.diameter"] = rng.uniform(0.3, 1.4, network.Np)
        network["throat.diameter"] = rng.uniform(0.1, 0.4, network.Nt)
        model = openpnm.models.geometry.diffusive_size_factors.cones_and_cylinders
        series = model(network)
        found = cones_and_cylinder(
            network["pore.diameter"][network.conns],
            network["throat.diameter"],
            np.ones(network.Nt),
        )
        np.testing.assert_allclose(found, 1 / (1 / series).sum(axis=1), rtol=1e-12)
    finally:
        openpnm.Workspace().close_project(network.project)


def test_an_engulfed_pore_keeps_the_size_factor_positive():
    # OpenPNM gives the small pore a negative length here (OpenPNM issue 2363)
    found = cones_and_cylinder(np.array([[10.0, 1.0]]), np.array([1.0]), np.array([2.0]))
    assert found[0] == pytest.approx(np.pi * 10 * 1 / (4 * 2))
