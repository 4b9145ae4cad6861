"""Load the model that a command was given; what cannot be one is one line."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from poreops.errors import InputError

if TYPE_CHECKING:
    from poreops.conductance.model import ConductanceModel

_Model = TypeVar("_Model")

_URI = re.compile(r"models:/[^/@\s]+(/\d+|/latest|@[^/@\s]+)")
_SHIPPED = re.compile(r"shipped:[\w-]+")
_RUN = re.compile(r"runs:/[0-9a-fA-F]+/.+")


def loaded_model(uri: str | None) -> "ConductanceModel | None":
    """Return the conductance model of a URI or folder, None for none.

    Parameters
    ----------
    uri : of the model, or its folder
    """
    if uri is None:
        return None
    import poreops

    return load(poreops.load_model, uri)


def load(loader: Callable[[str], _Model], uri: str) -> _Model:
    """Load a model by its URI or folder.

    Parameters
    ----------
    loader : gives the model of a URI or folder
    uri : of the model, or its folder

    Raises
    ------
    InputError
        The URI is mistyped, the folder cannot be read, the server does not answer, or the
        framework of the model is not installed.
    """
    _check_uri(uri)
    try:
        return loader(uri)
    except ImportError as error:
        package = (error.name or "of its framework").partition(".")[0]
        raise InputError(
            f"the model {uri} needs the package {package}, which is not installed; pip install it "
            "(a network and its size factors need none with --method dns)"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(
            f"the model {uri} must be readable, got {reason}; check the folder and its rights"
        ) from error
    except Exception as error:
        if not type(error).__module__.startswith("mlflow."):
            raise
        reason = " ".join(str(error).split())[:200]
        raise InputError(
            f"the model {uri} must be one that can be had, got {reason}; list the models with: "
            "make ui"
        ) from error


def _check_uri(uri: str) -> None:
    if not uri.strip():
        raise InputError(
            "a model must be named, got an empty name; give --model models:/NAME@champion or a "
            "folder"
        )
    if Path(uri).exists() or any(of.fullmatch(uri) for of in (_URI, _RUN, _SHIPPED)):
        return
    if ":" in uri.split("/", 1)[0]:
        raise InputError(
            "a model must be models:/NAME@ALIAS, models:/NAME/VERSION (or latest), runs:/RUN/PATH "
            f"or a folder, got {uri!r}; correct --model"
        )
    raise InputError(
        f"the model must be one that exists, there is no folder {uri}; give a folder, or "
        "models:/NAME@champion"
    )
