"""One section of params.yaml, for a stage that needs no other; values that a search chose.

A stage depends on all the code that it imports. This module imports no configuration of its own,
so that editing one part of the library re-runs the stages which use it and no others.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from poreops.base.content import Json
from poreops.base.files import read_yaml
from poreops.errors import InputError

PARAMS = Path("params.yaml")

P = TypeVar("P", bound=BaseModel)


def section(name: str, model: type[P], path: str | Path = PARAMS) -> P:
    """Return a section of params.yaml.

    Parameters
    ----------
    name : dotted, as "conductance.training"
    model : its type
    path : the file

    Raises
    ------
    InputError
        If the section is missing, or does not fit its type.
    """
    content = read_yaml(path)
    for part in name.split("."):
        if not isinstance(content, dict) or part not in content:
            raise InputError(f"{path} must hold the section {name}, got none; add it")
        content = content[part]
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise InputError(f"{path}: {_first(error, name)}") from None


def overridden(base: P, changes: Mapping[str, object]) -> P:
    """Return parameters with some dotted keys changed, validated again.

    Parameters
    ----------
    base : any parameters
    changes : as {"training.batch_size": 32}
    """
    content = base.model_dump(mode="json")
    for name, value in changes.items():
        *parents, key = name.split(".")
        part: object = content
        for parent in parents:
            part = part.get(parent, {}) if isinstance(part, dict) else {}
        if not isinstance(part, dict) or key not in part:
            raise InputError(f"a search may change only known parameters, got {name}")
        part[key] = value
    try:
        return type(base).model_validate(content)
    except ValidationError as error:
        raise InputError(f"a search must choose valid parameters: {_first(error)}") from None


def as_profile(line: str, changes: Mapping[str, object]) -> dict[str, Json]:
    """Return dotted changes in the format of a profile, to be adopted by ``poreops.params use``.

    Parameters
    ----------
    line : "conductance", "properties" or "cores"
    changes : dotted name within the line → value

    Examples
    --------
    >>> as_profile("cores", {"training.batch_size": 32})
    {'cores': {'training': {'batch_size': 32}}}
    """
    profile: dict[str, Json] = {}
    for name, value in changes.items():
        *parents, key = (line, *name.split("."))
        part = profile
        for parent in parents:
            part = part.setdefault(parent, {})
        part[key] = value
    return profile


def _first(error: ValidationError, *parents: str) -> str:
    detail = error.errors()[0]
    key = ".".join([*parents, *map(str, detail["loc"])])
    return f"{key}: {detail['msg']}, got {detail['input']!r}"
