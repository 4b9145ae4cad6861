"""Whatever a user passes to a public function: an answer, or one line that says what is wrong."""

import math
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import poreops
from poreops.base.arguments import (
    checked_array,
    checked_axis,
    checked_count,
    checked_number,
    checked_voxel_size,
    checked_workers,
)
from poreops.errors import InputError, NotConvergedError
from poreops.solvers.stokes.permeability import UnderResolvedWarning

IMAGE = np.zeros((6, 5, 7), bool)
IMAGE[:, 1:4, 1:6] = True
LABELS = np.where(IMAGE, 1 + (np.arange(7) > 3), 0)
CONNS = np.array([[0, 1]])

JUNK = [
    None, True, False, 0, -1, 1, 2, 3, 10**9, 10**400, 2.5, -0.0, math.nan, math.inf, 1j,
    "", "x", "z", "xy", "3", "dns", "both", "centroid", "é\n", b"x",
    [], (), {}, set(), [0, 1], (1e-6, 1e-6, 3e-6), [1e-6, 1e-6, 1e-6], [[0, 1], [2]], [["a"]],
    {0: 0.0, 1: 1.0}, {0: "a", 1: [1]}, {"x": 1}, object(), object, len,
    np.float64(1.0), np.int8(1), np.bool_(True), np.array(2), np.array([]), np.ones(3),
    np.zeros((0, 3, 3), bool), np.ones((3, 3, 3)), np.full((4, 4, 4), np.nan),
    np.ones((4, 4, 4), complex), np.array([["a", "b"]]), np.array([None, 1]),
    np.arange(27).reshape(3, 3, 3), IMAGE, LABELS, -LABELS, LABELS * 10**9,
    LABELS.astype(np.uint64), LABELS.astype(float), np.ones((2, 2, 2, 2), int),
    np.array([[0, 0]]), np.array([[1, 0]]), [[0, 1]], np.array([[0, 10**12]]),
    np.array(["2020-01-01"], "datetime64[D]"), np.ma.masked_all((3, 3, 3), bool),
    Path("/no/where"), "models:/a", "models:/a/b/c@d", "models:", "runs:/", "http://x/y",
    "s3://bucket/x", "file:///nowhere",
]  # fmt: skip

CALLS = {
    "partition": ({"im": IMAGE}, ["r_max", "sigma"]),
    "formation_factor": (
        {"im": IMAGE, "axis": 0},
        ["diffusivity", "ends", "periodic", "tolerance", "workers"],
    ),
    "permeability": (
        {"im": IMAGE, "axis": 0},
        ["voxel_size", "boundary", "walls", "refine", "tolerance", "iterations", "workers"],
    ),
    "diffusive_size_factors": (
        {"labels": LABELS, "conns": CONNS},
        ["voxel_size", "convention", "workers"],
    ),
    "hydraulic_size_factors": (
        {"labels": LABELS, "conns": CONNS},
        ["voxel_size", "walls", "workers"],
    ),
    "build_network": (
        {"im": IMAGE, "voxel_size": 1e-6},
        ["method", "model", "workers", "transport", "walls", "convention"],
    ),
    "load_model": ({"uri": ""}, []),
    "load_rock_model": ({"uri": ""}, []),
    "export_for_porespy": ({"uri": ""}, []),
}
MODELS = ("load_model", "load_rock_model", "export_for_porespy")
PLACES = [(name, place) for name, (needed, more) in CALLS.items() for place in [*needed, *more]]


def answer_or_line(name, changes):
    arguments, said = CALLS[name][0] | changes, ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            getattr(poreops, name)(**arguments)
        except InputError as error:
            said = str(error)
        except NotConvergedError:
            pass
    assert "\n" not in said
    assert len(said) < 600


@pytest.fixture(autouse=True)
def empty_store(tmp_path, monkeypatch):
    (tmp_path / ".dvc").mkdir()
    (tmp_path / "mlflow").mkdir()
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("name", "place"), PLACES)
def test_junk_is_answered_in_one_line(name, place):
    for junk in JUNK:
        answer_or_line(name, {place: junk})


simple = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=3),
    st.binary(max_size=3),
)
values = st.recursive(
    simple,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner, inner),
        st.dictionaries(simple, inner, max_size=2),
    ),
    max_leaves=4,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([place for place in PLACES if place[0] not in MODELS]), values)
@example(("permeability", "refine"), True)
def test_any_nest_of_plain_values_is_answered_in_one_line(where, value):
    answer_or_line(where[0], {where[1]: value})


@pytest.mark.parametrize("axis", [2, -1, "z", np.int64(2), np.uint8(2)])
def test_one_form_of_axis_everywhere(axis):
    along = np.swapaxes(IMAGE, 0, 2)
    assert poreops.formation_factor(along, axis).axis == 2
    with pytest.warns(UnderResolvedWarning):  # three voxels wide
        assert poreops.permeability(along, axis).axis == 2
    assert checked_axis(axis, 3) == 2


@pytest.mark.parametrize(
    "size", [2e-6, [2e-6] * 3, (2e-6, 2e-6), np.full(3, 2e-6), np.array(2e-6)]
)
def test_a_voxel_size_is_a_number_or_the_same_one_three_times(size):
    assert checked_voxel_size(size) == 2e-6
    found = poreops.diffusive_size_factors(LABELS, CONNS, voxel_size=size)
    np.testing.assert_allclose(found, 2e-6 * poreops.diffusive_size_factors(LABELS, CONNS))


@pytest.mark.parametrize(
    ("check", "value", "message"),
    [
        (checked_voxel_size, (1e-6, 1e-6, 3e-6), "anisotropic voxel sizes are not supported"),
        (checked_voxel_size, 0, "voxel size must be > 0 m, got 0"),
        (checked_voxel_size, "1e-6", "voxel size must be a finite number, got '1e-6'"),
        (checked_voxel_size, [], "anisotropic"),
        (checked_workers, 0, "workers must be a whole number >= 1 and <= 1024, got 0"),
        (checked_workers, 2.0, "workers must be a whole number"),
        (lambda value: checked_axis(value, 2), "z", "axis must be one of x, y or 0..1 for a 2D"),
        (lambda value: checked_count(value, "n"), True, "n must be a whole number >= 1, got True"),
        (lambda value: checked_number(value, "n", "fix it"), 10**400, "n must be a finite number"),
        (
            lambda value: checked_array(value, "im"),
            [[1], [1, 2]],
            "im must be an array of bool or",
        ),
    ],
)
def test_the_line_says_the_rule_and_the_value(check, value, message):
    with pytest.raises(InputError) as raised:
        check(value)
    assert str(raised.value).startswith(message) or message in str(raised.value)
