"""Size factors follow their definition, are symmetric, and are PoreSpy's when asked to be."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import porespy
import pytest
import reference
from hypothesis import assume, example, given, reject, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from poreops.conduits import diffusive as module
from poreops.conduits.crop import conduit_boxes, crop_conduits
from poreops.conduits.diffusive import conduit_size_factor, diffusive_size_factors, pore_spheres
from poreops.conduits.joined import joined
from poreops.errors import InputError, UnsettledWarning
from poreops.solvers.box.laplace import workspace_sizes


@pytest.fixture(scope="module")
def regions():
    return reference.sphere_regions()


@pytest.fixture(scope="module")
def crops(regions):
    """Conduits of a sphere pack, from small to large."""
    found = sorted(crop_conduits(regions.labels, regions.conns), key=np.size)
    return [crop for crop in found if len(np.unique(crop)) == 3][:: max(1, len(found) // 8)]


@st.composite
def conduits(draw, ndim=3):
    """A small box of 0, 1 and 2 with both regions, as random as can be."""
    shape = draw(st.tuples(*[st.integers(2, 6)] * ndim))
    voxel = st.sampled_from([0, 1, 1, 2, 2])
    crop = draw(arrays(np.uint8, shape, elements=voxel, fill=st.just(1)))
    assume((crop == 1).any() and (crop == 2).any())
    return crop


def agrees(crop, convention):
    part = joined(crop)
    if part is None:
        assert conduit_size_factor(crop, convention=convention) == 0
        return
    try:
        exact = reference.size_factor(part, convention)
    except reference.TieError:
        reject()
    # the solver bounds the error of the field, so that of the means' difference, by 1e-8 of the
    # field's drop, which is about 1 for a unit current
    found = conduit_size_factor(crop, convention=convention)
    assert 1 / found == pytest.approx(1 / exact, rel=1e-6, abs=1e-8)


@settings(max_examples=80, deadline=None)
@given(conduits(), st.sampled_from(["centroid", "porespy"]))
def test_the_definition_solved_directly(crop, convention):
    agrees(crop, convention)


@settings(max_examples=40, deadline=None)
@given(conduits(ndim=2), st.sampled_from(["centroid", "porespy"]))
def test_the_definition_in_2d(crop, convention):
    agrees(crop, convention)


@pytest.mark.parametrize("convention", ["centroid", "porespy"])
def test_real_conduits_solved_directly(crops, convention):
    for crop in crops:
        exact = reference.size_factor(crop, convention)
        assert conduit_size_factor(crop, convention=convention) == pytest.approx(exact, rel=1e-6)


def test_the_convention_of_porespy_gives_porespys_size_factors(regions):
    boxes = conduit_boxes(regions.labels, regions.conns)
    small = np.argsort(np.prod(boxes[:, 3:] - boxes[:, :3], axis=1))[:6]
    conns = regions.conns[np.sort(small)]
    peer = porespy.networks.diffusive_size_factor_DNS(regions.labels, conns, voxel_size=2e-6)
    ours = diffusive_size_factors(
        regions.labels, conns, voxel_size=2e-6, convention="porespy", workers=1
    )
    np.testing.assert_allclose(ours, peer, rtol=1e-6)


def symmetries(crop):
    axes = range(crop.ndim)
    yield "label swap", np.where(crop > 0, 3 - crop, 0).astype(np.uint8)
    for axis in axes:
        yield f"flip {axis}", np.flip(crop, axis)
        yield f"axes rolled by {axis}", np.transpose(crop, np.roll(axes, axis))
        yield f"turn round {axis}", np.rot90(crop, axes=(axis, (axis + 1) % crop.ndim))


def test_centroid_size_factors_have_the_symmetries_of_space(crops):
    flat = reference.sphere_regions(96, ndim=2)
    for crop in [*crops[:5], *list(crop_conduits(flat.labels, flat.conns))[:5]]:
        value = conduit_size_factor(crop)
        for name, turned in symmetries(crop):
            turned = np.ascontiguousarray(turned)
            assert conduit_size_factor(turned) == pytest.approx(value, rel=1e-7), name


def test_an_exact_tie_of_nearest_voxels_keeps_the_symmetry():
    # regions of even length: their centroids lie between two voxels
    crop = np.zeros((8, 4, 3), dtype=np.uint8)
    crop[:4, 1:3], crop[4:, 1:3] = 1, 2
    crop[0, 0] = crop[0, 3] = 1
    value = conduit_size_factor(crop)
    for name, turned in symmetries(crop):
        turned = np.ascontiguousarray(turned)
        assert conduit_size_factor(turned) == pytest.approx(value, rel=1e-7), name


def prism(length, width):
    labels = np.ones((2 * length, width, width), dtype=np.int32)
    labels[length:] = 2
    return labels


def test_longer_prisms_add_their_length_over_area():
    conns = np.array([[0, 1]])
    resistance = [
        1 / diffusive_size_factors(prism(length, 5), conns)[0] for length in (15, 21, 45)
    ]
    assert resistance[1] - resistance[0] == pytest.approx(6 / 25, rel=1e-5)
    # the part at the current's entry and exit is that of the spheres, not of the length
    assert resistance[2] == pytest.approx(45 / 25, rel=0.1)


def test_the_scale_is_the_voxel_size(regions):
    voxels = diffusive_size_factors(regions.labels, regions.conns[:4])
    metres = diffusive_size_factors(regions.labels, regions.conns[:4], voxel_size=5e-6)
    np.testing.assert_array_equal(metres, voxels * 5e-6)


def test_the_number_of_workers_changes_no_bit(regions):
    one, three = (diffusive_size_factors(regions.labels, regions.conns, workers=n) for n in (1, 3))
    np.testing.assert_array_equal(one, three)
    # nor does the order in which buffers grow
    back = diffusive_size_factors(regions.labels, regions.conns[::-1], workers=1)
    np.testing.assert_array_equal(one, back[::-1])


def test_only_the_largest_cluster_conducts():
    crop = np.zeros((20, 9, 9), dtype=np.uint8)
    crop[:10, 2:7, 2:7], crop[10:, 2:7, 2:7] = 1, 2
    value = conduit_size_factor(crop)
    # specks beside the channel that move no centroid
    crop[[4, 5], 0, 0] = crop[[4, 5], 8, 8] = 1
    assert conduit_size_factor(crop) == pytest.approx(value, rel=1e-9)
    crop[[4, 5], 0, 0] = crop[[4, 5], 8, 8] = 0
    crop[4, 1, 2:7] = crop[4, 7, 2:7] = crop[5, 1, 2:7] = crop[5, 7, 2:7] = 1
    assert conduit_size_factor(crop) > value * 1.001


def test_a_narrow_region_is_averaged_as_a_whole():
    # inscribed diameter 2·1 - √3 < 1: the radius rounds to 0
    crop = np.zeros((12, 3, 3), dtype=np.uint8)
    crop[:6, 1, 1], crop[6:, 1, 1] = 1, 2
    _, radii = pore_spheres(crop)
    np.testing.assert_array_equal(radii, [0, 0])
    # a unit current enters at mid-region, of voxels 2 and 3: 0.5 each
    field = np.concatenate([[0, 0, 0, 0.5], 1.5 + np.arange(5), [6, 6, 6]])
    assert 1 / conduit_size_factor(crop) == pytest.approx(field[6:].mean() - field[:6].mean())


def test_the_spheres_of_a_box():
    crop = np.zeros((12, 7, 9), dtype=np.uint8)
    crop[:5], crop[5:] = 1, 2
    centroids, radii = pore_spheres(crop)
    np.testing.assert_allclose(centroids, [[2, 3, 4], [8, 3, 4]])
    np.testing.assert_array_equal(radii, np.round([3 - 3**0.5 / 2, 4 - 3**0.5 / 2]))


@given(st.lists(st.tuples(*[st.integers(1, 60)] * 3), min_size=2, max_size=6))
@example([(1, 6, 41), (8, 8, 16)])
@settings(max_examples=50, deadline=None)
def test_each_buffer_of_a_thread_holds_every_box(shapes):
    # a long box takes more coarse levels for its size: buffers for one can be short for a cube
    def sizes():
        for shape in shapes:
            box = np.ones([n + 2 for n in shape], np.uint8)
            work = module._workspace(box)
            yield [w.size >= n for w, n in zip(work, workspace_sizes(box.shape), strict=True)]

    with ThreadPoolExecutor(1) as fresh:  # whose buffers are its own
        assert np.all(fresh.submit(lambda: list(sizes())).result())


def test_conduits_that_do_not_settle_are_named_and_the_others_kept(monkeypatch, regions):
    exact = diffusive_size_factors(regions.labels, regions.conns)
    solve = module.solve_box

    def hasty(inside, source, tolerance, limit, *work):
        return solve(inside, source, tolerance, limit if inside.size < 6000 else 1, *work)

    monkeypatch.setattr(module, "solve_box", hasty)
    boxes = conduit_boxes(regions.labels, regions.conns)
    large = np.prod(boxes[:, 3:] - boxes[:, :3] + 2, axis=1) >= 6000
    assert 0 < large.sum() < len(large)
    first = int(np.argmax(large))
    one, two = regions.conns[first] + 1
    message = (
        rf"^{large.sum()} of {len(large)} conduits did not settle, their size factors are NaN: "
        rf"conduit {first} \(labels {one} and {two}\): .*after 200 iterations"
    )
    for workers in (1, 2):
        with pytest.warns(UnsettledWarning, match=message):
            found = diffusive_size_factors(regions.labels, regions.conns, workers=workers)
        np.testing.assert_array_equal(np.isnan(found), large)
        np.testing.assert_array_equal(found[~large], exact[~large])


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ({"voxel_size": 0}, r"voxel size must be > 0 m, got 0"),
        ({"voxel_size": -1e-6}, r"voxel size must be > 0 m, got -1e-06"),
        ({"voxel_size": np.nan}, r"voxel size must be a finite number, got nan"),
        ({"convention": "corner"}, r"'centroid', 'porespy', got 'corner'"),
        ({"conns": [[0, 99999]]}, r"conns must lie in 0\.\.\d+ .*, got 0\.\.99999"),
    ],
)
def test_bad_input(regions, arguments, rule):
    given_arguments = {"conns": regions.conns[:1]} | arguments
    conns = np.array(given_arguments.pop("conns"))
    with pytest.raises(InputError, match=rule) as raised:
        diffusive_size_factors(regions.labels, conns, **given_arguments)
    assert "\n" not in str(raised.value)


def test_a_conduit_of_one_region_is_refused():
    with pytest.raises(InputError, match=r"must hold labels 1 and 2, got \[0, 1\]"):
        conduit_size_factor(np.pad(np.ones((3, 3, 3), np.uint8), 1))


def test_no_throat_no_size_factor(regions):
    assert diffusive_size_factors(regions.labels, np.zeros((0, 2), int)).shape == (0,)
