"""Typed parameters: params.yaml with a profile merged in, each section a frozen pydantic model.

The stage resolve_params writes the result to artifacts/params.yaml, and the other stages depend on
their sections of that file alone: a profile then re-runs what it touches and nothing else.
"""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from poreops.base.files import read_yaml, write_text
from poreops.base.settings import RESOLVED
from poreops.conductance.gate import GateConfig
from poreops.conductance.judging.networks import NetworkEvaluationConfig
from poreops.conductance.learning.resnet import ResnetConfig
from poreops.conductance.learning.splits import SplitConfig
from poreops.conductance.learning.training import TrainingConfig
from poreops.conductance.search import ResnetSearchConfig
from poreops.conductance.suites import ValidationConfig
from poreops.conduits.labels import LabelConfig
from poreops.conduits.partition import PartitionConfig
from poreops.cores.crops import ShaleConfig
from poreops.cores.gate import CoreGateConfig
from poreops.cores.judging.evaluation import CoreEvaluationConfig
from poreops.cores.learning.networks import WganConfig
from poreops.cores.learning.training import WganTrainingConfig
from poreops.cores.search import WganSearchConfig
from poreops.cores.suites import CoreValidationConfig
from poreops.errors import InputError
from poreops.machine.tasks import ComputeConfig
from poreops.properties.gate import RockEvaluationConfig, RockGateConfig
from poreops.properties.learning.plans import SliceSplitConfig
from poreops.properties.learning.stacks import EnsembleConfig
from poreops.properties.rocks import RocksConfig
from poreops.properties.search import EnsembleSearchConfig
from poreops.properties.selection import SelectionConfig
from poreops.properties.slices.segment import SegmentConfig
from poreops.properties.suites import RockValidationConfig
from poreops.synthetic.spheres import VolumesConfig

DEFAULT_PROFILE = "default"
"""The profile that changes nothing: params.yaml as it stands."""

P = TypeVar("P", bound=BaseModel)


class Params(BaseModel):
    """Every parameter of the pipeline, one field per section of params.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    profile: str
    compute: ComputeConfig
    volumes: VolumesConfig
    partition: PartitionConfig
    label: LabelConfig
    validation: ValidationConfig
    split: SplitConfig
    resnet: ResnetConfig
    training: TrainingConfig
    tune_resnet: ResnetSearchConfig
    conductance_gate: GateConfig
    evaluate_network: NetworkEvaluationConfig
    rocks: RocksConfig
    segmentation: SegmentConfig
    slices_validation: RockValidationConfig
    slice_split: SliceSplitConfig
    selection: SelectionConfig
    ensemble: EnsembleConfig
    tune_ensemble: EnsembleSearchConfig
    evaluate_ensemble: RockEvaluationConfig
    rock_gate: RockGateConfig
    shale: ShaleConfig
    core_validation: CoreValidationConfig
    wgan: WganConfig
    wgan_training: WganTrainingConfig
    tune_wgan: WganSearchConfig
    evaluate_wgan: CoreEvaluationConfig
    wgan_gate: CoreGateConfig


def resolve(params_path: str | Path, profiles_dir: str | Path) -> Params:
    """Return the parameters of `params_path` with the profile that it names merged in, validated.

    Parameters
    ----------
    params_path : YAML file with the key `profile` and every section.
    profiles_dir : folder of <profile>.yaml files that state only what differs.

    Raises
    ------
    InputError
        If the profile is unknown, or a key is misspelt, missing or out of range.
    """
    return validate(merge_profile(params_path, profiles_dir), Params, params_path)


def load_params(path: str | Path = RESOLVED) -> Params:
    """Return the resolved parameters that the stage resolve_params wrote, validated again."""
    return validate(_mapping(path), Params, path)


def merge_profile(params_path: str | Path, profiles_dir: str | Path) -> dict[str, Any]:
    """Return the content of `params_path` with its profile merged in, not yet validated."""
    base = _mapping(params_path)
    name = str(base.get("profile"))
    _check_profile(name, profiles_dir)
    if name == DEFAULT_PROFILE:
        return base
    path = Path(profiles_dir) / f"{name}.yaml"
    return _merge(base, _mapping(path), path)


def validate(content: Mapping[str, Any], model: type[P], source: str | Path) -> P:
    """Return `content` as `model`; raises InputError naming `source` and every wrong key."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise InputError(f"{source}: {'; '.join(_complaints(error, model))}") from None


def profiles(profiles_dir: str | Path) -> list[str]:
    """Return the names of the profiles; the first is the default."""
    return [DEFAULT_PROFILE, *sorted(path.stem for path in Path(profiles_dir).glob("*.yaml"))]


def select_profile(name: str, params_path: str | Path, profiles_dir: str | Path) -> None:
    """Set the line `profile:` of a params.yaml and keep every other line."""
    _check_profile(name, profiles_dir)
    path = Path(params_path)
    text = path.read_text(encoding="utf-8")
    changed, count = re.subn(
        r"^profile:[ \t]*[^\s#]+", f"profile: {name}", text, flags=re.MULTILINE
    )
    if count != 1:
        raise InputError(
            f"{path} must hold one line `profile: NAME`, got {count}; "
            f"put `profile: {DEFAULT_PROFILE}` at its top"
        )
    if changed != text:
        write_text(path, changed)


def _mapping(path: str | Path) -> dict[str, Any]:
    content = read_yaml(path)
    if not isinstance(content, dict | None):
        raise InputError(f"{path} must map names to values, got a {type(content).__name__}")
    return content or {}


def _merge(
    base: Mapping[str, Any], change: Mapping[str, Any], path: Path, parents: tuple[str, ...] = ()
) -> dict[str, Any]:
    merged = dict(base)
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
        merged[key] = (
            _merge(base[key], value, path, (*parents, key)) if isinstance(value, dict) else value
        )
    return merged


def _check_profile(name: str, profiles_dir: str | Path) -> None:
    if name not in (known := profiles(profiles_dir)):
        raise InputError(f"profile must be one of {', '.join(known)}, got {name!r}")


def _complaints(error: ValidationError, model: type[BaseModel]) -> Iterator[str]:
    for detail in error.errors():
        name = ".".join(str(part) for part in detail["loc"])
        if detail["type"] == "extra_forbidden":
            section: Any = model
            for part in detail["loc"][:-1]:
                section = section.model_fields[part].annotation if _is_model(section) else None
            known = section.model_fields if _is_model(section) else ()
            yield f"unknown key {name}{_nearest(detail['loc'][-1], known)}"
        elif detail["type"] == "missing":
            yield f"{name} is missing; every parameter is stated in params.yaml"
        else:
            message = detail["msg"][0].lower() + detail["msg"][1:]
            yield f"{name}: {message}, got {detail['input']!r}"


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _nearest(key: Any, known: Any) -> str:
    nearest = get_close_matches(str(key), [str(name) for name in known], n=1, cutoff=0)
    return f"; did you mean {nearest[0]}?" if nearest else ""
