"""params.yaml as the only truth: checked as a whole, and a profile applied to it.

``python -m poreops.params check`` validates the file, ``python -m poreops.params use NAME`` writes
a profile's values into it. Stages depend on their sections of params.yaml and on nothing else, so
that a profile re-runs what it touches, and `git diff params.yaml` shows what is being run.
"""

import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

from pydantic import BaseModel, ConfigDict, ValidationError

from poreops.base.content import Json
from poreops.base.files import read_yaml, write_text
from poreops.base.settings import PARAMS
from poreops.conductance.config import ConductanceParams
from poreops.cores.config import CoresParams
from poreops.errors import InputError, exit_on_input_error
from poreops.properties.config import PropertiesParams

if TYPE_CHECKING:
    from ruamel.yaml.comments import CommentedSeq

PROFILES = Path("profiles")

DEFAULT = "default"
"""The profile that changes nothing: params.yaml as it is committed."""

_USAGE = "say: python -m poreops.params check, or: python -m poreops.params use NAME"


class Params(BaseModel):
    """Every parameter of the pipeline, one field a line."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    conductance: ConductanceParams
    properties: PropertiesParams
    cores: CoresParams


def check(path: str | Path = PARAMS) -> Params:
    """Return the parameters of a file, all of them validated.

    Raises
    ------
    InputError
        If a key is misspelt, missing or out of range.
    """
    return _validated(_mapping(read_yaml(path), path), path)


def with_profile(name: str, path: str | Path = PARAMS, folder: str | Path = PROFILES) -> Params:
    """Return the parameters of a file with a profile applied; nothing is written."""
    text = Path(path).read_text(encoding="utf-8")
    if name != DEFAULT:
        text = _applied(text, _profile(name, Path(folder)))
    return _validated(_plain(text), path)


def use(name: str, path: str | Path = PARAMS, folder: str | Path = PROFILES) -> Params:
    """Apply a profile to params.yaml as it is committed, and return the result.

    Comments and order stay. What stands there now must be what is committed, or what a profile
    made of it: edits that would be lost are refused.

    Parameters
    ----------
    name : of a file in `folder`, or the path of a file of the same format, or ``default``
    path : params.yaml
    folder : of the profiles, <name>.yaml, which state only what differs

    Raises
    ------
    InputError
        If the profile is unknown or does not fit, or if params.yaml holds edits.
    """
    committed, present = _committed(Path(path)), _plain(Path(path).read_text(encoding="utf-8"))
    made = (
        committed,
        *(_applied(committed, file) for file in sorted(Path(folder).glob("*.yaml"))),
    )
    if present not in [_plain(text) for text in made]:
        raise InputError(
            f"{path} must be as committed, or as a profile made it, got edits of yours; commit "
            f"them, or drop them with: git restore {path}"
        )
    text = committed if name == DEFAULT else _applied(committed, _profile(name, Path(folder)))
    params = _validated(_plain(text), path)
    if _plain(text) != present:
        write_text(path, text)
    return params


def profiles(folder: str | Path = PROFILES) -> list[str]:
    """Return the names of the profiles; the first is the default."""
    return [DEFAULT, *sorted(path.stem for path in Path(folder).glob("*.yaml"))]


def _profile(name: str, folder: Path) -> Path:
    for path in (Path(name), folder / f"{name}.yaml"):
        if path.suffix == ".yaml" and path.is_file():
            return path
    raise InputError(f"profile must be one of {', '.join(profiles(folder))}, got {name!r}")


def _committed(path: Path) -> str:
    """Return the file as git has it: what a profile is applied to."""
    command = ["git", "-C", str(path.resolve().parent), "show", f"HEAD:./{path.name}"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise InputError(
            f"a profile is applied to {path} as git has it, got none ({answer.stderr.strip()}); "
            "work in a clone, and commit the file"
        )
    return answer.stdout


def _applied(text: str, profile: Path) -> str:
    """Return the text of params.yaml with a profile's values, its comments where they were."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.representer.add_representer(
        type(None), lambda dump, _: dump.represent_scalar("tag:yaml.org,2002:null", "null")
    )
    yaml.width = 4096
    yaml.preserve_quotes = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    content = yaml.load(text)
    _merge(content, _mapping(read_yaml(profile), profile), profile)
    stream = StringIO()
    yaml.dump(content, stream)
    return stream.getvalue()


def _plain(text: str) -> dict[str, Json]:
    import yaml

    return _mapping(yaml.safe_load(text), PARAMS)


def _mapping(content: Json, path: str | Path) -> dict[str, Json]:
    if not isinstance(content, dict | None):
        raise InputError(f"{path} must map names to values, got a {type(content).__name__}")
    return content or {}


def _merge(
    base: MutableMapping[str, Json], change: Mapping[str, Json], path: Path, *parents: str
) -> None:
    for key, value in change.items():
        name = ".".join([*parents, str(key)])
        if key not in base:
            raise InputError(
                f"{path} may change only keys of params.yaml, got {name}{_nearest(key, base)}"
            )
        if isinstance(base[key], dict) != isinstance(value, dict):
            kinds = ["one value", "a section"]
            raise InputError(
                f"{name} in {path} must be {kinds[isinstance(base[key], dict)]} as in params.yaml,"
                f" got {kinds[isinstance(value, dict)]}"
            )
        if isinstance(value, dict):
            _merge(base[key], value, path, *parents, str(key))
        else:
            base[key] = _in_one_line(value) if isinstance(value, list) else value


def _in_one_line(values: list[Json]) -> "CommentedSeq":
    from ruamel.yaml.comments import CommentedSeq

    inner = CommentedSeq(_in_one_line(v) if isinstance(v, list) else v for v in values)
    inner.fa.set_flow_style()
    return inner


def _validated(content: Mapping[str, Json], source: str | Path) -> Params:
    try:
        return Params.model_validate(content)
    except ValidationError as error:
        raise InputError(f"{source}: {'; '.join(_complaints(error))}") from None


def _complaints(error: ValidationError) -> Iterator[str]:
    for detail in error.errors():
        name = ".".join(str(part) for part in detail["loc"])
        if detail["type"] == "extra_forbidden":
            section: object = Params
            for part in detail["loc"][:-1]:
                section = (
                    section.model_fields[str(part)].annotation if _is_model(section) else None
                )
            known = section.model_fields if _is_model(section) else ()
            yield f"unknown key {name}{_nearest(detail['loc'][-1], known)}"
        elif detail["type"] == "missing":
            yield f"{name} is missing; every parameter is stated in params.yaml"
        else:
            message = detail["msg"][0].lower() + detail["msg"][1:]
            yield f"{name}: {message}, got {detail['input']!r}"


def _is_model(annotation: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _nearest(key: object, known: Iterable[object]) -> str:
    nearest = get_close_matches(str(key), [str(name) for name in known], n=1, cutoff=0)
    return f"; did you mean {nearest[0]}?" if nearest else ""


def main(arguments: list[str]) -> None:
    """Check params.yaml, or apply a profile to it."""
    match arguments:
        case ["check"]:
            check()
        case ["use", name]:
            use(name)
            sys.stdout.write(f"{PARAMS} holds the profile {name}\n")
        case _:
            raise InputError(f"there are two commands, got {' '.join(arguments)!r}; {_USAGE}")


if __name__ == "__main__":
    with exit_on_input_error():
        main(sys.argv[1:])
