"""Models of the registry by their URI: load one, hand one to PoreSpy."""

from pathlib import Path
from typing import TYPE_CHECKING

from poreops.base.extras import needs
from poreops.base.files import read_json
from poreops.errors import InputError

if TYPE_CHECKING:
    from poreops.conductance.model import ConductanceModel
    from poreops.conduits.quantity import Target
    from poreops.mlops.tracking import ModelVersion

MODELS: "dict[Target, str]" = {"diffusive": "conductance", "hydraulic": "hydraulic-conductance"}
"""Name of the registered model of each target."""

SHIPPED = "shipped:"
"""What the URI of a model of the package begins with; ``shipped/<transport>/card.json`` says how
it was made and what it reached."""


def shipped_names() -> list[str]:
    """Return the URIs of the models that came with the package."""
    every = Path(__file__).with_name("shipped").glob("*/card.json")
    return sorted(f"{SHIPPED}{path.parent.name}" for path in every)


def shipped_folder(uri: str) -> Path:
    """Return the folder of a model that came with the package.

    Parameters
    ----------
    uri : ``shipped:diffusion`` or ``shipped:flow``, of 2D conduits ``shipped:diffusion-2d`` or
        ``shipped:flow-2d``

    Raises
    ------
    InputError
        There is none of that name.
    """
    if uri not in (names := shipped_names()):
        raise InputError(
            f"a model of the package must be one of {', '.join(names)}, got {uri}; or name one of "
            "the registry"
        )
    return Path(__file__).with_name("shipped") / uri.removeprefix(SHIPPED)


def load_model(uri: str) -> "ConductanceModel":
    """Load a conductance model.

    Parameters
    ----------
    uri : str
        As ``models:/conductance@champion``, a folder that the stage conductance_train wrote, or
        one of the package, as ``shipped:diffusion`` and ``shipped:flow`` (`shipped_names`).

    Returns
    -------
    ConductanceModel
        With ``.size_factors(labels, conns, voxel_size=1.0)`` and ``.predict(rois)``.

    Raises
    ------
    InputError
        No such model or no champion (``make repro`` makes one), or files that do not fit.
    """
    from poreops.conductance.model import DESCRIPTION, ConductanceModel
    from poreops.mlops.registry import model_files

    if str(uri).startswith(SHIPPED):  # of trees alone: neither Keras nor TensorFlow
        return ConductanceModel.load(shipped_folder(uri))
    needs("conductance", "a conductance model")
    remedy = "name one that conductance_register registered, as models:/conductance@champion"
    return ConductanceModel.load(model_files(uri, DESCRIPTION, "a conductance model", remedy))


def standing_champion(
    registered: Path, of: str
) -> "tuple[ModelVersion, Path] | tuple[None, None]":
    """Return the champion and its folder, or twice None if no model passed the gate.

    Parameters
    ----------
    registered : JSON that the stage conductance_register wrote
    of : folder of the target

    Raises
    ------
    InputError
        If a model passed the gate, and the registry has no champion.
    """
    from poreops.base.targets import part
    from poreops.mlops.tracking import champion_info, download

    content = part(read_json(registered), of)
    try:
        version = champion_info(content["model"])
        return version, download(version.uri).resolve()
    except InputError:
        if content["gate"] == "passed":
            raise
        return None, None
