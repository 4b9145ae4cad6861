"""Known pores come back from a rendered slice; what cannot be segmented is named."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from poreops.errors import InputError
from poreops.properties.slices.segment import SegmentConfig, denoised, segment
from poreops.synthetic.scanner import RenderConfig, render_slices

SEGMENT = {
    "denoise": "nlm", "threshold": "local_otsu", "level": None, "window": 48, "min_area": 6,
    "min_distance": 3,
}  # fmt: skip
RENDER = {"pore": 60, "solid": 170, "blur": 0.7, "noise": 12, "rings": 4, "beam": 10}


def config(**changes):
    return SegmentConfig(**(SEGMENT | changes))


@pytest.fixture(scope="module")
def pore():
    field = gaussian_filter(np.random.default_rng(1).standard_normal((8, 96, 96)), 3)
    return field > np.quantile(field, 0.75)


def rendered(pore, **changes):
    return render_slices(pore, np.arange(len(pore)), RenderConfig(**(RENDER | changes)), seed=2)


def dice(labels, pore):
    found = labels > 0
    return 2 * (found & pore).sum() / (found.sum() + pore.sum())


@pytest.mark.parametrize("denoise", ["nlm", "gaussian", "median"])
def test_the_pores_of_a_noisy_slice_are_found(pore, denoise):
    found = segment(rendered(pore), config(denoise=denoise))
    assert dice(found.labels, pore) > 0.95
    assert (found.labels > 0).mean() == pytest.approx(pore.mean(), abs=0.01)


def test_a_clean_slice_needs_no_denoising(pore):
    clean = rendered(pore, noise=0, rings=0, beam=0, blur=0)
    found = segment(clean, config(denoise="none", min_area=1))
    np.testing.assert_array_equal(found.labels > 0, pore)
    assert denoised(clean[0].astype(np.float32), "nlm", 0.0) == pytest.approx(clean[0])


def test_denoising_removes_noise_and_keeps_edges(pore):
    truth = np.where(pore[0], 60.0, 170.0)
    noisy = rendered(pore, blur=0, rings=0, beam=0)[0].astype(np.float32)
    quiet = denoised(noisy, "nlm", 12.0)
    assert np.abs(quiet - truth).mean() < 0.6 * np.abs(noisy - truth).mean()


def test_a_local_threshold_follows_a_strong_beam_artefact():
    field = gaussian_filter(np.random.default_rng(1).standard_normal((2, 192, 192)), 3)
    wide = field > np.quantile(field, 0.75)
    shaded = rendered(wide, beam=110, solid=140, noise=8)
    local = segment(shaded, config())
    overall = segment(shaded, config(threshold="otsu"))
    assert dice(local.labels, wide) > 0.95
    assert dice(overall.labels, wide) < 0.9


def test_the_scale_of_grey_does_not_matter(pore):
    grey = rendered(pore)
    wide = grey.astype(np.uint16) * 200 + 500
    a, b = segment(grey, config()), segment(wide, config())
    assert ((a.labels > 0) != (b.labels > 0)).mean() < 0.002


def test_a_manual_threshold_is_taken_as_given(pore):
    clean = rendered(pore, noise=0, rings=0, beam=0, blur=0)
    found = segment(clean, config(threshold="manual", level=100.0, denoise="none", min_area=1))
    np.testing.assert_array_equal(found.labels > 0, pore)
    assert (found.threshold == 100).all()
    with pytest.raises(InputError, match=r"must have a level, got segmentation\.level null"):
        segment(clean, config(threshold="manual"))


def test_specks_are_taken_for_noise():
    grey = np.full((1, 64, 64), 200, np.uint8)
    grey[0, 10:30, 10:30] = 50
    grey[0, 50, 50] = 50
    labels = segment(grey, config(denoise="none")).labels[0]
    assert labels[50, 50] == 0
    assert (labels > 0).sum() == 400


def test_a_blank_slice_is_named_by_its_number(pore):
    grey = rendered(pore)
    grey[3] = 7
    with pytest.raises(InputError, match=r"1 of 8 of plug are blank \(number 3\)"):
        segment(grey, config(), "plug")


def test_a_slice_of_noise_only_is_refused():
    noise = np.random.default_rng(0).normal(170, 12, (3, 96, 96)).astype(np.uint8)
    with pytest.raises(InputError, match=r"plug must show pores and solid"):
        segment(noise, config(), "plug")


def test_an_all_solid_slice_of_a_porous_stack_is_named(pore):
    solid = pore.copy()
    solid[5:] = False
    grey = rendered(solid)
    with pytest.raises(InputError, match=r"slice [67] of plug must show pores .* got solid only"):
        segment(grey[[0, 1, 2, 7]].repeat(2, axis=0), config(), "plug")


@pytest.mark.parametrize(
    ("grey", "message"),
    [
        (np.zeros((2, 8, 8), np.uint8), r"at least 32 x 32 pixels, image has shape \(2, 8, 8\)"),
        (np.zeros((64, 64, 3), np.uint8), r"at least 32 x 32 pixels"),
        (np.full((1, 64, 64), np.nan), r"must be finite"),
    ],
)
def test_what_is_no_slice_is_refused(grey, message):
    with pytest.raises(InputError, match=message):
        segment(grey, config())


def with_grains(pore, grey, seed=0):
    """Put bright grains into the solid of rendered slices: some 3 % of the area, as pyrite is."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: pore.shape[1], : pore.shape[2]]
    bright = np.array(grey, float)
    for image, mask in zip(bright, pore, strict=True):
        for _ in range(9):
            at, radius = rng.uniform(0, pore.shape[1], 2), rng.uniform(4, 10)
            grain = (np.hypot(y - at[0], x - at[1]) < radius) & ~mask
            image[grain] = 250 + rng.normal(0, 3, np.count_nonzero(grain))
    return np.clip(gaussian_filter(bright, (0, 0.5, 0.5)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("share", [0.1, 0.25])
def test_the_halo_round_a_bright_mineral_is_no_pore(share):
    field = gaussian_filter(np.random.default_rng(1).standard_normal((4, 160, 160)), (0, 3, 3))
    pore = field > np.quantile(field, 1 - share)
    grey = rendered(pore, solid=120, noise=6, rings=0, beam=6)
    bright = with_grains(pore, grey)
    found, plain = segment(bright, config()), segment(grey, config())
    assert dice(found.labels, pore) > dice(plain.labels, pore) - 0.02 > 0.89
    assert found.porosity.mean() == pytest.approx(share, abs=0.015)


def test_bright_pores_are_counted_where_they_are_said_to_be_pores(pore):
    grey = rendered(pore)
    turned = 255 - grey
    dark, bright = segment(grey, config()), segment(turned, config(), pores="bright")
    assert dice(bright.labels, pore) > 0.95
    assert ((bright.labels > 0) != (dark.labels > 0)).mean() < 0.002
    np.testing.assert_allclose(bright.threshold, 255 - dark.threshold, atol=0.5)
    assert bright.reading.pores.startswith("the bright phase, threshold ")
    assert dark.reading.pores.startswith("the dark phase (--pores bright counts the other)")
    manual = config(threshold="manual", level=140.0)
    assert dice(segment(turned, manual, pores="bright").labels, pore) > 0.9


FORMS = [
    (bool, 0, 1), (np.uint8, 0, 1), (np.uint8, 0, 255), (np.int64, 0, 1), (np.float32, 0.0, 1.0),
]  # fmt: skip


@pytest.mark.parametrize(("dtype", "solid", "void"), FORMS)
def test_a_segmented_stack_is_counted(pore, dtype, solid, void):
    found = segment(np.where(pore, void, solid).astype(dtype), config(), "mask")
    assert found.reading.kind == "segmented"
    np.testing.assert_allclose(found.porosity, pore.mean(axis=(1, 2)))
    assert np.isnan(found.threshold).all()
    assert f"value {void:g} of 0, {void:g}, as in segmented files" in found.reading.pores
    # specks are no pores of the model's, but they are counted
    assert dice(found.labels, pore) > 0.99
    other = segment(np.where(pore, void, solid).astype(dtype), config(), pores="dark")
    np.testing.assert_allclose(other.porosity, 1 - found.porosity)


def test_of_two_greys_the_darker_is_pore(pore):
    found = segment(np.where(pore, 60, 170).astype(np.uint8), config())
    np.testing.assert_allclose(found.porosity, pore.mean(axis=(1, 2)))
    assert "value 60 of 60, 170, the darker one (--pores bright" in found.reading.pores


def test_of_three_phases_the_pore_must_be_chosen(pore):
    clay = np.roll(pore, 20, axis=2) & ~pore
    stack = np.where(pore, 0, np.where(clay, 85, 170)).astype(np.uint8)
    with pytest.raises(InputError, match=r"3 phases must come with the pore's, rock holds 0, 85"):
        segment(stack, config(), "rock")
    for given, mask in (
        ({"pore_label": 85}, clay), ({"pore_label": (0, 85)}, pore | clay),
        ({"pores": "dark"}, pore), ({"pores": "bright"}, ~(pore | clay)),
    ):  # fmt: skip
        found = segment(stack, config(), **given)
        np.testing.assert_allclose(found.porosity, mask.mean(axis=(1, 2)))
    with pytest.raises(InputError, match=r"must occur in the image, got 3, rock holds 0, 85, 170"):
        segment(stack, config(), "rock", pore_label=3)
    with pytest.raises(InputError, match=r"chosen once, got --pores dark and the pore label 85"):
        segment(stack, config(), "rock", pore_label=85, pores="dark")


def test_a_pore_label_of_greys_and_an_unknown_phase_are_refused(pore):
    with pytest.raises(InputError, match=r"a pore label belongs to a segmented image"):
        segment(rendered(pore), config(), pore_label=60)
    with pytest.raises(InputError, match=r"pores must be dark or bright, got 'black'"):
        segment(rendered(pore), config(), pores="black")


def test_three_phases_of_grey_are_refused(pore):
    clay = np.roll(pore, 20, axis=2) & ~pore
    stack = np.where(pore, 50, np.where(clay, 130, 210)).astype(float)
    noisy = stack + np.random.default_rng(0).normal(0, 5, stack.shape)
    with pytest.raises(InputError, match=r"three phases between grey levels .* \(--threshold\)"):
        segment(noisy, config(), "plug")
    found = segment(noisy, config(threshold="manual", level=90.0), "plug")
    assert dice(found.labels, pore) > 0.98


@pytest.mark.parametrize("noise", [0.0, 5.0])
@pytest.mark.parametrize("sigma", [2, 4])
def test_a_texture_without_phases_is_refused(noise, sigma):
    """Its slow changes are no noise, and would be split in two halves."""
    rng = np.random.default_rng(0)
    field = gaussian_filter(rng.standard_normal((4, 128, 128)), (0, sigma, sigma))
    grey = 150 + 20 * field / field.std() + rng.normal(0, 1, field.shape) * noise
    with pytest.raises(InputError, match=r"its histogram shows one phase"):
        segment(grey, config(), "plug")


Y, X = np.mgrid[:128, :128]
DISC = np.hypot(Y - 63.5, X - 63.5) < 62


@pytest.fixture(scope="module")
def wide():
    field = gaussian_filter(np.random.default_rng(6).standard_normal((6, 128, 128)), (0, 3, 3))
    return field < np.quantile(field, 0.2)


@pytest.mark.parametrize("outside", [0, 60, 140, 255])
@pytest.mark.parametrize("slices", [1, 6])
def test_a_round_field_of_view_does_not_change_the_porosity(wide, outside, slices):
    grey = rendered(wide, solid=140, beam=0, rings=0, noise=6)[:slices]
    whole = segment(grey, config())
    grey[:, ~DISC] = outside
    found = segment(grey, config())
    true = wide[:slices, DISC].mean()
    assert found.porosity.mean() == pytest.approx(true, abs=0.012)
    assert found.reading.outside == f"a border of constant grey {outside}"
    assert found.reading.view == pytest.approx(DISC.mean(), abs=0.04)
    inside = found.labels >= 0
    differ = (found.labels > 0) != (whole.labels > 0)
    assert differ[inside].mean() < 0.02


def test_a_mask_leaves_out_what_no_constant_tells(wide):
    """A sleeve round the plug: dark, with a texture of its own."""
    grey = rendered(wide, solid=140, beam=0, rings=0, noise=6)
    sleeve = np.random.default_rng(0).normal(45, 12, grey.shape)
    grey = np.where(DISC, grey, sleeve).astype(np.uint8)
    found = segment(grey, config(), mask=DISC)
    assert found.porosity.mean() == pytest.approx(wide[:, DISC].mean(), abs=0.01)
    assert (found.labels[:, ~DISC] == -1).all()
    assert found.reading.outside == "the outside of the mask"
    assert segment(grey, config()).porosity.mean() > found.porosity.mean() + 0.1


def test_a_frame_round_a_segmented_stack_is_left_out(wide):
    framed = np.full((6, 150, 160), 255, np.uint8)
    framed[:, 10:138, 20:148] = wide
    found = segment(framed, config())
    np.testing.assert_allclose(found.porosity, wide.mean(axis=(1, 2)))
    assert "value 1 of 0, 1" in found.reading.pores
