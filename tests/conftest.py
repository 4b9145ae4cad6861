"""Fixtures shared by every test."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def project():
    """The repository's folder."""
    return Path(__file__).parents[1]


def pytest_collection_modifyitems(items):
    """Keep a file in one process; those that share the clone of the pipeline begin."""
    for item in items:
        group = "pipelines" if "pipelines" in item.path.parts else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: "pipelines" not in item.path.parts)
