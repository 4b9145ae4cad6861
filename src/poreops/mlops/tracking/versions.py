"""The registry of models: versions, the aliases champion and challenger, downloads."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from poreops.base.arguments import shown
from poreops.base.files import read_yaml
from poreops.errors import InputError
from poreops.mlops.tracking.connection import client, plain_errors, reader
from poreops.mlops.tracking.embedded import tracking_uri
from poreops.mlops.tracking.runs import Run

if TYPE_CHECKING:
    from mlflow import entities

CHAMPION, CHALLENGER = "champion", "challenger"
GATE = "gate"
"""Tag of a version: what the gate said to it."""
_REMEDY = "e.g. models:/conductance@champion, models:/conductance/latest"


@dataclass(frozen=True)
class ModelVersion:
    """A version of a registered model."""

    name: str
    version: int
    run_id: str
    tags: Mapping[str, str]
    aliases: tuple[str, ...]

    @property
    def uri(self) -> str:
        """The URI that `download` takes."""
        return f"models:/{self.name}/{self.version}"


def register(
    run: Run,
    folder: str | Path,
    name: str,
    *,
    sha256: str,
    tags: Mapping[str, object] | None = None,
) -> ModelVersion:
    """Register the model of a folder and return its version; the same model is registered once.

    Parameters
    ----------
    run : gets the folder as the artifact "model", and is where the version points to.
    folder : made by `save_pyfunc`.
    name : of the registered model; made if missing.
    sha256 : digest of the package: a version with this digest and its files is returned as it is.
    tags : lineage and metrics of the version.
    """
    if found := find_version(name, sha256):
        return found
    from mlflow.exceptions import MlflowException

    with plain_errors():
        client().log_artifacts(run.id, str(folder), "model")
        try:
            client().create_registered_model(name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        version = client().create_model_version(
            name,
            source=f"runs:/{run.id}/model",
            run_id=run.id,
            tags={
                key: str(value) for key, value in (dict(tags or {}) | {"sha256": sha256}).items()
            },
        )
    return _version(client().get_model_version(name, version.version))


def find_version(name: str, sha256: str) -> ModelVersion | None:
    """Return the newest version with this digest whose files are there, or None."""
    with plain_errors():
        found = client().search_model_versions(f"name = '{name}' and tags.sha256 = '{sha256}'")
    there = [version for version in found if _has_files(version.run_id)]
    if not there:
        return None
    newest = max(there, key=lambda version: int(version.version))
    return _version(client().get_model_version(name, newest.version))


def set_alias(version: ModelVersion, alias: str) -> None:
    """Let `alias` name this version, and no other."""
    with plain_errors():
        client().set_registered_model_alias(version.name, alias, str(version.version))


def drop_alias(version: ModelVersion, alias: str) -> None:
    """Let `alias` name no version."""
    with plain_errors():
        client().delete_registered_model_alias(version.name, alias)


def promote(version: ModelVersion, tags: Mapping[str, object] | None = None) -> None:
    """Make this version the champion, with tags that say why; the gate is the caller's."""
    note(version, tags or {})
    set_alias(version, CHAMPION)


def note(version: ModelVersion, tags: Mapping[str, object]) -> None:
    """Set tags of a version."""
    with plain_errors():
        for key, value in tags.items():
            client().set_model_version_tag(version.name, str(version.version), key, str(value))


def champion_info(name: str) -> ModelVersion:
    """Return the champion of a registered model; raises InputError if there is none."""
    return _resolve(f"models:/{name}@{CHAMPION}")


