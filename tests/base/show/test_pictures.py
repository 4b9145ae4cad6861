"""Pictures that can be read: labels of ticks do not collide, overlays say what they show."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from poreops.base.show.pictures import scale_bar
from poreops.base.show.plot import network
from poreops.base.show.ticks import log_ticks
from poreops.conductance.figures.members import parity
from poreops.conductance.figures.networks import networks
from poreops.networks.figures import draw_network
from poreops.properties.figures import pictures as rock_plots


def shown_labels(axis):
    return [text for text in axis.get_ticklabels(which="both") if text.get_text()]


def colliding(figure):
    """Return the pairs of tick labels of one axis that lie on each other."""
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    pairs = []
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            boxes = [(t.get_text(), t.get_window_extent(renderer)) for t in shown_labels(axis)]
            pairs += [(a, b) for (a, x), (b, y) in combinations(boxes, 2) if x.overlaps(y)]
    return pairs


@pytest.mark.parametrize("decades", [0.1, 0.5, 0.8, 1.2, 1.9, 2.5, 5.0, 9.0])
@pytest.mark.parametrize("low", [1.3e-7, 0.7, 4.2e3])
def test_a_log_axis_of_any_length_has_labels_that_do_not_collide(decades, low):
    figure = Figure(figsize=(2.5, 2.8), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set(xscale="log", yscale="log", xlim=(low, low * 10**decades), ylim=(1, 2))
    log_ticks(axes.xaxis, most=4)
    assert colliding(figure) == []
    inside = [t for t in axes.xaxis.get_majorticklocs() if low <= t <= low * 10**decades]
    assert 2 <= len(inside) <= 9


def test_pores_of_one_decade_have_readable_diameters():
    rng = np.random.default_rng(0)
    sizes = {
        kind: {kind: np.exp(rng.normal(-11, spread, 300))}
        for kind, spread in (("dense", 0.2), ("bimodal", 0.5), ("vuggy", 1.5))
    }
    assert colliding(rock_plots.pore_sizes(sizes)) == []


def test_parity_and_networks_over_little_more_than_a_factor_have_readable_ticks():
    rng = np.random.default_rng(0)
    truth = rng.uniform(3, 6, 50)
    found = {"model": truth * 1.05, "geometry": truth * 1.3}
    for figure in (networks(found, truth, "F"), parity(found, truth, "F")):
        assert colliding(figure) == []
        for axes in figure.axes:
            assert len(shown_labels(axes.xaxis)) >= 2
    # the title lies on the picture
    figure.canvas.draw()
    box = figure.axes[0].title.get_window_extent(figure.canvas.get_renderer())
    assert box.y1 <= figure.bbox.y1


def overlay(pixel_sizes=None):
    grey = np.random.default_rng(0).integers(0, 255, (60, 80)).astype(np.uint8)
    labels = np.zeros((60, 80), np.int32)
    labels[10:30, 10:30], labels[30:50, 10:30] = 1, 2
    return rock_plots.overlays({"rock": (grey, labels)}, pixel_sizes)


def test_an_overlay_has_a_legend_and_a_scale_bar_of_a_round_length():
    figure = overlay({"rock": 2e-6})
    (legend,) = figure.legends
    said = [text.get_text() for text in legend.get_texts()]
    assert said == ["pore", "neck between pores"]
    below = figure.axes[1]
    assert [text.get_text() for text in below.texts] == ["20 µm"]
    # 20 µm are 10 of 80 pixels, in shares of the axes
    assert below.patches[1].get_width() == pytest.approx(10 / 80)
    assert not figure.axes[0].texts


def test_without_a_pixel_size_there_is_no_scale_bar():
    assert not overlay().axes[1].texts


@pytest.mark.parametrize(
    ("pixel", "text"), [(1e-9, "20 nm"), (3.3e-7, "5 µm"), (5e-5, "1 mm"), (2e-3, "50 mm")]
)
def test_a_scale_bar_is_a_third_of_the_slice_at_most(pixel, text):
    figure = Figure()
    axes = figure.add_subplot()
    scale_bar(axes, 100, pixel)
    assert [one.get_text() for one in axes.texts] == [text]
    assert 0.1 <= axes.patches[1].get_width() <= 0.3


def test_a_flat_network_has_few_ticks_across(tmp_path):
    rng = np.random.default_rng(0)
    coords = rng.random((60, 3)) * np.array([2e-4, 6e-5, 2e-5])
    drawn = (coords, rng.integers(0, 60, (120, 2)), np.exp(rng.normal(-14, 1, 120)),
             np.full(60, 1e-5), np.arange(60) > 50)  # fmt: skip
    figure = Figure(figsize=(7, 6))
    FigureCanvasAgg(figure)
    axes = figure.add_subplot(projection="3d")
    network(axes, *drawn, "size factor [m]")
    figure.canvas.draw()
    counts = []
    for name in "xyz":
        low, high = getattr(axes, f"get_{name}lim")()
        ticks = getattr(axes, f"{name}axis").get_majorticklocs()
        counts.append(((ticks >= low) & (ticks <= high)).sum())
    assert counts[2] <= 3 < counts[0]
    draw_network(tmp_path / "network.png", *drawn)
    assert (tmp_path / "network.png").stat().st_size > 0
