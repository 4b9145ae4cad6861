"""Plugs of a volume: disjoint, simulated once, and of one volume a name."""

import numpy as np
import pandas as pd
import pytest
from scipy.ndimage import gaussian_filter

from poreops.errors import InputError
from poreops.properties.volumes import cutting
from poreops.properties.volumes.cutting import add_plugs, cuts
from poreops.properties.volumes.measured import COLUMNS, read_plugs


def rock(seed=1, porosity=0.5):
    field = gaussian_filter(np.random.default_rng(seed).standard_normal((16, 16, 32)), 1.5)
    return field < np.quantile(field, porosity)


def test_plugs_are_disjoint_and_take_each_axis_in_turn():
    found = cuts((64, 96, 40), 32, 6)
    taken = np.zeros((64, 96, 40), int)
    for cut in found:
        assert cut.of(taken).shape == (32, 32, 32)
        taken[tuple(slice(c, c + 32) for c in cut.corner)] += 1
    assert taken.max() == 1
    assert [cut.axis for cut in found] == [0, 1, 2, 0, 1, 2]
    assert cuts((20, 64, 64), 32, 1)[0].shape == (20, 32, 32)
    with pytest.raises(InputError, match="a volume must be 3D"):
        cuts((20, 64), 32, 1)


def test_a_plug_is_simulated_once(tmp_path, monkeypatch):
    table, im = tmp_path / "plugs.csv", rock()
    wanted = cuts(im.shape, 16, 2)
    first = add_plugs(table, im, "a.tif", "a", wanted[:1], workers=1)
    simulated = []
    of_plug = cutting.simulated

    def counted(*arguments):
        simulated.append(arguments)
        return of_plug(*arguments)

    monkeypatch.setattr(cutting, "simulated", counted)
    both = add_plugs(table, im, "a.tif", "a", wanted, workers=1)
    assert len(simulated) == 1
    pd.testing.assert_frame_equal(both.iloc[:1], first)
    whole = read_plugs(table)
    assert tuple(whole.columns) == COLUMNS
    assert (whole["permeability"] > 0).all()
    assert list(whole["corner"]) == ["0 0 0", "0 0 16"]


def test_another_volume_of_that_name_is_refused(tmp_path):
    table = tmp_path / "plugs.csv"
    add_plugs(table, rock(), "a.tif", "a", cuts((16, 16, 32), 16, 1), workers=1)
    before = table.read_bytes()
    with pytest.raises(InputError, match="the plugs of a.tif must be of one volume"):
        add_plugs(table, rock(2, 0.4), "a.tif", "a", cuts((16, 16, 32), 16, 1), workers=1)
    assert table.read_bytes() == before


def test_a_plug_that_nothing_passes_is_kept_but_not_learned_from(tmp_path):
    im = rock()
    im[8] = False
    table = tmp_path / "plugs.csv"
    found = add_plugs(table, im, "a.tif", "a", cuts(im.shape, 16, 1), workers=1)
    assert found["permeability"].tolist() == [0.0]
    assert len(read_plugs(table)) == 0
