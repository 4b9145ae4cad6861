"""The smoke profile runs once, in a clone that the tests of this folder share."""

import pytest
from cloned import Clone

from poreops.base.files import read_yaml


@pytest.fixture(scope="session")
def clone(project, tmp_path_factory):
    """A copy in which the smoke profile ran."""
    clone = Clone(project, tmp_path_factory.mktemp("repro") / "clone")
    clone("python", "-m", "poreops.params", "use", "smoke")
    assert set(clone.repro()) == set(read_yaml(project / "dvc.yaml")["stages"])
    return clone
