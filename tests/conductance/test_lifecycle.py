"""The life of a registered model by the command line: look, compare, verify, sign, roll back."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import poreops
from poreops import cli
from poreops.base.files import read_json
from poreops.mlops import tracking
from poreops.mlops.tracking import versions

pytestmark = pytest.mark.slow  # the model trains for some seconds, once

CHAMPION = "models:/conductance@champion"


@pytest.fixture
def two(register):
    """Two versions, the second is the champion."""
    register(shift=0.2, mape=0.3)
    return register(mape=0.2)


def run(capsys, *arguments):
    """Run a command; its exit code, its document or error."""
    capsys.readouterr()  # what the stage said before
    code = cli.run(["models", *arguments, *(["--json"] if arguments[0] != "card" else [])])
    found = capsys.readouterr()
    if code == 0 and arguments[0] != "card":
        return code, json.loads(found.out)
    return code, found.out + found.err


def test_list_show_and_compare_say_what_the_registry_holds(two, capsys):
    (model,) = run(capsys, "list")[1]["models"]
    assert (model["name"], model["versions"], model["champion"]) == ("conductance", 2, 2)
    version = run(capsys, "show", CHAMPION)[1]["version"]
    assert version["scores"]["mape"] == 0.2
    assert version["nulls"]["a constant"]["mape"] == 0.8
    assert set(version["probe"]) == set(
        read_json("artifacts/conductance/judged/gate.json")["probe"]
    )
    assert [each["version"] for each in run(capsys, "show", "conductance")[1]["versions"]] == [
        2,
        1,
    ]
    compared = run(capsys, "compare", "models:/conductance/1", "models:/conductance/latest")[1]
    assert compared["scores"]["mape"] == [0.3, 0.2]
    assert "scaling" in "".join(compared["params"])
    assert "code" in compared
    for arguments in (["list"], ["show", CHAMPION], ["show", "conductance"],
                      ["compare", "models:/conductance/1", CHAMPION]):  # fmt: skip
        assert cli.run(["models", *arguments]) == 0
        assert "0.2" in capsys.readouterr().out or arguments == ["list"]


def test_verify_compares_bytes_and_scores(two, capsys, repository):
    code, found = run(capsys, "verify", CHAMPION)
    assert (code, found["files"], found["signature"]) == (0, "as registered", "none")
    assert "mape" in found["compared"]
    champion = tracking.champion_info("conductance")
    noted = float(champion.tags["probe.mape"])
    versions.note(champion, {"probe.mape": repr(noted * (1 + 1e-4))})
    code, text = run(capsys, "verify", CHAMPION)
    assert code == 2
    assert "must score on its probe what it did" in text
    weights = next(tracking.download(CHAMPION).rglob("*.weights.h5"))
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    code, text = run(capsys, "verify", CHAMPION)
    assert (code, text.count("\n")) == (2, 1)
    assert "got other bytes in artifacts" in text


def test_a_signature_is_made_checked_and_missed(two, capsys, tmp_path, monkeypatch):
    key = tmp_path / "key.pem"
    assert run(capsys, "key", str(key))[0] == 0
    assert run(capsys, "sign", CHAMPION, "--key", str(key))[0] == 0
    assert run(capsys, "verify", CHAMPION, "--key", f"{key}.pub")[1]["signature"] == "valid"
    monkeypatch.setenv("POREOPS_PUBLIC_KEY", f"{key}.pub")
    poreops.load_model(CHAMPION)
    with pytest.raises(poreops.InputError, match="must be signed"):
        poreops.load_model("models:/conductance/1")
    # what is signed later is loaded later
    assert run(capsys, "sign", "models:/conductance/1", "--key", str(key))[0] == 0
    poreops.load_model("models:/conductance/1")


def test_rollback_holds_and_promote_frees(two, register, capsys):
    code, found = run(capsys, "rollback", "conductance", "--reason", "wrong on sandstone")
    assert (code, found["before"], found["champion"], found["pinned"]) == (0, 2, 1, True)
    assert "is pinned (wrong on sandstone)" in register(mape=0.2)["gate"][-1]
    assert run(capsys, "list")[1]["models"][0]["champion"] == 1
    code, found = run(capsys, "promote", "models:/conductance/2")
    assert (found["champion"], found["pinned"]) == (2, False)
    assert register(mape=0.2)["gate"] == "passed"


def test_a_refused_version_needs_force(two, register, capsys):
    register(shift=0.4, mape=0.35)
    code, text = run(capsys, "promote", "models:/conductance/3")
    assert code == 2
    assert "must have passed the gate" in text
    assert run(capsys, "promote", "models:/conductance/3", "--force", "--reason", "demo")[0] == 0
    assert tracking.champion_info("conductance").tags["promoted"] == "demo"


def test_the_card_says_what_it_is(two, capsys):
    code, text = run(capsys, "card", CHAMPION)
    assert code == 0
    for part in (
        "# conductance, version 2", "Predicts the diffusive size factor", "The gate: passed.",
        "In: (n, 64, 64, 64) uint8. Out: (n) float64.", "| mape | 0.2 | 0.8 |",
    ):  # fmt: skip
        assert part in text
    assert tracking.champion_info("conductance").description.startswith("# conductance, version 2")


def test_the_input_example_can_be_served(two):
    function = tracking.load_pyfunc(tracking.download(CHAMPION))
    example = function.input_example
    assert function.predict(example.astype("uint8")) > 0


def test_the_commands_of_the_page_run(register, project, monkeypatch, capsys):
    """docs/registry.md, on a registry whose fourth version the gate refused."""
    for number in range(1, 5):
        register(shift=0.1 * (5 - number), mape=0.3 - 0.05 * number if number < 4 else 0.3)
    Path("signing").mkdir()
    page = (project / "docs/registry.md").read_text()
    commands = re.findall(r"^poreops (models \w+ .*)$", page, re.MULTILINE)
    assert len(commands) >= 7
    assert {shlex.split(command)[1] for command in commands} >= {"promote", "rollback", "sign"}
    for command in commands:
        assert cli.run(shlex.split(command)) == 0, (command, capsys.readouterr().err)


@pytest.mark.parametrize("uri", ["models:/conductance/latest", "models:/conductance/2", CHAMPION])
def test_every_name_of_a_version_is_taken_by_the_commands(two, uri, capsys, tmp_path, monkeypatch):
    assert cli.run(["models", "show", uri]) == 0
    monkeypatch.chdir(tmp_path)
    code = cli.run(["network", "none.tif", "--model", uri, "-o", "out"])
    assert code == 2
    assert "a model must be" not in capsys.readouterr().err


def test_help_stays_light():
    code = "import sys\nfrom poreops import cli\ncli.run(['models', '--help'])\n"
    code += "print(sorted({'mlflow', 'numpy', 'uvicorn', 'cryptography'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
