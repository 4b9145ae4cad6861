"""A rock, shared by the tests of this folder."""

import pytest
from reference import rough


@pytest.fixture(scope="session")
def rock():
    return rough((38, 41, 36), 0.35)
