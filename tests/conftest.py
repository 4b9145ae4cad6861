"""Fixtures shared by every test."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def project():
    """The repository's folder."""
    return Path(__file__).parents[1]
