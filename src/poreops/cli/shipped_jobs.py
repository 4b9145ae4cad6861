"""What `poreops models verify` does without a URI: score the models of the package again."""

from pathlib import Path

from poreops.base.extras import needs
from poreops.cli.answer import Answer, Results
from poreops.errors import InputError


def verify(uri: str | None = None, key: Path | None = None) -> Answer:
    """Score the models of the package on a rock that is drawn on the spot.

    Parameters
    ----------
    uri : of one of them, ``shipped:flow``; all of them by default
    key : refused, as they are not signed

    Raises
    ------
    InputError
        No such model, or a key.
    """
    from poreops.conductance.registry import shipped_folder, shipped_names
    from poreops.conductance.verifying import sample_regions, verified

    if key is not None:
        raise InputError(
            f"the models of the package bear no signature that {key} could check; drop --key, or "
            "name a signed version of the registry"
        )
    needs("conductance", "a conductance model")
    folders = {name: shipped_folder(name) for name in ([uri] if uri else shipped_names())}
    regions = {ndim: sample_regions(ndim) for ndim in (2, 3)}
    every = {
        name: verified(folder, regions[2 if name.endswith("-2d") else 3])
        for name, folder in folders.items()
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
