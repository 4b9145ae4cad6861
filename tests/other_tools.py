"""What tools of others say of signatures and crates that are written here: `make light`.

They are fetched into an environment of their own, so that `make test` leaves this out.
"""

import json
import shutil
import subprocess
import sys

import pytest
from light_install import clean, uv

from poreops.mlops.provenance.crate import METADATA, write_crate
from poreops.mlops.tracking import package, signing

pytestmark = pytest.mark.timeout(1500)

# model-signing imports pyopenssl and does not ask for it
TOOLS = ["model-signing==1.1.1", "pyopenssl==26.4.0", "roc-validator==0.13.0", "rocrate==0.16.0"]
# The validator asks for JSON-LD contexts by their addresses; here they are those of the package
# rocrate and the terms of workflows that its older one lacks.
VALIDATE = """\
import json, sys
from importlib.resources import files
from rocrate_validator import models, services
from rocrate_validator.utils.http import HttpRequester

CONTEXT = json.loads(files("rocrate").joinpath("data/ro-crate.jsonld").read_text())["@context"]
for name in ("ComputationalWorkflow", "FormalParameter"):
    CONTEXT[name] = f"https://bioschemas.org/{name}"

class Answer:
    status_code, ok, url = 200, True, ""
    headers = {"Content-Type": "application/ld+json"}
    def __init__(self, context):
        self.text = json.dumps({"@context": context})
        self.content = self.text.encode()
    def json(self):
        return json.loads(self.text)
    def raise_for_status(self):
        pass

def get(self, url, *arguments, **options):
    return Answer(CONTEXT if "/ro/crate/" in url else {})

HttpRequester.get = HttpRequester.head = get
result = services.validate(services.ValidationSettings(
    rocrate_uri=sys.argv[1], profile_identifier="provenance-run-crate-0.5",
    requirement_severity=models.Severity.REQUIRED))
for issue in result.get_issues():
    print(issue.check.identifier, issue.message)
print("passed" if result.passed() else "failed")
"""


@pytest.fixture(scope="module")
def tools(tmp_path_factory):
    """The folder of programs of an environment with nothing but the tools."""
    folder = tmp_path_factory.mktemp("tools") / "venv"
    uv("venv", "--quiet", "--python", sys.executable, folder)
    uv("pip", "install", "--quiet", "--python", folder / "bin/python", *TOOLS)
    return folder / "bin"


def said(*command):
    done = subprocess.run(
        [*map(str, command)], env=clean(), capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_the_tool_of_model_signing_verifies_a_package_and_refuses_another_byte(tools, tmp_path):
    folder, key = tmp_path / "model", tmp_path / "key.pem"
    (folder / "artifacts").mkdir(parents=True)
    (folder / "artifacts/weight.txt").write_text("2.0")
    (folder / "MLmodel").write_text("flavors: {}")
    package.write_manifest(folder)
    public = signing.make_key(key)
    signature = signing.sign(folder, "conductance", key)
    verify = [tools / "model_signing", "verify", "key", folder, "--signature", signature]
    assert said(*verify, "--public_key", public) == (0, "Verification succeeded\n")
    (folder / "artifacts/weight.txt").write_text("3.0")
    code, text = said(*verify, "--public_key", public)
    assert code != 0
    assert "weight.txt" in text


def test_the_validator_of_crates_finds_nothing_that_the_profile_requires(tools, project, tmp_path):
    """Of the run whose dvc.lock git holds."""
    validate = [tools / "python", "-c", VALIDATE]
    crate = write_crate(tmp_path / "crate", project)
    assert said(*validate, crate) == (0, "passed\n")
    damaged = shutil.copytree(crate, tmp_path / "damaged")
    content = json.loads((damaged / METADATA).read_text())
    for entity in content["@graph"]:
        if entity["@type"] == "HowToStep":
            del entity["workExample"]
    (damaged / METADATA).write_text(json.dumps(content))
    assert said(*validate, damaged)[1].endswith("failed\n")
