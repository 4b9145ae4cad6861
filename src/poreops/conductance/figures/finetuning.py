"""The learning curve of fine-tuning: what labels of a rock bring, by how they were chosen."""

from typing import TYPE_CHECKING

from poreops.base.show.pictures import subplots
from poreops.conductance.figures.colours import COLOURS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from poreops.conductance.finetuning import FineTuned

_PANELS = {"mape": "mean error [%]", "covered": "inside the intervals [%]"}
_SHOWN = {"influence": ("physics", "widest × influence"), "random": ("coarse", "at random")}


def learning_curve(found: "FineTuned") -> "Figure":
    """Draw error and coverage on the conduits that are judged on against the number of labels.

    Parameters
    ----------
    found : of `finetuning.fine_tuned`
    """
    figure, (axes,) = subplots(1, len(_PANELS), (9, 3.6))
    for panel, (name, label) in zip(axes, _PANELS.items(), strict=True):
        before = 100 * getattr(found.parent, name)
        panel.axhline(before, color="#222222", lw=1, ls=":", label="the parent")
        for pick, (colour, title) in _SHOWN.items():
            points = [point for point in found.curve if point.pick == pick]
            labels = [0, *(point.labels for point in points)]
            values = [before, *(100 * getattr(point.score, name) for point in points)]
            panel.plot(labels, values, "-o", ms=4, color=COLOURS[colour], label=title)
        if name == "covered":
            wanted = 100 * found.model.coverage
            panel.axhline(wanted, color="#222222", lw=1, ls="--", label=f"{wanted:g} % asked")
            panel.set_ylim(top=100)
        else:
            panel.set_ylim(bottom=0)
        panel.set(xlabel="labelled conduits", ylabel=label)
        panel.legend(fontsize=8)
    figure.suptitle(f"judged on {found.judged} of {found.conduits} conduits", fontsize=10)
    return figure
