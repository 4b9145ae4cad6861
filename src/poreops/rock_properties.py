"""The model of rock properties by its URI."""

from typing import TYPE_CHECKING

from poreops.errors import InputError

if TYPE_CHECKING:
    from poreops.learning.rock_model import RockModel

MODEL = "rock-properties"
"""Name of the registered model."""


def load_rock_model(uri: str) -> "RockModel":
    """Load a model of porosity and permeability.

    Parameters
    ----------
    uri : str
        As ``models:/rock-properties@champion``, or a folder that `RockModel.save` wrote.

    Returns
    -------
    RockModel
        With ``.predict(grey, voxel_size)``.

    Raises
    ------
    InputError
        No such model or no champion (``make repro`` makes one), or files that do not fit.
    """
    from pathlib import Path

    from poreops.learning.rock_model import DESCRIPTION, RockModel
    from poreops.tracking import download

    folder = Path(uri) if (Path(uri) / DESCRIPTION).exists() else download(uri)
    found = sorted(folder.rglob(DESCRIPTION))
    if len(found) != 1:
        raise InputError(
            f"{uri} must be a model of rock properties, got {len(found)} files {DESCRIPTION} in "
            f"it; name one that register_ensemble registered, as models:/{MODEL}@champion"
        )
    return RockModel.load(found[0].parent)
