"""The model of rock properties by its URI."""

from typing import TYPE_CHECKING

from poreops.base.extras import needs

if TYPE_CHECKING:
    from poreops.properties.model import RockModel

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
    needs("properties", "a model of rock properties")
    from poreops.mlops.registry import model_files
    from poreops.properties.model import DESCRIPTION, RockModel

    remedy = f"name one that properties_register registered, as models:/{MODEL}@champion"
    return RockModel.load(model_files(uri, DESCRIPTION, "a model of rock properties", remedy))
