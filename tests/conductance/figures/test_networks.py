"""The pictures of networks show the tables that they are drawn from."""

import numpy as np
import pytest

from poreops.base.hdf5 import read_hdf5, write_hdf5
from poreops.conductance.figures.networks import STEPS, network_figures
from poreops.conductance.judging.methods import NAMES


def seconds(simulated):
    return dict(zip(STEPS, (1.0, 0.5, simulated, 0.25), strict=True))


REPORT = {
    "quantity": "formation_factor",
    "formation_factor": {"dns": {"r2": 1.0, "mape": 0.0}},
    "values": {"full_dns": [4.0, 9.0, 20.0], "dns": [4.1, 9.2, 21.0], "model": [4.4, 9.9, 24.0]},
    "run_time": {
        "200³": {"conduits": 5000, "model": seconds(4.0), "dns": seconds(8.0)},
        "100³": {"conduits": 600, "model": seconds(2.0), "dns": seconds(3.0)},
    },
    "champion": None,
}


def drawn(folder, ndim=3, **changes):
    coords = np.arange(4 * ndim, dtype=float).reshape(4, ndim)
    conns = np.array([[0, 1], [1, 2], [2, 3]])
    arrays = {"coords": coords, "conns": conns}
    arrays |= {
        f"size_factors/{name}": np.array([1.0, 2.0, k]) for k, name in ((3, "dns"), (6, "model"))
    }
    write_hdf5(folder / "first.h5", arrays)
    return network_figures(REPORT | changes, folder / "first.h5")


def test_each_method_has_its_points(tmp_path):
    axes = drawn(tmp_path)["formation_factor.png"].axes[0]
    shown = {points.get_label(): points.get_offsets() for points in axes.collections}
    assert set(shown) == {NAMES["dns"], NAMES["model"]}
    np.testing.assert_allclose(shown[NAMES["model"]], [[4, 4.4], [9, 9.9], [20, 24]])


def test_bars_stand_by_size_and_add_up(tmp_path):
    axes = drawn(tmp_path)["run_time.png"].axes[0]
    bars = [label.get_text() for label in axes.get_xticklabels()]
    assert bars == ["100³ model", "100³ DNS", "200³ model", "200³ DNS"]
    tops = [
        max(p.get_y() + p.get_height() for p in axes.patches if round(p.get_x()) == x)
        for x in range(4)
    ]
    np.testing.assert_allclose(tops, [3.75, 4.75, 5.75, 9.75])


def test_throats_are_coloured_by_their_error(tmp_path):
    figure = drawn(tmp_path)["network.png"]
    assert [a.get_title() for a in figure.axes if a.get_title()] == [
        "log₁₀ size factor, DNS", f"error of {NAMES['model']} [%]",
    ]  # fmt: skip
    (panel,) = [a for a in figure.axes if a.get_title().startswith("error")]
    lines = panel.collections[0]
    np.testing.assert_allclose(lines.get_array(), [0, 0, 100])


@pytest.mark.parametrize(
    ("changes", "missing"), [({"run_time": {}}, "run_time.png"), ({"ndim": 2}, "network.png")]
)
def test_what_there_is_not_is_not_drawn(tmp_path, changes, missing):
    assert missing not in drawn(tmp_path, **changes)


def test_a_conduit_that_did_not_settle_costs_no_other_its_colour(tmp_path):
    drawn(tmp_path)
    arrays, _ = read_hdf5(tmp_path / "first.h5")
    arrays["size_factors/dns"][2] = np.nan
    write_hdf5(tmp_path / "first.h5", arrays)
    panel = network_figures(REPORT, tmp_path / "first.h5")["network.png"].axes[0]
    low, high = panel.collections[0].get_clim()
    assert 0 <= low < high <= np.log10(2)
