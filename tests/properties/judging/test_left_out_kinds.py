"""Coverage is measured on kinds that neither model nor width has seen, and can fail."""

import numpy as np
import pandas as pd
import pytest
from tiny import properties as tiny_rocks

from poreops.properties.judging import left_out_kinds as judging
from poreops.properties.judging.left_out_kinds import Predicted, Trained
from poreops.properties.learning import intervals
from poreops.properties.learning.laws import LAW, TARGETS, in_units, targets

KINDS = np.repeat(["a", "b", "c"], 8)
ROCKS = np.array([f"{kind}_{k}" for kind, k in zip(KINDS, np.arange(24) % 8, strict=True)])
SERVED = (LAW, LAW)


def errors(seed=0, scale=1.0):
    """As the stage properties_train leaves them, of models that err at random."""
    rng = np.random.default_rng(seed)
    rows = []
    for without in ("", "a", "b", "c"):
        for rock, kind in zip(ROCKS, KINDS, strict=True):
            if kind != without:
                for place in (-1, 0, 1):
                    row = {"candidate": LAW, "rock": rock, "kind": kind, "without": without}
                    found = scale * rng.standard_normal(2)
                    rows.append(row | {"slice": place} | dict(zip(TARGETS, found, strict=True)))
    return pd.DataFrame(rows)


def test_an_interval_grows_with_what_a_stack_changes_of_the_law():
    found = intervals.scales(np.array([[0.5, 0.0], [-0.5, -1.0]]))
    np.testing.assert_array_equal(found, [[1, 1], [1, 2]])
    # errors as large as the corrections are held by the width of the law's own
    law, other = errors(scale=0.0), errors(scale=0.0)
    other["candidate"] = "smr_ml"
    other["log_permeability"] = 3.0
    both = pd.concat([law, other], ignore_index=True)
    width = judging.widths_of(both, (LAW, "smr_ml"), 0.9, None)[1]
    np.testing.assert_allclose(width, [0, 3 / 4])


def test_the_interval_of_a_stack_does_not_trust_what_it_gained_on_the_kinds_at_hand():
    """Where the law errs, a stack that is right on these kinds is as uncertain on the next."""
    law, right = errors(), errors(scale=0.0)
    right["candidate"] = "smr_ml"
    both = pd.concat([law, right], ignore_index=True)
    width = judging.widths_of(both, (LAW, "smr_ml"), 0.9, None)[1]
    errs = law[(law["without"] == "") & (law["slice"] < 0)]["log_permeability"].abs()
    assert width[1] == pytest.approx((errs / (1 + errs)).max())


def predicted(bias=0.0, seed=9):
    rng = np.random.default_rng(seed)
    plug, single = rng.standard_normal((24, 2)), rng.standard_normal((48, 2))
    return Predicted(
        ROCKS, KINDS, np.zeros((24, 2)), {LAW: plug + bias}, np.repeat(ROCKS, 2),
        np.zeros((48, 2)), {LAW: single + bias},
    )  # fmt: skip


def coverage(found, table=None):
    trained = Trained({}, errors() if table is None else table, pd.DataFrame())
    return judging.coverage_left_out(trained, found, SERVED, 0.9)


def test_errors_like_those_of_the_calibration_are_held():
    shares = coverage(predicted())
    assert all(share >= 0.8 for of in shares.values() for share in of.values())


def test_biased_errors_are_not_held():
    shares = coverage(predicted(bias=5.0))
    assert all(share <= 0.1 for of in shares.values() for share in of.values())


def test_errors_that_grew_are_not_held():
    shares = coverage(predicted(), errors(scale=0.3))
    assert all(share <= 0.7 for of in shares.values() for share in of.values())


def test_the_rocks_of_a_kind_do_not_calibrate_their_own_interval():
    """Wild errors of one kind widen the intervals of the others, not its own."""
    table = errors()
    wild = table["kind"] == "b"
    table.loc[wild, list(TARGETS)] *= 100
    own = judging.widths_of(table, SERVED, 0.9, "b")[1]
    np.testing.assert_array_equal(own, judging.widths_of(errors(), SERVED, 0.9, "b")[1])
    assert (judging.widths_of(table, SERVED, 0.9, "a")[1] > 20 * own).all()
    assert (judging.widths_of(table, SERVED, 0.9, None)[1] > 20 * own).all()


def test_models_that_saw_a_kind_do_not_calibrate_its_interval():
    """The width for a kind is of models without it and another one, not of those without one."""
    table = errors()
    table.loc[table["without"] == "", list(TARGETS)] *= 100
    for kind in "abc":
        own, before = (judging.widths_of(of, SERVED, 0.9, kind) for of in (table, errors()))
        np.testing.assert_array_equal(own, before)
    assert (judging.widths_of(table, SERVED, 0.9, None)[1] > 20).all()


@pytest.fixture(scope="module")
def trained():
    """Tiny models: those without a kind differ from the one of all kinds in their law."""
    model = tiny_rocks.model()
    models = {"": {"smr_ml": model, "smr_nn": model}}
    for place, kind in enumerate(("blobs", "vuggy")):
        other = model.correcting((True, True))
        other.law = np.array([0.0, -10.0 - place])
        models[kind] = {"smr_ml": other, "smr_nn": other}
    return Trained(models, errors(), tiny_rocks.table())


def test_each_rock_is_predicted_without_its_kind(trained):
    table = tiny_rocks.table()
    found = judging.predict_left_out(trained, table)
    law = found.plugs[LAW] - judging.group_means(judging.by_law(table), table["rock"].to_numpy())
    expected = {"blobs": -10.0, "vuggy": -11.0, "cemented": trained.models[""]["smr_ml"].law[1]}
    np.testing.assert_allclose(law[:, 1], [expected[kind] for kind in found.kinds])
    truth = judging.group_means(in_units(targets(table), table), table["rock"].to_numpy())
    np.testing.assert_allclose(found.truth, truth)


def test_nulls_do_not_know_the_kind(trained):
    """A constant is the mean of the rocks of other kinds, so that a kind of its own shows."""
    found = judging.predict_left_out(trained, tiny_rocks.table())
    for kind in np.unique(found.kinds):
        own = found.kinds == kind
        expected = found.truth[~own].mean(axis=0)
        np.testing.assert_allclose(found.plugs["constant"][own], np.tile(expected, (own.sum(), 1)))


def test_siblings_are_predicted_by_the_files_themselves():
    model, table = tiny_rocks.model(), tiny_rocks.table()
    found = judging.predict_siblings(model.correcting((False, True)), table)
    np.testing.assert_array_equal(found["served"][:, 0], found[LAW][:, 0])
    np.testing.assert_array_equal(found["served"][:, 1], found["smr_ml"][:, 1])
    first = table[table["rock"] == table["rock"].min()]
    np.testing.assert_allclose(found["smr_ml"][0], model.predict_plug(first))


def test_the_diameters_of_pores_are_those_of_circles_of_their_area():
    labels = np.zeros((2, 6, 6), int)
    labels[0, :2, :2], labels[0, 4, 4], labels[1, 1:4, 1:4] = 1, 2, 1
    table = pd.DataFrame({"rock": ["r"], "kind": ["k"], "voxel_size": [2e-6]})
    found = judging.pore_diameters({"r": labels}, table)["k/r"]
    np.testing.assert_allclose(found, 2 * 2e-6 * np.sqrt(np.array([4, 1, 9]) / np.pi))
