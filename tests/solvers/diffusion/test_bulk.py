"""Formation factors follow the symmetries of the image; every layer carries the same flux."""

import math

import exact_diffusion as exact
import numpy as np
import pytest
from reference import rough

from poreops.errors import InputError, NotConvergedError
from poreops.solvers.diffusion import bulk
from poreops.solvers.diffusion.bulk import formation_factor, memory_needed


def test_permuting_axes_permutes_the_answers(rock):
    turned = rock.transpose(2, 0, 1)
    for axis, source in enumerate((2, 0, 1)):
        assert formation_factor(turned, axis).formation_factor == pytest.approx(
            formation_factor(rock, source).formation_factor, rel=1e-6
        )


@pytest.mark.parametrize("flipped", [(0,), (1, 2), (0, 1, 2)])
def test_flips_change_nothing(rock, flipped):
    assert formation_factor(np.flip(rock, flipped), 0).formation_factor == pytest.approx(
        formation_factor(rock, 0).formation_factor, rel=1e-6
    )


def test_periodic_sides_do_not_care_where_the_image_is_cut():
    im = rough((20, 24, 23), 0.5)
    whole = formation_factor(im, 0, periodic=(1, 2)).formation_factor
    rolled = formation_factor(np.roll(im, (7, 5), (1, 2)), 0, periodic=(1, 2)).formation_factor
    assert rolled == pytest.approx(whole, rel=1e-6)
    assert whole != pytest.approx(formation_factor(im, 0).formation_factor, rel=1e-3)


def test_linear_in_the_diffusivity(rock):
    labels = rock.astype(np.uint8)
    labels[:20] *= 2
    values = np.array([0.3, 1.1])
    results = [
        formation_factor(
            labels, 1, diffusivity={0: 0, 1: factor * values[0], 2: factor * values[1]}
        )
        for factor in (1, 2e-9)
    ]
    assert results[1].effective_diffusivity == pytest.approx(
        2e-9 * results[0].effective_diffusivity, rel=1e-9
    )
    assert results[1].tortuosity == pytest.approx(results[0].tortuosity, rel=1e-9)


def test_equal_phases_are_one_phase(rock):
    labels = np.where(rock, 1 + np.arange(rock.shape[2]) % 3, 0)
    split = formation_factor(labels, 0, diffusivity={0: 0, 1: 0.7, 2: 0.7, 3: 0.7})
    assert split.effective_diffusivity == pytest.approx(
        0.7 * formation_factor(rock, 0).effective_diffusivity, rel=1e-12
    )


def test_dead_solid_and_a_little_conducting_solid_are_alike(rock):
    labels = rock.astype(int)
    dead = formation_factor(rock, 0).effective_diffusivity
    alive = formation_factor(labels, 0, diffusivity={0: 1e-8, 1: 1.0}).effective_diffusivity
    assert dead < alive < dead * (1 + 1e-4)


@pytest.mark.parametrize("diffusivity", [None, {0: 0.05, 1: 1.0}])
def test_threads_do_not_change_a_bit(diffusivity):
    im = rough((70, 70, 70), 0.5, seed=3).astype(np.uint8)
    one, two, three = (
        formation_factor(im, 2, diffusivity=diffusivity, workers=workers) for workers in (1, 2, 3)
    )
    assert one == two == three
    assert np.array_equal(one.field, two.field, equal_nan=True)


@pytest.mark.parametrize("ends", ["face", "node"])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_every_layer_carries_the_same_flux(rock, axis, ends):
    tolerance = 1e-6
    result = formation_factor(rock, axis, ends=ends, tolerance=tolerance)
    steps = -np.diff(result.field, axis=axis)
    others = tuple({0, 1, 2} - {axis})
    fluxes = np.nansum(steps, axis=others) / (rock.size / rock.shape[axis])
    assert np.abs(fluxes / result.flux_in - 1).max() < 2 * tolerance
    assert result.residual <= tolerance
    assert result.flux_mismatch <= 2 * tolerance
    length = rock.shape[axis] - (ends == "node")
    assert result.flux_in * length == pytest.approx(result.effective_diffusivity, rel=1e-5)


def test_field_is_harmonic_and_bounded(rock):
    field = formation_factor(rock, 0, tolerance=1e-9).field
    assert field.shape == rock.shape
    assert np.nanmin(field) > 0
    assert np.nanmax(field) < 1
    middle = np.full(rock.shape, np.nan)
    neighbours = [np.roll(field, step, axis) for axis in range(3) for step in (-1, 1)]
    inner = (slice(1, -1),) * 3
    balance = np.nansum([other - field for other in neighbours], axis=0)
    middle[inner] = balance[inner]
    assert np.nanmax(np.abs(middle[inner])) < 1e-9


def test_field_is_missing_where_nothing_flows(rock):
    result = formation_factor(rock, 0)
    flowing = ~np.isnan(result.field)
    assert not (flowing & ~rock).any()
    assert 1 - flowing.sum() / rock.sum() == pytest.approx(result.floating_share)
    assert exact.cluster_share(rock, 0) == pytest.approx(1 - result.floating_share)


