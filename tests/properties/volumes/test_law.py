"""The law: exact in a tube, scales with the voxel, learns from no plug of the rock it is asked."""

import numpy as np
import pandas as pd
import pytest

from poreops.properties.volumes.judging import coverage_across, coverage_left_out, left_out_table
from poreops.properties.volumes.law import VolumeLaw, calibrated, errors_left_out, johnson
from poreops.properties.volumes.measured import describe


def disc(radius, edge):
    x = np.arange(edge) - (edge - 1) / 2
    return x[:, None] ** 2 + x**2 <= radius**2


def table(offset=0.0, seed=0, rocks=12, plugs=5, spread=0.2):
    """Rocks whose constant differs by `spread`, plugs of one rock hardly."""
    rng = np.random.default_rng(seed)
    rows = []
    for rock in range(rocks):
        own = offset + spread * rng.standard_normal()
        for _ in range(plugs):
            known = {
                "rock": f"rock_{rock}", "group": f"rock_{rock}", "origin": "real",
                "porosity": rng.uniform(0.1, 0.4), "formation_factor": rng.uniform(4, 40),
                "johnson_length": rng.uniform(3, 12),
            }  # fmt: skip
            k = known["johnson_length"] ** 2 / 8 / known["formation_factor"]
            rows.append(known | {"permeability": k * np.exp(own + 0.02 * rng.standard_normal())})
    return pd.DataFrame(rows)


@pytest.mark.parametrize("radius", [5, 10])
def test_a_tube_has_the_permeability_of_hagen_and_poiseuille(radius):
    edge = 2 * radius + 6
    im = np.repeat(disc(radius, edge)[None], 4, axis=0)
    exact = np.pi * radius**4 / 8 / edge**2
    found = np.exp(johnson(pd.DataFrame([describe(im, 0)])))[0]
    assert found == pytest.approx(exact, rel=0.06)


@pytest.mark.parametrize("opening", [2, 7])
def test_a_slit_has_two_thirds_of_the_law(opening):
    im = np.zeros((4, 4, 12), bool)
    im[:, :, 1 : 1 + opening] = True
    exact = opening**3 / 12 / 12
    found = np.exp(johnson(pd.DataFrame([describe(im, 0)])))[0]
    assert 2 / 3 * found == pytest.approx(exact, rel=1e-6)


def test_a_law_finds_the_constant_that_all_rocks_have():
    fitted = VolumeLaw.fit(table(offset=-0.3, spread=0.0))
    assert fitted.constant == pytest.approx(-0.3, abs=0.02)


def test_a_rock_counts_as_one_however_many_plugs_it_has():
    few = table(spread=0.0)
    many = pd.concat([few, few[few["rock"] == "rock_0"].iloc[[0] * 500]])
    np.testing.assert_allclose(
        VolumeLaw.fit(many).constant, VolumeLaw.fit(few).constant, atol=0.02
    )


def test_beyond_the_rocks_is_said_by_which_factor():
    rows = table()
    fitted = VolumeLaw.fit(rows)
    far = rows.iloc[[0]].assign(formation_factor=3 * rows["formation_factor"].max())
    assert fitted.beyond(far) == pytest.approx({"formation_factor": 3.0})
    assert all(fitted.beyond(rows.iloc[[k]]) == {} for k in range(len(rows)))


def test_no_plug_of_a_rock_has_a_part_in_what_is_said_of_it(monkeypatch):
    rows, seen = table(), []
    fit = VolumeLaw.fit.__func__

    def watched(cls, part):
        seen.append(set(part["group"]))
        return fit(cls, part)

    monkeypatch.setattr(VolumeLaw, "fit", classmethod(watched))
    before = errors_left_out(rows)
    assert sorted(len(of) for of in seen) == [11] * 12
    # whatever a rock's own permeability is, what is predicted for it stays
    lied = rows.copy()
    own = (rows["group"] == "rock_3").to_numpy()
    lied.loc[own, "permeability"] *= 100
    after = errors_left_out(lied)
    np.testing.assert_allclose(after[own], before[own] - np.log(100))


def test_the_width_holds_rocks_and_not_plugs():
    # 5 plugs that err alike are one error
    fitted = calibrated(table(spread=0.3, rocks=12))
    alone = calibrated(table(spread=0.3, rocks=12).assign(group=lambda t: t.index.astype(str)))
    assert fitted.width > 0.8 * alone.width
    assert fitted.width > 0.3


def test_coverage_is_measured_and_can_fail():
    alike = [coverage_left_out(table(seed=seed), 0.9) for seed in range(6)]
    assert 0.8 < np.mean(alike) < 1.0
    learned, same, other = table(), table(seed=7), table(seed=7, offset=1.5)
    assert coverage_across(learned, same, 0.9) > 0.8
    assert coverage_across(learned, other, 0.9) < 0.1


def test_the_table_says_what_each_law_does_with_rocks_and_kinds_left_out():
    rows = table()
    synthetic = table(seed=1, rocks=4).assign(origin="synthetic")
    synthetic["group"] = "syn_" + synthetic["group"]
    found = left_out_table(pd.concat([rows, synthetic], ignore_index=True))
    assert {"law", "unfitted", "kozeny_carman", "constant"} <= set(found["real"])
    law, nothing = found["real"]["law"], found["real"]["constant"]
    assert law["rocks"] == 12
    assert law["median_error"] < 0.3 < nothing["median_error"]
    assert found["synthetic"]["law"]["rocks"] == 4
    assert 0.8 <= law["coverage"] <= 1
    assert law["coverage_by_others"] < law["coverage"] + 0.2
