"""A rock and its network, shared by the tests of this folder."""

import porespy
import pytest
from prisms import VOXEL

from poreops.networks.network import build_network


@pytest.fixture(scope="session")
def rock():
    """A sphere pack with regions that touch every face."""
    return porespy.generators.overlapping_spheres((48, 44, 40), r=6, porosity=0.55, seed=2)


@pytest.fixture(scope="session")
def dns(rock):
    return build_network(rock, VOXEL)
