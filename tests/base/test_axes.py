"""One form of axis everywhere: 0, 1, 2 or "x", "y", "z"."""

import inspect
from importlib import import_module

import numpy as np
import pytest

import poreops
from poreops.cli.axes import axis_names
from poreops.conduits.image_check import Parts, pores_across
from poreops.conduits.partition import Regions, touching_pairs
from poreops.errors import InputError
from poreops.images.statistics import axis_correlation, chord_lengths
from poreops.networks.network import network_of_regions

PUBLIC_MODULES = (
    "poreops.networks.network",
    "poreops.conduits.image_check",
    "poreops.solvers.diffusion.bulk",
    "poreops.solvers.stokes.permeability",
    "poreops.images.statistics",
)
FORMS = ((0, "x", np.int64(0), -3), (1, "y", np.int32(1), -2), (2, "z", np.uint8(2), -1))


def functions():
    """Every public function and method of the public modules that has an axis."""
    seen = [getattr(poreops, name) for name in poreops.__all__]
    for name in PUBLIC_MODULES:
        module = import_module(name)
        own = {n: v for n, v in vars(module).items() if getattr(v, "__module__", "") == name}
        seen += [value for key, value in own.items() if not key.startswith("_")]
    for kind in [one for one in seen if inspect.isclass(one)]:
        seen += [value for key, value in vars(kind).items() if not key.startswith("_")]
    return {f.__qualname__: f for f in seen if inspect.isfunction(f) and has_axis(f)}


def has_axis(function):
    return "axis" in inspect.signature(function).parameters


def image():
    """A duct along z, of another width along each axis."""
    found = np.zeros((6, 8, 10), bool)
    found[1:5, 2:7, :] = True
    return found


def network():
    labels = np.zeros((6, 8, 10), np.int32)
    labels[1:5, 2:7, :5], labels[1:5, 2:7, 5:] = 1, 2
    return network_of_regions(Regions(labels, touching_pairs(labels)), 1e-6)


def parts():
    factors = {axis: (2.0 + axis, 3.0, 4.0, 9.0) for axis in range(3)}
    return Parts((0.5,) * 4, factors, (8, 8, 8))


CALLS = {
    "formation_factor": lambda axis: poreops.formation_factor(image(), axis).formation_factor,
    "permeability": lambda axis: poreops.permeability(image(), axis).permeability,
    "PoreNetwork.formation_factor": lambda axis: network().formation_factor(axis).tortuosity,
    "pores_across": lambda axis: pores_across(image().astype(int), axis),
    "Parts.conductivity_error": lambda axis: parts().conductivity_error(axis),
    "axis_correlation": lambda axis: axis_correlation(image(), axis).tolist(),
    "chord_lengths": lambda axis: chord_lengths(image(), axis).tolist(),
}


def test_every_public_function_with_an_axis_states_and_takes_this_form():
    found = functions()
    assert set(CALLS) <= set(found)
    for name, function in found.items():
        stated = inspect.signature(function).parameters["axis"].annotation
        assert set(str(stated).split(" | ")) >= {"int", "str"}, name


@pytest.mark.parametrize("name", CALLS)
def test_a_number_and_a_name_are_the_same_axis(name):
    results = []
    # of chords two axes: those of each image
    forms = FORMS[:2] if name == "chord_lengths" else FORMS
    for forms_of_one in forms:
        found = [CALLS[name](axis) for axis in forms_of_one if name != "chord_lengths" or
                 not isinstance(axis, int) or axis >= 0]  # fmt: skip
        assert all(one == found[0] for one in found)
        results.append(found[0])
    assert len({str(one) for one in results}) > 1
    with pytest.raises(InputError, match="axis must be one of"):
        CALLS[name]("q")


def test_the_diffusion_along_the_duct_is_that_of_its_axis():
    factors = [CALLS["formation_factor"](axis) for axis in "xyz"]
    assert factors[:2] == [np.inf] * 2
    assert factors[2] == pytest.approx(48 / 20)


def test_the_commands_take_numbers_too():
    assert axis_names("1", 3) == axis_names("y", 3) == ["y"]
    assert axis_names("all", 2) == ["x", "y"]
    with pytest.raises(InputError, match="axis must be one of x, y or all for a 2D image"):
        axis_names("2", 2)
