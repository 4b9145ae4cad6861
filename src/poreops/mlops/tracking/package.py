"""What a package brings beside the model: its code, its environment, the digests of its files."""

import hashlib
import shutil
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path, PurePosixPath

import poreops
from poreops.base.files import read_json, sha256, write_json, write_text, write_yaml
from poreops.errors import InputError

MANIFEST, SIGNATURE, CODE = "manifest.json", "model.sig", "code"
NOTE = "registered_model_meta"  # of the name that a served model was asked for by
REQUIREMENTS, _CONDA = "requirements.txt", "conda.yaml"
_SAFE = "restore the folder of artifacts, or register again with: make repro"


def ship_code(folder: Path) -> None:
    """Copy this package into `folder`/code, from where MLflow imports it when it serves.

    No index has the name of this package: a requirement of it would fail, or fetch what somebody
    else put there.

    Parameters
    ----------
    folder : of the package
    """
    source = Path(poreops.__file__).parent
    kept = [path for path in source.rglob("*") if path.suffix in (".csv", ".py", ".txt", ".typed")]
    for path in kept:
        if "__pycache__" not in path.parts:
            target = folder / CODE / source.name / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)


def ship_environment(folder: Path) -> None:
    """Write what the served code needs, every version pinned and every file with its digest.

    Parameters
    ----------
    folder : of the package
    """
    write_text(folder / REQUIREMENTS, locked_requirements())
    conda = {
        "name": "mlflow-env",
        "channels": ["conda-forge"],
        "dependencies": ["python=3.11", "pip", {"pip": [f"-r {REQUIREMENTS}"]}],
    }
    write_yaml(folder / _CONDA, conda)


def locked_requirements() -> str:
    """Return the lock of the served models, which `make lock` compiles."""
    return files("poreops.mlops.tracking").joinpath("served.txt").read_text(encoding="utf-8")


def write_manifest(folder: Path) -> str:
    """Write the digests of all files of a package, and return that of the manifest.

    Parameters
    ----------
    folder : of the package
    """
    manifest = {name: sha256(folder / name) for name in _names(folder)}
    write_json(folder / MANIFEST, {"files": manifest})
    return sha256(folder / MANIFEST)


def package_digest(folder: Path) -> str:
    """Return the digest that a version is known by.

    It leaves out the code of the library and the lock, which change with every release while the
    model and its served code stay: the same model is registered once.

    Parameters
    ----------
    folder : of the package
    """
    digest = hashlib.sha256()
    for name in _names(folder):
        if not name.startswith(f"{CODE}/") and name != REQUIREMENTS:
            digest.update(f"{name}\0{sha256(folder / name)}\n".encode())
    return digest.hexdigest()


def check_package(folder: Path, uri: str, manifest: str | None = None) -> None:
    """Raise InputError unless the files of a package are those that its manifest lists.

    Parameters
    ----------
    folder : Path
    uri : for the message
    manifest : digest of the manifest as the registry has it; None if that does not know it
    """
    path = folder / MANIFEST
    if not path.is_file():
        if manifest is None:
            return  # of a version before 0.3
        raise InputError(
            f"the model {uri} must have its {MANIFEST}, got none in {folder}; {_SAFE}"
        )
    if manifest is not None and sha256(path) != manifest:
        raise InputError(
            f"the model {uri} must have the files that were registered, got another {MANIFEST} in "
            f"{folder}; {_SAFE}"
        )
    listed = listed_files(folder)
    wrong = [n for n in listed if not (folder / n).is_file() or sha256(folder / n) != listed[n]]
    more = [name for name in _names(folder) if name not in listed]
    if found := [f"other bytes in {name}" for name in wrong] + [f"more: {name}" for name in more]:
        further = f" and {len(found) - 1} further ones" if len(found) > 1 else ""
        raise InputError(
            f"the model {uri} must have the files that were registered, got {found[0]}"
            f"{further} in {folder}; {_SAFE}"
        )


def listed_files(folder: Path) -> dict[str, str]:
    """Return file → digest of a manifest; raises InputError for a path that leads out of it.

    Parameters
    ----------
    folder : of the package
    """
    content = read_json(folder / MANIFEST)
    listed = content.get("files") if isinstance(content, dict) else None
    if not isinstance(listed, dict) or not listed:
        raise InputError(f"{folder / MANIFEST} must list files, got {content!r:.80}; {_SAFE}")
    for name in listed:
        parts = PurePosixPath(name)
        if parts.is_absolute() or ".." in parts.parts:
            raise InputError(f"a manifest must list files of its folder, got {name!r}; {_SAFE}")
    return {str(name): str(digest) for name, digest in listed.items()}


def copied(folder: Path, target: Path) -> Path:
    """Copy the files that a manifest lists, no others, and check the copy; return it.

    What is served from the copy cannot change any more, and compiled code that somebody put
    beside it is left behind.

    Parameters
    ----------
    folder : of the package
    target : folder that the copy is put into
    """
    names = (
        listed_files(folder) if (folder / MANIFEST).is_file() else dict.fromkeys(_names(folder))
    )
    for name in [*names, MANIFEST, SIGNATURE]:
        if (folder / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / name, target / name)
    check_package(target, str(folder))
    return target


def package_of(folder: Path) -> Path | None:
    """Return the package that a folder of a model's own files lies in, None for no such.

    Parameters
    ----------
    folder : in a package or not
    """
    for around in (folder, *folder.parents):
        if (around / MANIFEST).is_file() and (around / "MLmodel").is_file():
            return around
    return None


def _names(folder: Path) -> list[str]:
    return sorted(_walked(folder))


def _walked(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() and path.exists() and not path.is_file():
            raise InputError(f"a model must have no links to folders, got {path}; {_SAFE}")
        # Python compiles what it imports from the package, MLflow notes its name when it serves it
        ours = name in (MANIFEST, SIGNATURE, NOTE) or "__pycache__" in path.parts
        if path.is_file() and not ours:
            yield name
