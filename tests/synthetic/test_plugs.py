"""Plugs of each genesis percolate, repeat by their seed and look like what they are called."""

import numpy as np
import pytest

from poreops.errors import InputError
from poreops.synthetic import plugs as genesis
from poreops.synthetic.plugs import PlugsConfig, draw_plug, plugs

KINDS = ("sphere_pack", "overlapping", "cemented", "blobs", "vuggy", "fractured")


def config(**changes):
    content = {
        "seed": 7, "shape": (40, 48, 44), "counts": dict.fromkeys(KINDS, 2),
        "grain_radius": (5, 7), "voxel_size": (1e-6, 1e-5),
    }  # fmt: skip
    return PlugsConfig(**(content | changes))


@pytest.fixture(scope="module")
def drawn():
    return {plug.name: draw_plug(config(), plug) for plug in plugs(config())}


def test_no_two_plugs_share_a_name_or_a_seed():
    listed = plugs(config())
    assert len({p.name for p in listed}) == len({p.seed for p in listed}) == 12
    assert all(1e-6 <= p.voxel_size <= 1e-5 for p in listed)


def test_more_plugs_of_one_kind_change_no_other():
    more = plugs(config(counts=dict.fromkeys(KINDS, 2) | {"sphere_pack": 3}))
    assert set(plugs(config())) < set(more)


def test_every_plug_lets_fluid_pass_along_axis_0(drawn):
    for name, im in drawn.items():
        assert im.shape == (40, 48, 44), name
        assert im.dtype == bool
        assert genesis._percolates(im), name
        assert 0.05 < im.mean() < 0.6, name


def test_a_plug_is_its_seed_and_leaves_the_global_generator_alone(drawn):
    plug = plugs(config())[4]
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    np.testing.assert_array_equal(draw_plug(config(), plug), drawn[plug.name])
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002
    assert (drawn["cemented_00"] != drawn["cemented_01"]).any()


def test_cement_leaves_less_pore_than_the_pack(drawn):
    assert drawn["cemented_00"].mean() < 0.32 < drawn["sphere_pack_00"].mean()


def test_a_fracture_runs_along_the_plug(drawn):
    # the share of pore in the best plane along axis 0, over that of the plug
    im = drawn["fractured_00"]
    shares = [im.mean(axis=(0, axis)).max() / im.mean() for axis in (1, 2)]
    assert max(shares) > 2


def test_a_genesis_that_never_percolates_is_an_input_error(monkeypatch):
    closed = {"blobs": lambda *_: np.zeros((40, 48, 44), bool)}
    monkeypatch.setattr(genesis, "_DRAWINGS", closed)
    with pytest.raises(InputError, match=r"none of 20 draws of blobs_00 of .40, 48, 44. voxels"):
        draw_plug(config(), plugs(config(counts={"blobs": 1}))[0])


FURTHER = ("consolidated", "clay_lined", "oolites", "fibres", "foams")


@pytest.fixture(scope="module")
def further():
    wanted = config(counts=dict.fromkeys(FURTHER, 1))
    return {plug.genesis: draw_plug(wanted, plug) for plug in plugs(wanted)}


@pytest.mark.parametrize("kind", FURTHER)
def test_further_kinds_percolate_and_repeat_by_their_seed(further, kind):
    im = further[kind]
    assert im.shape == (40, 48, 44)
    assert im.dtype == bool
    assert genesis._percolates(im)
    wanted = config(counts=dict.fromkeys(FURTHER, 1))
    again = next(plug for plug in plugs(wanted) if plug.genesis == kind)
    np.testing.assert_array_equal(draw_plug(wanted, again), im)


def test_rocks_are_tight_and_fibres_and_foams_open(further):
    for kind in ("consolidated", "clay_lined", "oolites"):
        assert 0.08 < further[kind].mean() < 0.4, kind
    for kind in ("fibres", "foams"):
        assert further[kind].mean() > 0.5, kind
