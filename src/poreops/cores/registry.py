"""The registered digital core: its name, what is registered, and where it is loaded from."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from poreops.base.content import Json
from poreops.base.extras import needs

if TYPE_CHECKING:
    from pydantic import BaseModel

    from poreops.cores.model import CoreModel
    from poreops.mlops.registry import Candidate

MODEL = "digital-core"
"""Name of the registered model."""
_DOES = "Draws grey images of the rock it was trained on; a seed and a size give one image each."
_LIMITS = (
    "Its images are no measurements: they show what one rock may look like, at the pixel size of "
    "its crops, and no structure larger than these."
)


def load_core_model(uri: str) -> "CoreModel":
    """Load a digital core model.

    Parameters
    ----------
    uri : as ``models:/digital-core@champion``, or a folder that cores_train or cores_quilt wrote

    Returns
    -------
    DigitalCoreModel or QuiltingModel
        With ``.generate(count, size, seed=0)``.

    Raises
    ------
    InputError
        No such model or no champion (``make repro`` makes one), or files that do not fit.
    """
    needs("cores", "a digital core model")
    from poreops.cores.learning.description import DESCRIPTION
    from poreops.cores.model import load_generator
    from poreops.mlops.registry import model_files

    remedy = f"name one that cores_register registered, as models:/{MODEL}@champion"
    return load_generator(model_files(uri, DESCRIPTION, "a digital core model", remedy))


def candidate(
    offer: Mapping[str, Json],
    models: Path,
    probe: Path,
    *,
    valid: bool,
    judging: "BaseModel | None" = None,
) -> "Candidate":
    """Return the offered generator as a candidate for the champion's place.

    Parameters
    ----------
    offer : of `poreops.cores.judging.offer.offer`
    models : folder of the generators
    probe : file of the crops that later rivals are scored on too
    valid : whether the crops passed their validation
    judging : how it was judged, by which its version can be scored again
    """
    from poreops.base.files import read_json
    from poreops.cores.learning.description import DESCRIPTION
    from poreops.cores.model import load_generator
    from poreops.mlops.registry import Candidate

    files = models / offer["name"]
    return Candidate(
        name=MODEL,
        files=files,
        probe=probe,
        judged=offer["sha256"],
        judged_on=offer["judged_on"],
        scores=offer["scores"],
        main=offer["main"],
        probed=offer["probe"],
        valid=valid,
        nulls=offer["nulls"],
        params=read_json(files / DESCRIPTION),
        tags={
            "method": offer["method"],
            "trained": offer["name"],
            "holds": load_generator(files).made_of,
        }
        | ({"judging": judging.model_dump_json()} if judging else {}),
        does=_DOES,
        limits=_LIMITS,
    )


def package(folder: Path, offered: "Candidate") -> Path:
    """Save the model that MLflow serves: numbers of cores and their size in, cores out.

    A request may state the porosity and the ore share of its cores.

    Parameters
    ----------
    folder : replaced if it exists
    offered : Candidate

    Returns
    -------
    Path
        The folder.
    """
    import numpy as np

    import poreops.cores
    from poreops.mlops.tracking import Tensor, save_pyfunc

    return save_pyfunc(
        folder,
        Path(poreops.cores.__path__[0]) / "served.py",
        {"generator": offered.files, "probe": offered.probe},
        inputs=Tensor("float64", (-1, 2)),
        outputs=Tensor("uint8", (-1, -1, -1)),
        metadata={"method": offered.tags["method"]},
        example=np.array([[0.0, 64.0]]),
        options=("porosity", "ore_share"),
    )
