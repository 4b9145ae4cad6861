"""Every long public function shows a bar where it is asked to, and gives the same result."""

import inspect
import time
from typing import Any

import numpy as np
import pytest

import poreops
from poreops.conduits.partition import Regions
from poreops.machine.progress import bar_of, ticking

LONG = {
    "build_network", "check", "diffusive_size_factors", "formation_factor", "generate",
    "hydraulic_size_factors", "interface_flow", "interface_network", "interface_network_of_file",
    "network_of_file", "partition", "permeability", "permeability_tensor",
}  # fmt: skip


def slot():
    image = np.zeros((8, 8, 5), bool)
    image[:, 2:6, :] = True
    return image


def labels():
    found = np.zeros((12, 9, 7), np.int32)
    found[:6, 1:8, 1:6], found[6:, 1:8, 1:6] = 1, 2
    return found


CONNS = np.array([[0, 1]])
CALLS: dict[str, tuple[dict[str, Any], str]] = {
    "partition": ({"im": slot()}, "partition"),
    "formation_factor": ({"im": slot(), "axis": "x"}, "diffusion"),
    "permeability": ({"im": slot(), "axis": "x"}, "Stokes flow"),
    "permeability_tensor": ({"im": slot()}, "Stokes flow"),
    "diffusive_size_factors": ({"labels": labels(), "conns": CONNS}, "conduits"),
    "hydraulic_size_factors": ({"labels": labels(), "conns": CONNS}, "conduits"),
    "interface_flow": ({"im": slot()}, "blocks"),
    "interface_network": ({"im": slot()}, "blocks"),
    "check": ({"im": np.pad(np.ones((30, 30, 30), bool), 1)}, "octants"),
}


def test_the_long_functions_take_progress_and_are_quiet_by_default():
    taking = {
        name
        for name in poreops.__all__
        if inspect.isfunction(getattr(poreops, name))
        and "progress" in inspect.signature(getattr(poreops, name)).parameters
    }
    assert taking == LONG
    for name in taking:
        stated = inspect.signature(getattr(poreops, name)).parameters["progress"]
        assert stated.default is False
        assert (
            "progress : bool" in getattr(poreops, name).__doc__
            or "as for" in getattr(poreops, name).__doc__
        )


@pytest.mark.parametrize("name", CALLS)
def test_a_bar_is_shown_and_changes_nothing(name, capsys):
    arguments, title = CALLS[name]

    quiet = getattr(poreops, name)(**arguments)
    assert capsys.readouterr().err == ""
    shown = getattr(poreops, name)(**arguments, progress=True)
    assert title in capsys.readouterr().err
    if isinstance(quiet, np.ndarray):
        np.testing.assert_array_equal(shown, quiet)
    else:
        assert repr(shown) == repr(quiet)


def test_a_network_shows_partition_and_conduits(capsys):
    image = np.zeros((20, 9, 9), bool)
    image[:9, 1:8, 1:8] = image[11:, 1:8, 1:8] = image[:, 4, 4] = True
    poreops.build_network(image, 1e-6, progress=True)
    said = capsys.readouterr().err
    assert "partition" in said
    assert "conduits" in said


@pytest.mark.parametrize("name", ["interface_network_of_file", "network_of_file"])
def test_a_network_of_a_file_shows_its_groups(name, capsys, tmp_path):
    Regions(labels(), CONNS).save(tmp_path / "labels.h5")
    for progress in (False, True):
        getattr(poreops, name)(tmp_path / "labels.h5", 1e-6, workers=1, progress=progress)
        said = capsys.readouterr().err
        assert any(title in said for title in ("blocks", "groups")) == progress, said


def test_each_step_is_counted(capsys):
    with ticking(True, "steps", 3) as tick:
        for note in ("one", "two", "three"):
            time.sleep(0.12)  # a bar is drawn ten times a second at most
            tick(note)
    assert "3/3" in capsys.readouterr().err
    assert bar_of(False) is None
    assert list(bar_of(True)(iter("abc"), 3)) == ["a", "b", "c"]
