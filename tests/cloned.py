"""A copy of the repository as a user has it after cloning, and the commands in it."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path


class Clone:
    """A copy of the repository as a user has it after cloning, and the commands in it."""

    def __init__(self, project, folder):
        self.folder = folder
        listed = subprocess.run(
            ["git", "-C", str(project), "ls-files", "-z"],
            capture_output=True,
            text=True,
            check=True,
        )
        for name in filter(None, listed.stdout.split("\0")):
            if (project / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(project / name, folder / name)
        # as after cloning: a profile may have been applied to the tree
        committed = subprocess.run(
            ["git", "-C", str(project), "show", "HEAD:params.yaml"],
            capture_output=True,
            check=True,
        )
        (folder / "params.yaml").write_bytes(committed.stdout)
        self("git", "init", "-q")
        self("git", "add", "-A")
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        self("git", *identity, "commit", "-qm", "everything")

    def environment(self):
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("DVC_", "MLFLOW_"))}
        scripts = str(Path(sys.executable).parent)
        return kept | {
            # stages call `python`; the installed package is that of the working tree, whose
            # kernels are compiled
            "PATH": f"{scripts}{os.pathsep}{kept['PATH']}",
            "DVC_NO_ANALYTICS": "1",
            "DO_NOT_TRACK": "true",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "TF_CPP_MIN_LOG_LEVEL": "2",
            "POREOPS_WORKERS": "1",  # starting a second process takes longer than the work
        }

    def __call__(self, *command):
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment(), capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def repro(self, *arguments):
        """The stages that ran."""
        return re.findall(r"Running stage '(\w+)'", self("dvc", "repro", *arguments))

    def changed(self):
        """The stages that would run for a reason of their own → the sections that changed."""
        status = json.loads(self("dvc", "status", "--json"))
        return {
            stage: {
                name
                for reason in reasons
                for params in reason["changed deps"].values()
                if isinstance(params, dict)
                for name in params
            }
            for stage, reasons in status.items()
        }

    def champion(self):
        with sqlite3.connect(self.folder / "mlflow/mlflow.db") as database:
            query = "SELECT version FROM registered_model_aliases WHERE name = ? AND alias = ?"
            return database.execute(query, ("conductance", "champion")).fetchone()
