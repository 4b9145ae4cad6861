"""What `poreops models verify` does without a URI: score the models of the package again."""

from poreops.base.extras import needs
from poreops.cli.answer import Answer, Results
from poreops.synthetic.sample import sample_rock


def verify() -> Answer:
    """Score the models of the package on a rock that is drawn on the spot."""
    from poreops.conductance.registry import SHIPPED, shipped_folder
    from poreops.conductance.verifying import verified
    from poreops.conduits.partition import partition

    needs("conductance", "a conductance model")
    regions = partition(sample_rock(64, 0.4))
    names = [f"{SHIPPED}{transport}" for transport in ("diffusion", "flow")]
    every = {name: verified(shipped_folder(name), regions) for name in names}
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
