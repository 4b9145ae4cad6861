"""Where a result comes from: the commit, what differs from it, and the digests of its inputs."""

import hashlib
import os
import platform
import subprocess
from functools import cache
from importlib.metadata import distributions
from pathlib import Path

from poreops.base.files import read_yaml
from poreops.mlops.tracking.upstream import upstream_digests

# What a running pipeline itself writes is no change of the code.
_WRITTEN_BY_THE_PIPELINE = (":(exclude)dvc.lock", ":(exclude)reports")


def lineage(folder: Path | None = None) -> dict[str, str]:
    """Return tags that say from what a run in `folder` is made.

    Parameters
    ----------
    folder : the repository's root; the working folder if None

    Returns
    -------
    tags : `git.commit`, `git.dirty` (absent outside git); `environment.sha256`; `dvc.stage` and
        `dvc.experiment` inside a stage; `dvc.md5.<path>` of data/ and of the artifacts that the
        stage stands on; outside a stage of all.
    """
    folder = folder or Path.cwd()
    tags = {"environment.sha256": environment_digest()}
    if commit := _git(folder, "rev-parse", "HEAD"):
        tags["git.commit"] = commit.strip()
        changes = _git(folder, "status", "--porcelain", "--", ".", *_WRITTEN_BY_THE_PIPELINE)
        tags["git.dirty"] = str(bool(changes)).lower()
    if stage := os.environ.get("DVC_STAGE"):
        tags["dvc.stage"] = stage
    if experiment := os.environ.get("DVC_EXP_NAME"):
        tags["dvc.experiment"] = experiment
    return tags | {f"dvc.md5.{path}": md5 for path, md5 in artifact_digests(folder).items()}


@cache
def environment_digest() -> str:
    """Return the SHA-256 of the versions of Python and of every installed package."""
    packages = sorted({f"{str(found.name).lower()}=={found.version}" for found in distributions()})
    text = "\n".join([platform.python_version(), *packages])
    return hashlib.sha256(text.encode()).hexdigest()


def artifact_digests(folder: Path) -> dict[str, str]:
    """Return path → md5 of data/ and of the outs in dvc.lock that the running stage stands on.

    DVC updates dvc.lock after each stage, so that a running stage finds there the digests of what
    the stages before it made; its own entry is that of an earlier run. Outside a stage nothing
    says what a run reads, and all are returned.

    Parameters
    ----------
    folder : the repository's root
    """
    if running := os.environ.get("DVC_STAGE"):
        return upstream_digests(folder, running)
    outs = []
    if (lock := folder / "dvc.lock").exists():
        outs += [o for stage in read_yaml(lock)["stages"].values() for o in stage.get("outs", [])]
    if (data := folder / "data.dvc").exists():
        outs += read_yaml(data)["outs"]
    return {out["path"]: out["md5"] for out in sorted(outs, key=lambda out: str(out["path"]))}


def uncommitted_changes(folder: Path | None = None) -> str:
    """Return the difference of the working tree from the commit as a patch; "" if there is none.

    Files that git does not track are left out.

    Parameters
    ----------
    folder : as of `lineage`
    """
    folder = folder or Path.cwd()
    return _git(folder, "diff", "HEAD", "--", ".", *_WRITTEN_BY_THE_PIPELINE) or ""


def _git(folder: Path, *arguments: str) -> str | None:
    command = ["git", "-C", str(folder), *arguments]
    try:
        # a status that refreshes the index would fight with a git command of the user
        environment = os.environ | {"GIT_OPTIONAL_LOCKS": "0"}
        answer = subprocess.run(
            command, capture_output=True, text=True, check=True, env=environment, timeout=60
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout
