"""Known pores come back from a rendered slice; what cannot be segmented is named."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from poreops.errors import InputError
from poreops.slices.render import RenderConfig, render_slices
from poreops.slices.segment import SegmentConfig, denoised, segment

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
