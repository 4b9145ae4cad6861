"""The registered digital core: its name, and where it is loaded from."""

from typing import TYPE_CHECKING

from poreops.base.extras import needs

if TYPE_CHECKING:
    from poreops.cores.model import DigitalCoreModel

MODEL = "digital-core"
"""Name of the registered model."""


def load_core_model(uri: str) -> "DigitalCoreModel":
    """Load a digital core model.

    Parameters
    ----------
    uri : as ``models:/digital-core@champion``, or a folder that the stage cores_train wrote

    Returns
    -------
    DigitalCoreModel
        With ``.generate(count, size, seed=0)``.

    Raises
    ------
    InputError
        No such model or no champion (``make repro`` makes one), or files that do not fit.
    """
    needs("cores", "a digital core model")
    from poreops.cores.model import DESCRIPTION, DigitalCoreModel
    from poreops.mlops.registry import model_files

    remedy = f"name one that cores_register registered, as models:/{MODEL}@champion"
    return DigitalCoreModel.load(model_files(uri, DESCRIPTION, "a digital core model", remedy))
