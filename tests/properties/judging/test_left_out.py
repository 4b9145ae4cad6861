"""A kind that is left out reaches nothing that its score is made of."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from tiny.properties import ENSEMBLE as CONFIG

from poreops.properties.learning.laws import fit_law
from poreops.properties.learning.left_out import (
    Learned,
    contexts,
    corrections,
    errors_left_out,
    fit_contexts,
    key,
    law_in,
    left_out_sets,
    stack_in,
)
from poreops.properties.learning.plans import SliceSplitConfig
from poreops.properties.learning.predictors import packed_all, unpacked_all
from poreops.properties.learning.real_rocks import real_rocks
from poreops.properties.learning.stacks import stack_of

KINDS = np.repeat(["a", "b", "c", "d"], 12)
ROCKS = np.array([f"{kind}_{k // 4}" for kind, k in zip(KINDS, np.arange(48) % 12, strict=True)])
SPLIT = SliceSplitConfig(seed=1, folds=4, test_share=0.2)
INPUTS = ("u", "v", "crossing")


@pytest.fixture(scope="module")
def learned():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((48, 3))
    y = np.stack([0.01 * rng.standard_normal(48), x[:, 0] + 0.1 * rng.standard_normal(48)], axis=1)
    return Learned(INPUTS, x, y, ROCKS, KINDS)


def listed(learned, features=None):
    names = {key(left): ("u", "crossing") for left in left_out_sets(KINDS)} | (features or {})
    return contexts(learned, SPLIT, names, lambda _: CONFIG)


def test_every_kind_and_every_pair_is_left_out():
    sets = left_out_sets(KINDS)
    assert len(sets) == 1 + 4 + 6
    assert len(left_out_sets(KINDS[:24])) == 1  # of two kinds none can be left out
    assert ("a", "d") in sets


@pytest.mark.parametrize("name", ["rg", "rf", "gb", "m1"])
def test_the_rocks_of_a_kind_left_out_do_not_reach_its_models(name, learned):
    lie = learned.y.copy()
    lie[KINDS == "b"] = 1e3
    liar = Learned(INPUTS, learned.x, lie, ROCKS, KINDS)
    for place, before, after in zip(
        listed(learned),
        fit_contexts(name, learned, listed(learned)),
        fit_contexts(name, liar, listed(liar)),
        strict=True,
    ):
        found = [fits[-1].predict(learned.x[:, place.columns]) for fits in (before, after)]
        assert np.array_equal(*found) == ("b" in place.left_out), place.left_out


def test_inputs_that_a_context_did_not_choose_do_not_reach_it(learned):
    """Networks train side by side on all inputs: what is not chosen must stay without effect."""
    other = Learned(INPUTS, learned.x + [0, 7, 0] * learned.x**2, learned.y, ROCKS, KINDS)
    for name in ("rf", "m1"):
        places = listed(learned, {"a": ("u", "v", "crossing")})
        one, two = (fit_contexts(name, of, places) for of in (learned, other))
        for place, fits, again in zip(places, one, two, strict=True):
            x = [of.x[:, place.columns] for of in (learned, other)]
            same = np.allclose(fits[-1].predict(x[0]), again[-1].predict(x[1]))
            assert same == (len(place.columns) == 2)


def test_the_folds_of_a_context_are_whole_kinds(learned):
    for place in listed(learned):
        inside = KINDS[place.plan.rows]
        assert set(inside) == set("abcd") - set(place.left_out)
        for fold in range(place.plan.folds.max() + 1):
            assert len(set(KINDS[place.plan.folds == fold])) == 1


def test_the_law_of_a_context_is_fitted_on_its_rows(learned):
    place = next(p for p in listed(learned) if p.left_out == ("c",))
    rows = KINDS != "c"
    y, rocks, z, kinds = (
        np.concatenate(parts)
        for parts in zip(
            (learned.y[rows], ROCKS[rows], learned.x[rows, 2:], KINDS[rows]),
            real_rocks().law_rows[:4], strict=True,
        )
    )  # fmt: skip
    np.testing.assert_allclose(law_in(place, learned), fit_law(y, rocks, z, kinds))
    unsure = replace(learned, errors=np.where(KINDS == "a", 3.0, 0.0))
    assert not np.allclose(law_in(place, unsure), law_in(place, learned))
    lie = Learned(INPUTS, learned.x, np.where(rows[:, None], learned.y, 1e3), ROCKS, KINDS)
    np.testing.assert_array_equal(law_in(place, lie), law_in(place, learned))


def test_errors_are_of_rocks_that_were_left_out(learned):
    place = next(p for p in listed(learned) if p.left_out == ("a", "c"))
    law = np.array([0.0, 0.5])
    rows = errors_left_out(place, {"law": law}, learned)
    assert {(row["kind"], row["without"]) for row in rows} == {("a", "c"), ("c", "a")}
    plug = next(row for row in rows if row["rock"] == "a_1" and row["slice"] == -1)
    truth = learned.y[ROCKS == "a_1"].mean(axis=0)
    np.testing.assert_allclose([plug["porosity"], plug["log_permeability"]], law - truth)
    slices = [row for row in rows if row["rock"] == "a_1" and row["slice"] >= 0]
    expected = law - learned.y[ROCKS == "a_1"]
    np.testing.assert_allclose([row["log_permeability"] for row in slices], expected[:, 1])


def test_fits_survive_their_file_and_make_the_same_stack(learned):
    places = listed(learned)[:2]
    fits = {name: fit_contexts(name, learned, places) for name in ("mr", "gb")}
    back = {name: unpacked_all(packed_all(of)) for name, of in fits.items()}
    x = learned.x[:, places[1].columns]
    stacks = [
        stack_in(places[1], {name: of[1] for name, of in some.items()}, learned)
        for some in (fits, back)
    ]
    np.testing.assert_array_equal(stacks[0].predict(x), stacks[1].predict(x))
    plan = SimpleNamespace(**vars(places[1].plan))
    direct = stack_of({n: of[1] for n, of in fits.items()}, x, learned.y, plan, ROCKS)
    of_slices, of_plug = corrections(direct, x)
    np.testing.assert_allclose(of_slices, stacks[0].predict(x))
    np.testing.assert_allclose(of_plug, stacks[0].predict_plug(x))
