"""Fine-tuning helps where a rock errs otherwise, and says so where it does not."""

import numpy as np
import pytest
from reference import sphere_regions

import poreops
from poreops.conductance.comparing import Sample
from poreops.conductance.figures.finetuning import learning_curve
from poreops.conductance.finetuning import WAYS, fine_tuned, learned
from poreops.conduits.crop import crop_conduits
from poreops.errors import InputError


@pytest.fixture(scope="module")
def parent():
    return poreops.load_model("shipped:flow")


@pytest.fixture(scope="module")
def rows(parent):
    """Traits of 800 conduits: those of a small pack, each some times and a little otherwise."""
    regions = sphere_regions(40)
    crops = list(crop_conduits(regions.labels, regions.conns))[:80]
    some = np.concatenate([encoded.scalars for encoded, _ in parent.prepared(crops)])
    some = some[np.isfinite(parent.answer(some).half_widths)]
    rng = np.random.default_rng(0)
    each = np.tile(some, (800 // len(some) + 1, 1))[:800]
    found = each + 0.01 * rng.normal(size=each.shape)
    found[:, 0] = 0
    return found.astype(np.float32)


def rock(parent, rows, shift=0.0, spread=1.0):
    """Size factors off by a shift and by so many times what the intervals promise."""
    found, widths, _ = parent.answer(rows)
    widths = np.where(np.isfinite(widths), widths, 0.02)
    noise = np.random.default_rng(1).normal(size=len(rows)) / 1.645
    return found * np.exp(shift + spread * widths * noise)


def tuned(parent, rows, pick="random", **differing):
    truth, asked = rock(parent, rows, **differing), []

    def simulate(which):
        asked.append(which)
        return truth[which]

    influence = np.random.default_rng(2).dirichlet(np.ones(len(rows)))
    return fine_tuned(parent, rows, influence, simulate, share=0.2, pick=pick), asked


def test_a_rock_that_errs_by_a_constant_is_learned(parent, rows):
    for pick in ("random", "influence"):
        found, _ = tuned(parent, rows, pick, shift=0.1)
        assert found.beats
        assert found.last.way in ("constant", "trees")
        assert found.parent.mape > 0.08
        assert found.last.score.mape < 0.3 * found.parent.mape
        assert found.verdict.startswith("beats its parent in error")
        again, _, _ = found.model.answer(rows)
        assert np.log(again / parent.answer(rows).size_factors).mean() == pytest.approx(0.1, 0.1)


def test_a_rock_like_the_training_gains_nothing_and_the_verdict_says_so(parent, rows):
    found, _ = tuned(parent, rows)
    assert not found.beats
    assert found.verdict.startswith("does not beat its parent: mean error ")
    assert found.last.score.covered == pytest.approx(0.9, abs=0.1)


def test_intervals_that_promise_too_much_are_widened(parent, rows):
    found, _ = tuned(parent, rows, spread=3.0)
    assert found.parent.covered < 0.6
    assert found.last.score.covered == pytest.approx(0.9, abs=0.1)
    assert found.beats
    assert found.gains["intervals"][1] > 0
    assert np.mean(np.array(found.model.calibration) <= 1) == pytest.approx(0.9, abs=0.03)


def test_what_is_judged_on_is_neither_learned_from_nor_chosen(parent, rows):
    found, (asked,) = tuned(parent, rows, "influence", shift=0.1)
    assert found.judged == 300
    assert len(np.unique(asked)) == len(asked) <= 300 + 2 * 160
    assert set(found.tested) <= set(asked)
    again, _ = tuned(parent, rows, "random", shift=-0.3)
    np.testing.assert_array_equal(found.tested, again.tested)
    assert [point.labels for point in found.curve] == 2 * [40, 80, 160]


def test_a_tree_that_may_not_split_is_a_constant(parent, rows, monkeypatch):
    monkeypatch.delitem(WAYS, "trees")
    labels = Sample(rows[:60], rock(parent, rows, shift=0.1)[:60])
    model, way, _ = learned(parent, labels, 1)
    moved = model.correction.predict(rows) - parent.correction.predict(rows)
    assert way == "constant"
    np.testing.assert_allclose(moved, moved[0], atol=1e-5)
    left = np.log(labels.truth / parent.answer(labels.rows).size_factors)
    assert moved[0] == pytest.approx(np.median(left), abs=1e-3)


def test_the_curve_is_drawn_from_its_points(parent, rows):
    found, _ = tuned(parent, rows, shift=0.1)
    figure = learning_curve(found)
    lines = {line.get_label(): line for line in figure.axes[0].lines}
    drawn = lines["at random"].get_ydata()
    own = [point.score.mape for point in found.curve if point.pick == "random"]
    np.testing.assert_allclose(drawn, 100 * np.array([found.parent.mape, *own]))


@pytest.mark.parametrize("share", [0, 0.5, -1, float("nan")])
def test_a_share_is_some_but_not_most(parent, rows, share):
    with pytest.raises(InputError, match="above 0 and at most 0.4, got"):
        fine_tuned(parent, rows, np.ones(len(rows)), None, share=share)


def test_a_few_conduits_are_too_few(parent, rows):
    with pytest.raises(InputError, match=r"needs 20 conduits to learn from .* got 5 \(of 100\)"):
        fine_tuned(parent, rows[:100], np.ones(100), None, share=0.2)
