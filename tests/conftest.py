"""Fixtures shared by every test."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The same examples on every machine, however busy it is: what a commit breaks does not depend on
# chance. `pytest --hypothesis-profile=exploring` draws others.
settings.register_profile("exploring", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("repeatable", settings.get_profile("exploring"), derandomize=True)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def project():
    """The repository's folder."""
    return Path(__file__).parents[1]
