"""The registry of models: versions, the aliases champion and challenger, downloads."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from poreops.base.arguments import shown
from poreops.base.files import read_yaml
from poreops.base.files import sha256 as digest_of
from poreops.errors import InputError
from poreops.mlops.tracking.connection import client, plain_errors, reader
from poreops.mlops.tracking.embedded import tracking_uri
from poreops.mlops.tracking.owners import pages
from poreops.mlops.tracking.package import MANIFEST, check_package, package_of
from poreops.mlops.tracking.runs import Run
from poreops.mlops.tracking.signing import check_signature, configured_key, sign, signing_key

if TYPE_CHECKING:
    from mlflow import entities

CHAMPION, CHALLENGER = "champion", "challenger"
GATE = "gate"
"""Tag of a version: what the gate said to it."""
MANIFEST_TAG = "manifest.sha256"
"""Tag of a version: digest of the manifest of its package."""
_REMEDY = "e.g. models:/conductance@champion, models:/conductance/latest"


@dataclass(frozen=True)
class ModelVersion:
    """A version of a registered model; `created` is in ms since 1970."""

    name: str
    version: int
    run_id: str
    tags: Mapping[str, str]
    aliases: tuple[str, ...]
    created: int = 0
    description: str = ""

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

    noted = dict(tags or {}) | {"sha256": sha256}
    if (manifest := Path(folder) / MANIFEST).is_file():
        noted[MANIFEST_TAG] = digest_of(manifest)
        if key := signing_key():
            sign(Path(folder), name, key)
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
            tags={key: str(value) for key, value in noted.items()},
        )
    return _version(client().get_model_version(name, version.version))


def find_version(name: str, sha256: str) -> ModelVersion | None:
    """Return the newest version with this digest whose files are there and whole, or None."""
    with plain_errors():
        found = client().search_model_versions(f"name = '{name}' and tags.sha256 = '{sha256}'")
    for each in sorted(found, key=lambda version: -int(version.version)):
        if has_files(each.run_id) and _is_whole(version := version_of(name, each.version)):
            return version
    return None


def _is_whole(version: ModelVersion) -> bool:
    try:
        check_package(_downloaded(version.uri, None)[0], version.uri, _manifest(version))
    except InputError:
        return False
    return True


def set_alias(version: ModelVersion, alias: str) -> None:
    """Let `alias` name this version, and no other."""
    with plain_errors():
        client().set_registered_model_alias(version.name, alias, str(version.version))


def drop_alias(version: ModelVersion, alias: str) -> None:
    """Let `alias` name no version."""
    with plain_errors():
        client().delete_registered_model_alias(version.name, alias)


def add_file(version: ModelVersion, file: Path) -> None:
    """Put a file, as a signature, beside the files of a version."""
    source = client().get_model_version_download_uri(version.name, str(version.version))
    with plain_errors():
        if source.startswith("runs:/"):
            run_id, _, path = source.removeprefix("runs:/").partition("/")
            client().log_artifact(run_id, str(file), path)
        elif ":/" in source:
            client().log_artifact(version.run_id, str(file), "model")
        else:
            shutil.copyfile(file, Path(source) / file.name)


def describe(version: ModelVersion, text: str) -> None:
    """Set the description of a version, which MLflow's pages show."""
    with plain_errors():
        client().update_model_version(version.name, str(version.version), text)


def note(version: ModelVersion, tags: Mapping[str, object]) -> None:
    """Set tags of a version."""
    with plain_errors():
        for key, value in tags.items():
            client().set_model_version_tag(version.name, str(version.version), key, str(value))


def version_of(name: str, number: int | str) -> ModelVersion:
    """Return a version by its number; raises InputError if there is none."""
    return resolve(f"models:/{name}/{number}")


def registered_names() -> list[str]:
    """Return the names of the registered models."""
    with plain_errors():
        return sorted(str(model.name) for model in reader().search_registered_models())


def versions_of(name: str) -> list[ModelVersion]:
    """Return the versions of a registered model, the newest first, with their aliases.

    Raises
    ------
    InputError
        If there is no such model.
    """
    from mlflow.exceptions import MlflowException

    with plain_errors():
        try:
            aliases: dict[str, list[str]] = {}
            for alias, number in reader().get_registered_model(name).aliases.items():
                aliases.setdefault(str(number), []).append(alias)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            raise InputError(
                f"the registry must hold {name}, got none in {tracking_uri()}; "
                "list the models with: poreops models list"
            ) from None
        query = f"name = '{name}'"
        found = pages(lambda token: reader().search_model_versions(query, page_token=token))
    versions = [
        replace(_version(v), aliases=tuple(aliases.get(str(v.version), ()))) for v in found
    ]
    return sorted(versions, key=lambda version: -version.version)


