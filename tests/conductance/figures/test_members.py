"""The pictures of the members show the tables that they are drawn from."""

import grimp
import numpy as np
import pytest

from poreops.base.files import write_json, write_text
from poreops.base.hdf5 import write_hdf5
from poreops.conductance.figures.members import error_by_size, losses, member_figures, parity
from poreops.conductance.judging.methods import NAMES

RNG = np.random.default_rng(0)
TRUTH = RNG.lognormal(1, 1, 200)
FOUND = {"image": TRUTH * 1.3, "coarse": TRUTH * RNG.normal(1, 0.05, 200), "geometry": TRUTH / 2}


@pytest.fixture
def tables(tmp_path):
    """What the stages conductance_train and conductance_scores leave."""
    for name, epochs in (("members/coarse", 1), ("members/image", 3), ("splits/random", 2)):
        rows = [f"{epoch},{0.5 / epoch},{0.6 / epoch}" for epoch in range(1, epochs + 1)]
        write_text(tmp_path / f"losses/{name}.csv", "epoch,loss,val_loss\n" + "\n".join(rows))
        costs = {"parameters": 1, "seconds": 2.0, "loss": "huber"}
        write_json(tmp_path / f"training/{name}.json", costs)
    rois = np.zeros((2, 64, 64, 64), np.uint8)
    rois[:, 10:30, 20:40, 20:40], rois[:, 30:50, 20:40, 20:40] = 1, 2
    arrays = {f"found/{name}": values for name, values in FOUND.items()}
    arrays |= {"truth": TRUTH, "worst/roi": rois}
    write_hdf5(tmp_path / "scores.h5", arrays, {"quantity": "size factor", "worst": ["a", "b"]})
    return tmp_path / "losses", tmp_path / "training", tmp_path / "scores.h5"


def titles(figure):
    return [axes.get_title() for axes in figure.axes]


def test_every_picture_is_drawn_from_the_tables(tables):
    drawn = member_figures(*tables)
    assert set(drawn) == {"losses.png", "parity.png", "error_by_size.png", "worst_conduits.png"}
    # the order of the reports, whatever the order in the file
    assert titles(drawn["parity.png"]) == [NAMES[n] for n in ("coarse", "image", "geometry")]
    assert titles(drawn["worst_conduits.png"]) == ["a", "b"]
    assert titles(drawn["losses.png"]) == ["members, image", "splits, random"]
    assert drawn["losses.png"].axes[0].get_ylabel() == "huber of the scaled target"


def test_the_points_are_the_predictions():
    figure = parity(FOUND, TRUTH, "size factor")
    for axes, values in zip(figure.axes, FOUND.values(), strict=True):
        (points,) = axes.collections[1:]  # the first is the band
        np.testing.assert_allclose(points.get_offsets(), np.stack([TRUTH, values], axis=1))


def test_the_curves_are_quantiles_of_the_error():
    figure = error_by_size({"image": np.full(200, 0.3)}, TRUTH, "size factor")
    median, most, _ = figure.axes[0].lines
    np.testing.assert_allclose(median.get_ydata(), 30)
    np.testing.assert_allclose(most.get_ydata(), 30)
    assert (np.diff(median.get_xdata()) > 0).all()


def test_a_toy_of_one_epoch_has_its_dots(tables):
    import pandas as pd

    table = pd.DataFrame({"epoch": [1], "loss": [0.5], "val_loss": [0.6]})
    figure = losses({"members/image": table}, {"members/image": "mse"})
    assert [line.get_ydata().tolist() for line in figure.axes[0].lines] == [[0.5], [0.6]]


def test_pictures_need_no_model():
    graph = grimp.build_graph("poreops", exclude_type_checking_imports=True)
    for module in graph.find_descendants("poreops.conductance.figures"):
        above = graph.find_upstream_modules(module)
        assert "poreops.conductance.model" not in above, module
        assert not [name for name in above if name.startswith("poreops.conductance.learning")]
