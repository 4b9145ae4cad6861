"""params.yaml is what runs: profiles are applied to it, git restores it, edits are not lost."""

import shutil
import subprocess

import pytest

from poreops import params
from poreops.base.files import read_yaml
from poreops.errors import InputError


def git(folder, *arguments):
    name = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    done = subprocess.run(
        ["git", *name, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture
def folder(tmp_path, project, monkeypatch):
    """A clone that holds the project's params.yaml and a profile."""
    shutil.copy(project / "params.yaml", tmp_path)
    (tmp_path / "profiles").mkdir()
    write_profile(tmp_path, "conductance: {training: {epochs: 1, members: [coarse]}}")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "start")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_profile(folder, text):
    (folder / "profiles/quick.yaml").write_text(text)


def test_a_profile_changes_what_it_states_and_nothing_else(folder):
    before = read_yaml("params.yaml")
    params.use("quick")
    after = read_yaml("params.yaml")
    assert after["conductance"]["training"]["epochs"] == 1
    before["conductance"]["training"] |= {"epochs": 1, "members": ["coarse"]}
    assert after == before


def test_comments_order_and_every_other_line_stay(folder):
    before = (folder / "params.yaml").read_text().splitlines()
    params.use("quick")
    after = (folder / "params.yaml").read_text().splitlines()
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert [new.split("#")[0].strip() for _, new in changed] == ["members: [coarse]", "epochs: 1"]
    assert [old.partition("#")[2] for old, _ in changed] == [
        new.partition("#")[2] for _, new in changed
    ]


def test_the_default_profile_is_what_git_has(folder):
    before = (folder / "params.yaml").read_text()
    params.use("quick")
    assert git(folder, "status", "--porcelain") == " M params.yaml\n"
    params.use("default")
    assert (folder / "params.yaml").read_text() == before


def test_a_profile_takes_the_place_of_another_one(folder):
    (folder / "profiles/other.yaml").write_text("conductance: {training: {loss: mse}}")
    params.use("quick")
    assert params.use("other").conductance.training.epochs == 6
    assert params.check().conductance.training.loss == "mse"


def test_a_profile_that_is_used_already_does_not_touch_the_file(folder):
    params.use("quick")
    before = (folder / "params.yaml").stat().st_mtime_ns
    params.use("quick")
    assert (folder / "params.yaml").stat().st_mtime_ns == before


def test_edits_are_not_lost(folder):
    path = folder / "params.yaml"
    path.write_text(path.read_text().replace("epochs: 6", "epochs: 9"))
    with pytest.raises(InputError, match="got edits of yours; commit them, or drop"):
        params.use("quick")
    assert params.check().conductance.training.epochs == 9
    git(folder, "commit", "-qam", "more epochs")
    assert params.use("quick").conductance.training.epochs == 1


def test_a_file_of_the_same_format_is_a_profile_too(folder):
    (folder / "found.yaml").write_text("cores: {training: {epochs: 3}}")
    assert params.use("found.yaml").cores.training.epochs == 3


def test_outside_a_clone_nothing_is_applied(folder):
    shutil.rmtree(folder / ".git")
    with pytest.raises(InputError, match="work in a clone") as raised:
        params.use("quick", folder / "params.yaml")
    assert "\n" not in str(raised.value)


def test_an_unknown_profile_lists_the_known_ones(folder):
    with pytest.raises(InputError, match="profile must be one of default, quick, got 'quik'"):
        params.use("quik")


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        (
            "conductance: {training: {epoch: 1}}",
            r"\.training\.epoch; did you mean epochs\?",
        ),
        ("conductence: {}", r"got conductence; did you mean conductance\?"),
        (
            "cores: 3",
            r"cores in .*quick\.yaml must be a section .*, got one value",
        ),
        (
            "cores: {training: {epochs: {a: 1}}}",
            r"training\.epochs in .* must be one value",
        ),
        ("- train", r"must map names to values, got a list"),
        ("cores: {epochs: ]", r"quick\.yaml must be YAML, got .*line 1"),
        ("cores: {training: {epochs: 0}}", r"cores\.training\.epochs: .* got 0"),
    ],
)
def test_a_wrong_profile_is_named_and_nothing_is_written(folder, profile, message):
    before = (folder / "params.yaml").read_text()
    write_profile(folder, profile)
    with pytest.raises(InputError, match=message) as raised:
        params.use("quick")
    assert "\n" not in str(raised.value)
    assert (folder / "params.yaml").read_text() == before


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("    epochs: 6", "    epochs: 0", r"conductance\.training\.epochs: .* got 0"),
        ("    batch_size: 64\n", "", r"conductance\.training\.batch_size is missing"),
        (
            "    epochs: 6",
            "    epochs: 6\n    epoch: 6",
            r"unknown key .*did you mean epochs",
        ),
    ],
)
def test_a_wrong_parameter_is_named_with_its_value(folder, old, new, message):
    path = folder / "params.yaml"
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(InputError, match=message) as raised:
        params.check()
    assert str(raised.value).startswith("params.yaml: ")
    assert "\n" not in str(raised.value)


def test_every_profile_of_the_project_is_valid(project):
    names = params.profiles(project / "profiles")
    assert {"default", "smoke", "full", "hydraulic", "kinds", "paper", "shale"} == set(names)
    for name in names:
        params.with_profile(name, project / "params.yaml", project / "profiles")