def download(uri: str, folder: str | Path | None = None) -> Path:
    """Return the folder of a model, whole.

    Parameters
    ----------
    uri : "models:/name@alias", "models:/name/version" (or "latest"), "runs:/id/path", or a folder.
    folder : where to copy the model; by default the store's own folder is returned if it is on
        this machine, and a temporary copy otherwise.

    Raises
    ------
    InputError
        If there is no such model, or its files are gone.
    """
    from mlflow.exceptions import MlflowException

    if not isinstance(uri, str | Path):
        raise InputError(f"a model must be a URI or a folder, got {shown(uri)}; {_REMEDY}")
    source = uri = str(uri)
    scheme, colon, _ = uri.partition(":/")
    if colon and scheme not in ("models", "runs"):
        raise InputError(
            f"a model must be a URI of the registry or a folder, got {uri}; {_REMEDY}"
        )
    if uri.startswith("models:"):
        version = _resolve(uri)
        source = reader().get_model_version_download_uri(version.name, str(version.version))
    try:
        if source.startswith("runs:/"):
            run_id, _, path = source.removeprefix("runs:/").partition("/")
            with plain_errors():
                source = f"{reader().get_run(run_id).info.artifact_uri}/{path}"
        found = Path(source)
        if ":/" in source:
            found = Path(_fetched(source, folder))
        elif folder is not None and (found / "MLmodel").is_file():
            found = Path(shutil.copytree(found, folder, dirs_exist_ok=True))
    except (MlflowException, OSError) as error:
        raise InputError(
            f"the model must be one that exists, got {uri} ({str(error).splitlines()[0]}); "
            "list the models with: make ui"
        ) from None
    # MLflow downloads nothing, without an error, from a store whose files are gone
    if missing := _missing_files(found):
        raise InputError(
            f"the model {uri} must have its files, got no {missing} in {found}; "
            "restore the folder of artifacts, or register again with: make repro"
        )
    return found


def _missing_files(folder: Path) -> str:
    if not (folder / "MLmodel").is_file():
        return "MLmodel"
    flavors = read_yaml(folder / "MLmodel").get("flavors", {})
    stated = flavors.get("python_function", {}).get("artifacts") or {}
    paths = [artifact["path"] for artifact in stated.values()]
    return ", ".join(path for path in paths if not (folder / path).exists())


def _fetched(source: str, folder: str | Path | None) -> str:
    import mlflow

    if folder is not None:
        Path(folder).mkdir(parents=True, exist_ok=True)
    target = None if folder is None else str(folder)
    return str(
        mlflow.artifacts.download_artifacts(source, dst_path=target, tracking_uri=tracking_uri())
    )


def _resolve(uri: str) -> ModelVersion:
    from mlflow.exceptions import MlflowException

    name, alias, rest = uri.removeprefix("models:").lstrip("/").partition("@")
    if not alias:
        name, _, rest = name.partition("/")
    with plain_errors():
        try:
            if alias:
                found = reader().get_model_version_by_alias(name, rest)
            else:
                found = reader().get_model_version(
                    name, _newest(name) if rest == "latest" else rest
                )
        except MlflowException as error:
            if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                raise
            if rest == CHAMPION and (refused := _refusal(name)):
                raise InputError(refused) from None
            raise InputError(
                f"the registry must hold {uri}, got none in {tracking_uri()}; "
                "make a champion with: make repro"
            ) from None
        return _version(reader().get_model_version(name, found.version))


def _newest(name: str) -> str:
    """Return the number of the newest version, "0" if there is none."""
    versions = reader().search_model_versions(f"name = '{name}'")
    return str(max((int(version.version) for version in versions), default=0))


def _refusal(name: str) -> str:
    """Say why a registered model has no champion, and what there is; empty if there is nothing."""
    from mlflow.exceptions import MlflowException

    try:
        found = client().get_model_version_by_alias(name, CHALLENGER)
    except MlflowException:
        return ""
    reasons = dict(found.tags).get(GATE, "")
    return (
        f"{name} must have a champion, its version {found.version} was refused by the gate "
        f"({reasons or 'no reason noted'}); use models:/{name}@{CHALLENGER}"
    )


def _has_files(run_id: str) -> bool:
    from mlflow.exceptions import MlflowException

    try:
        files = client().list_artifacts(run_id, "model")
    except MlflowException:
        return False
    return any(file.path == "model/MLmodel" for file in files)


def _version(found: "entities.ModelVersion") -> ModelVersion:
    return ModelVersion(
        found.name, int(found.version), found.run_id, dict(found.tags), tuple(found.aliases)
    )
