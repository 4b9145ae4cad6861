"""The real DAG of dvc.yaml with stages of no work: what DVC does with it takes seconds.

A stub reads what its stage depends on and writes what it makes, so that its bytes follow from
theirs; nothing of the library runs.
"""

import json
import os
import sys
from pathlib import Path

from cloned import Clone

from poreops.base.files import read_yaml, write_yaml

STUB = '''\
import hashlib, json, os, sys, time
from pathlib import Path

name = sys.argv[1]
deps, outs = json.loads(Path("stubs.json").read_text())[name]
time.sleep(float(os.environ.get("STUB_SECONDS", "0")))
digest = hashlib.sha256(name.encode())
for dep in deps:
    for file in sorted(Path(dep).rglob("*")) or [Path(dep)]:
        digest.update(file.read_bytes() if file.is_file() else b"")
for out in outs:
    path = Path(out)
    if not path.suffix:
        path = path / ("content.csv" if path.name in ("losses", "training") else "content.h5")
    path.parent.mkdir(parents=True, exist_ok=True)
    number = int(digest.hexdigest()[:6], 16)
    content = {".json": json.dumps({"of": number}), ".csv": f"epoch,loss\\n1,{number}\\n"}
    path.write_text(content.get(path.suffix, digest.hexdigest()))
    if path.parent.name == "figures":
        path.unlink()
        (path.parent / "picture.svg").write_text(digest.hexdigest())
with Path("ran").open("a") as log:
    print(name, file=log)
'''  # fmt: skip


def scripts_on_path():
    """The environment in which `python` and `dvc` are those of this one."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("DVC_", "MLFLOW_"))}
    scripts = str(Path(sys.executable).parent)
    return kept | {
        "PATH": f"{scripts}{os.pathsep}{kept['PATH']}", "DVC_NO_ANALYTICS": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true",
    }  # fmt: skip


def names(entries):
    return [entry if isinstance(entry, str) else next(iter(entry)) for entry in entries]


class Stubbed(Clone):
    """A clone whose stages are stubs; DVC takes its time for each, so that few are kept."""

    def __init__(self, project, folder, stages):
        super().__init__(project, folder)
        every = read_yaml(folder / "dvc.yaml")["stages"]
        self.stages = {name: every[name] for name in every if name.startswith(stages)}
        (folder / "stub.py").write_text(STUB)
        stubs = {}
        for name, stage in self.stages.items():
            parts = [  # files below an out that other stages name
                dep
                for other in every.values()
                for dep in other["deps"]
                if any(dep.startswith(f"{out}/") for out in self.outs(name))
            ]
            deps = [dep for dep in stage["deps"] if not dep.startswith(("src/", "pipelines/"))]
            stubs[name] = deps, sorted({*self.outs(name), *parts})
            stage["cmd"], stage["deps"] = f"python stub.py {name}", deps
        write_yaml(folder / "dvc.yaml", {"stages": self.stages})
        (folder / "stubs.json").write_text(json.dumps(stubs))
        (folder / "dvc.lock").unlink(missing_ok=True)
        self.commit("stubs")

    def outs(self, name):
        stage = self.stages[name]
        return [out for kind in ("outs", "metrics", "plots") for out in names(stage.get(kind, []))]

    def commit(self, message):
        self("git", "add", "-A")
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        self("git", *identity, "commit", "-qm", message)

    def ran(self):
        """The stages that ran since the last look, in order."""
        log = self.folder / "ran"
        found = log.read_text().split() if log.exists() else []
        log.unlink(missing_ok=True)
        return found

    def lock(self):
        return (self.folder / "dvc.lock").read_bytes()
