"""One section of the resolved parameters, for a stage that needs no other.

A stage depends on all the code that it imports. This module imports no configuration of its own,
so that editing one part of the library re-runs the stages which use it and no others.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from poreops.base.files import read_yaml
from poreops.errors import InputError

RESOLVED = Path("artifacts/params.yaml")

P = TypeVar("P", bound=BaseModel)


def section(name: str, model: type[P], path: str | Path = RESOLVED) -> P:
    """Return a section of the parameters that the stage resolve_params wrote.

    Parameters
    ----------
    name : of the section
    model : its type
    path : the file
    """
    content = read_yaml(path) or {}
    if name not in content:
        raise InputError(f"{path} must hold the section {name}; make it with dvc repro")
    try:
        return model.model_validate(content[name])
    except ValidationError as error:
        raise InputError(f"{path}: {_first(error, name)}") from None


def overridden(base: P, changes: Mapping[str, Any]) -> P:
    """Return parameters with some dotted keys changed, validated again.

    Parameters
    ----------
    base : any parameters
    changes : as {"training.batch_size": 32}
    """
    content = base.model_dump(mode="json")
    for name, value in changes.items():
        *parents, key = name.split(".")
        part: Any = content
        for parent in parents:
            part = part.get(parent, {}) if isinstance(part, dict) else {}
        if not isinstance(part, dict) or key not in part:
            raise InputError(f"a search may change only known parameters, got {name}")
        part[key] = value
    try:
        return type(base).model_validate(content)
    except ValidationError as error:
        raise InputError(f"a search must choose valid parameters: {_first(error)}") from None


def _first(error: ValidationError, *parents: str) -> str:
    detail = error.errors()[0]
    key = ".".join([*parents, *map(str, detail["loc"])])
    return f"{key}: {detail['msg']}, got {detail['input']!r}"
