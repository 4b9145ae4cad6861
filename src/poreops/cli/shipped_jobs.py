"""What `poreops models verify` does without a URI: score the models of the package again."""

from poreops.base.extras import needs
from poreops.cli.answer import Answer, Results


def verify() -> Answer:
    """Score the models of the package on a rock that is drawn on the spot."""
    from poreops.conductance.registry import shipped_folder, shipped_names
    from poreops.conductance.verifying import sample_regions, verified

    needs("conductance", "a conductance model")
    regions = {ndim: sample_regions(ndim) for ndim in (2, 3)}
    every = {
        name: verified(shipped_folder(name), regions[2 if name.endswith("-2d") else 3])
        for name in shipped_names()
    }
    return Answer({"job": "models verify", "models": every})


def verify_text(results: Results) -> str:
    """Return the results of `verify` for a terminal.

    Parameters
    ----------
    results : of `verify`
    """
    lines = []
    for name, card in results["models"].items():
        unseen, again = card["unseen"], card["again"]
        lines += [
            f"{name}",
            f"  learned from   {card['training']}",
            (
                f"  unseen         mean error {unseen['mape']:.2%}, off by more than 10 %: "
                f"{unseen['off_by_10pct']:.2%}, in their intervals: {unseen['covered']:.1%}"
            ),
            f"  sample rock    mean error {again['mape']:.2%}, as its card says",
        ]
    return "\n".join(lines)