def test_field_of_a_doubled_periodic_image_has_its_shape():
    im = rough((12, 11, 9), 0.6)
    assert formation_factor(im, 0, periodic=(1, 2)).field.shape == im.shape
    plane = rough((12, 11), 0.7)
    assert formation_factor(plane, 0, periodic=(1,), ends="node").field.shape == plane.shape


def test_no_path_gives_an_infinite_formation_factor():
    im = np.ones((6, 6, 6), bool)
    im[3] = False
    result = formation_factor(im, 0)
    assert result.formation_factor == result.tortuosity == math.inf
    assert not result.percolates
    assert result.effective_diffusivity == 0
    assert result.floating_share == 1
    assert np.isnan(result.field).all()
    assert formation_factor(im, 1).percolates


def test_no_pore_at_all():
    result = formation_factor(np.zeros((4, 4, 4), bool), 0)
    assert result.formation_factor == math.inf
    assert result.porosity == result.floating_share == 0


def test_voxels_that_touch_at_an_edge_do_not_conduct():
    im = np.eye(6, dtype=bool)
    assert formation_factor(im, 0).formation_factor == math.inf


def binary(shape=(4, 4, 4)):
    return np.ones(shape, bool)


@pytest.mark.parametrize(
    ("im", "axis", "options", "message"),
    [
        (np.arange(27).reshape(3, 3, 3), 0, {}, "must be binary .* got values 0, 1, 2, 3, 4, ..."),
        (np.where(binary(), np.nan, 1.0), 0, {}, "must not hold NaN"),
        (binary((5,)), 0, {}, "2D or 3D, got 1D"),
        (binary((3, 3, 3, 3)), 0, {}, "2D or 3D, got 4D"),
        (binary(), 3, {}, "axis must be one of x, y, z or 0..2 for a 3D image, got 3"),
        (binary((4, 4)), 2, {}, "axis must be one of x, y or 0..1 for a 2D image, got 2"),
        (binary((2, 9, 9)), 0, {}, "at least 3 voxels"),
        (binary((4, 0, 9)), 0, {}, "hold voxels"),
        (binary().astype(str), 0, {}, "image must be an array of bool or numbers"),
        (binary(), 0, {"diffusivity": {1: -1.0}}, ">= 0, got -1.0 for label 1"),
        (binary(), 0, {"diffusivity": {1: math.nan}}, "finite"),
        (binary(), 0, {"diffusivity": {0: 1.0}}, "got none for 1"),
        (
            np.arange(64).reshape(4, 4, 4), 0,
            {"diffusivity": {label: 1.0 + label for label in range(64)}}, "at most 20",
        ),
        (binary(), 0, {"ends": "middle"}, "ends must be one of 'face', 'node', got 'middle'"),
        (binary(), 0, {"periodic": (0,)}, "other than axis 0"),
        (binary(), 0, {"periodic": (4,)}, "axis must be one of .*, got 4"),
        (binary(), 0, {"tolerance": 0.0}, "tolerance"),
        (binary(), 0, {"workers": 0}, "workers"),
    ],
)  # fmt: skip
def test_bad_input_is_named(im, axis, options, message):
    with pytest.raises(InputError, match=message) as caught:
        formation_factor(im, axis, **options)
    assert "\n" not in str(caught.value)


def test_the_caller_s_arrays_stay_as_they_are():
    im = rough((10, 10, 10), 0.6)
    labels = im.astype(np.int64)
    before, diffusivity = labels.copy(), {0: 0.5, 1: 2.0}
    labels.flags.writeable = im.flags.writeable = False
    formation_factor(labels, 0, diffusivity=diffusivity, ends="node", periodic=(1,))
    formation_factor(im, 0)
    assert np.array_equal(labels, before)
    assert diffusivity == {0: 0.5, 1: 2.0}


def test_a_missed_tolerance_raises(rock, monkeypatch):
    monkeypatch.setattr(bulk, "ITERATIONS", 2)
    with pytest.raises(NotConvergedError, match="after 2 iterations, tolerance 1.0e-05"):
        formation_factor(rock, 0)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int64, np.float32])
def test_any_binary_dtype(rock, dtype):
    assert formation_factor(rock.astype(dtype), 0) == formation_factor(rock, 0)


def test_negative_axis_counts_from_the_end(rock):
    assert formation_factor(rock, -1) == formation_factor(rock, 2)


def test_an_image_that_does_not_fit_is_refused_beforehand(rock, monkeypatch):
    monkeypatch.setattr("poreops.machine.memory.available_memory", lambda: 10**6)
    with pytest.raises(InputError, match=r"38 x 41 x 36 voxels .* needs about .* crop"):
        formation_factor(rock, 0)


def test_memory_estimate_grows_with_pores_and_phases():
    shape = (100, 100, 100)
    assert (
        memory_needed(shape, 0.2) < memory_needed(shape, 0.6) < memory_needed(shape, 0.6, phases=2)
    )