def champion_info(name: str) -> ModelVersion:
    """Return the champion of a registered model; raises InputError if there is none."""
    return resolve(f"models:/{name}@{CHAMPION}")


def download(uri: str, folder: str | Path | None = None, *, checked_by_key: bool = True) -> Path:
    """Return the folder of a model, whole, with the bytes that were registered.

    Parameters
    ----------
    uri : "models:/name@alias", "models:/name/version" (or "latest"), "runs:/id/path", or a folder.
    folder : where to copy the model; by default the store's own folder is returned if it is on
        this machine, and a temporary copy otherwise.
    checked_by_key : whether a configured key must have signed it

    Raises
    ------
    InputError
        If there is no such model, its files are gone or others than were registered, or it is not
        signed by the key that POREOPS_PUBLIC_KEY names.
    """
    found, version = _downloaded(uri, folder)
    check_package(found, str(uri), None if version is None else _manifest(version))
    if (
        version is not None and MANIFEST_TAG not in version.tags
    ) and "files.sha256" in version.tags:
        _check_package_of_0_2(found, version)
    if checked_by_key and (key := configured_key()):
        check_signature(found, str(uri), key)
    return found


def checked_folder(folder: Path) -> Path:
    """Return a folder of a model's own files, checked like `download` does in a package.

    Raises
    ------
    InputError
        If the package has other bytes than its manifest says, or is not signed by the key that
        POREOPS_PUBLIC_KEY names.
    """
    package, key = package_of(folder.resolve()), configured_key()
    if package is not None:
        check_package(package, str(folder))
    if key is not None:
        check_signature(package or folder, str(folder), key)
    return folder


def _manifest(version: ModelVersion) -> str | None:
    return version.tags.get(MANIFEST_TAG)


def _check_package_of_0_2(folder: Path, version: ModelVersion) -> None:
    # these versions have no manifest, and the digest of the whole package
    compiled = any("__pycache__" in path.parts for path in folder.rglob("*"))
    if not compiled and digest_of(folder) != version.tags["sha256"]:
        raise InputError(
            f"the model {version.uri} must have the files that were registered, got others in "
            f"{folder}; restore the folder of artifacts, or register again with: make repro"
        )


def _downloaded(uri: str, folder: str | Path | None) -> tuple[Path, ModelVersion | None]:
    from mlflow.exceptions import MlflowException

    if not isinstance(uri, str | Path):
        raise InputError(f"a model must be a URI or a folder, got {shown(uri)}; {_REMEDY}")
    source = uri = str(uri)
    version = None
    scheme, colon, _ = uri.partition(":/")
    if colon and scheme not in ("models", "runs"):
        raise InputError(
            f"a model must be a URI of the registry or a folder, got {uri}; {_REMEDY}"
        )
    if uri.startswith("models:"):
        version = resolve(uri)
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
            "list the models with: poreops models list"
        ) from None
    # MLflow downloads nothing, without an error, from a store whose files are gone
    if missing := _missing_files(found):
        raise InputError(
            f"the model {uri} must have its files, got no {missing} in {found}; {_cause(found)}"
        )
    return found, version


def _cause(found: Path) -> str:
    if tracking_uri().startswith(("http://", "https://")) and not found.exists():
        return (
            f"{tracking_uri()} names a folder of its own machine, which this one does not see: "
            "start it with make ui, or with --serve-artifacts, so that it hands files out"
        )
    return "restore the folder of artifacts, or register again with: make repro"


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


def resolve(uri: str) -> ModelVersion:
    """Return the version of a URI models:/name@alias, /number or /latest, or raise InputError."""
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


def has_files(run_id: str) -> bool:
    """Tell whether the model of a run is in the store."""
    from mlflow.exceptions import MlflowException

    try:
        files = client().list_artifacts(run_id, "model")
    except MlflowException:
        return False
    return any(file.path == "model/MLmodel" for file in files)


def _version(found: "entities.ModelVersion") -> ModelVersion:
    return ModelVersion(
        found.name, int(found.version), found.run_id, dict(found.tags), tuple(found.aliases),
        int(found.creation_timestamp or 0), found.description or "",
    )  # fmt: skip
