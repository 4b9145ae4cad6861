"""Every command and every Python block of the pages runs, on small images."""

import contextlib
import io
import re
import runpy
import shlex
import sys

import pytest
from docs_pages import ROOT, blocks

from poreops import cli

# what a page says for a real rock is run small
SMALLER = {
    "-n 100": "-n 12", "--size 1024": "--size 48", "--size 96": "--size 48",
    "permeability rock.tif": "permeability small.tif --axis x",
}  # fmt: skip

COMMANDS = [b for b in blocks("console") if any("poreops" in c for c in b.commands)]
PYTHON = blocks("python")


def skipped(block):
    if block.left_out:
        pytest.skip(block.left_out)


def small(text):
    for stated, less in SMALLER.items():
        text = text.replace(stated, less)
    return text


def call(command, monkeypatch):
    """Run a line of a page in this process; return its exit code."""
    program, *arguments = shlex.split(command)
    if program == "poreops":
        return cli.run(arguments)
    script, *arguments = arguments
    if not script.startswith("docs/examples/"):
        return 0  # a stage; the smoke pipeline runs it
    monkeypatch.setattr(sys, "argv", [script, *arguments])
    runpy.run_path(str(ROOT / script), run_name="__main__")
    return 0


@pytest.mark.slow
@pytest.mark.parametrize("block", COMMANDS, ids=lambda block: block.name)
def test_the_commands_of_a_page_run(block, work, stand_in, monkeypatch, capsys):
    skipped(block)
    for command in block.commands:
        if command.startswith("poreops sample"):
            (work / "rock.tif").unlink(missing_ok=True)
        if command.startswith("poreops properties") and "--model" not in command:
            command += " --model models:/rock-properties@champion"  # the default
        code = call(stand_in(small(command)), monkeypatch)
        assert code == 0, f"{command}: {capsys.readouterr().err}"


@pytest.mark.slow
@pytest.mark.parametrize("block", PYTHON, ids=lambda block: block.name)
def test_the_python_of_a_page_runs(block, work, stand_in):
    skipped(block)
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(stand_in(block.text), block.name, "exec"), {"__name__": "page"})


def test_blocks_are_found_and_those_left_out_say_why():
    assert len(COMMANDS) >= 5
    assert PYTHON
    for block in [*blocks("console"), *PYTHON]:
        assert block.left_out is None or len(block.left_out) > 10, block.name


def test_what_is_left_out_is_run_by_the_test_that_it_names():
    left_out = [block for block in blocks("console") if "tests/" in (block.left_out or "")]
    assert len(left_out) >= 10
    for block in left_out:
        named = re.findall(r"tests/[\w/]+\.py", block.left_out)
        tests = [(ROOT / name).read_text() for name in named]
        for program, *words in (command.split() for command in block.commands):
            if program == "poreops":
                verb = words[words[0] == "models"]  # `poreops models list`
                assert any(f'"{verb}"' in text for text in tests), f"{block.name}: {verb}"


def test_a_command_that_is_gone_fails(monkeypatch, capsys):
    assert call("poreops networks rock.tif", monkeypatch) == 2
    assert "No such command" in capsys.readouterr().err
