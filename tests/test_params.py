"""Profiles and typed parameters."""

import pytest
from pydantic import BaseModel, ConfigDict, Field

from poreops.base.files import read_yaml
from poreops.errors import InputError
from poreops.params import merge_profile, profiles, resolve, select_profile, validate

PARAMS = """\
# what a reader should know
profile: default  # the one line

train:
  epochs: 20
  batch_size: 16  # fits in 2 GB
  losses: [mse, huber]
solver: {tolerance: 1.0e-6}
"""


class Train(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    epochs: int = Field(gt=0)
    batch_size: int
    losses: tuple[str, ...]


class Solver(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    tolerance: float


class Example(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    profile: str
    train: Train
    solver: Solver


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "params.yaml").write_text(PARAMS)
    (tmp_path / "profiles").mkdir()
    write_profile(tmp_path, "train: {epochs: 1, losses: [mse]}")
    return tmp_path


def write_profile(folder, text):
    (folder / "profiles/smoke.yaml").write_text(text)


def select(folder, name):
    select_profile(name, folder / "params.yaml", folder / "profiles")


def merged(folder):
    return merge_profile(folder / "params.yaml", folder / "profiles")


def test_the_default_profile_is_params_yaml_as_it_stands(folder):
    assert merged(folder) == read_yaml(folder / "params.yaml")


def test_a_profile_changes_what_it_states_and_nothing_else(folder):
    base = merged(folder)
    select(folder, "smoke")
    smoke = merged(folder)
    assert smoke["train"] == {"epochs": 1, "batch_size": 16, "losses": ["mse"]}
    assert smoke["solver"] == base["solver"]
    assert smoke["profile"] == "smoke"


def test_selecting_a_profile_changes_one_line_and_is_undone_by_selecting_back(folder):
    select(folder, "smoke")
    before, after = PARAMS.splitlines(), (folder / "params.yaml").read_text().splitlines()
    assert [line for line in after if line not in before] == ["profile: smoke  # the one line"]
    select(folder, "default")
    assert (folder / "params.yaml").read_text() == PARAMS


def test_selecting_the_profile_that_is_set_does_not_touch_the_file(folder):
    path = folder / "params.yaml"
    before = path.stat().st_mtime_ns
    select(folder, "default")
    assert path.stat().st_mtime_ns == before


@pytest.mark.parametrize("text", ["train: {}\n", "profile: a\nprofile: b\n"])
def test_selecting_needs_exactly_one_profile_line(folder, text):
    (folder / "params.yaml").write_text(text)
    with pytest.raises(InputError, match=r"one line `profile: NAME`, got [02]"):
        select(folder, "smoke")
    assert (folder / "params.yaml").read_text() == text


def test_an_unknown_profile_lists_the_known_ones(folder):
    message = "profile must be one of default, smoke, got 'smok'"
    with pytest.raises(InputError, match=message):
        select(folder, "smok")
    assert (folder / "params.yaml").read_text() == PARAMS
    (folder / "params.yaml").write_text(PARAMS.replace("default", "smok"))
    with pytest.raises(InputError, match=message):
        merged(folder)


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        ("train: {epoch: 1}", r"got train\.epoch; did you mean epochs\?"),
        ("trian: {epochs: 1}", r"got trian; did you mean train\?"),
        (
            "train: 3",
            r"train in .*smoke\.yaml must be a section as in params\.yaml, got one value",
        ),
        ("train: {epochs: {a: 1}}", r"train\.epochs in .* must be one value"),
        ("- train", r"must map names to values, got a list"),
        ("train: {epochs: ]", r"smoke\.yaml must be YAML, got .*line 1"),
    ],
)
def test_a_wrong_profile_is_named(folder, profile, message):
    write_profile(folder, profile)
    select(folder, "smoke")
    with pytest.raises(InputError, match=message) as raised:
        merged(folder)
    assert "\n" not in str(raised.value)


def test_an_empty_profile_is_the_default(folder):
    base = merged(folder)
    write_profile(folder, "# nothing differs\n")
    select(folder, "smoke")
    assert merged(folder) == base | {"profile": "smoke"}


def test_validated_parameters_are_typed_and_frozen(folder):
    params = validate(merged(folder), Example, "params.yaml")
    assert params.train.losses == ("mse", "huber")
    with pytest.raises(ValueError, match="frozen"):
        params.train.epochs = 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"train": {"epochs": 0, "batch_size": 1, "losses": []}}, r"train\.epochs: .* 0, got 0"),
        ({"train": {"epochs": 1, "losses": []}}, r"train\.batch_size is missing"),
        (
            {"solver": {"tolerance": 1e-6, "tolerence": 1e-6}},
            r"unknown key solver\.tolerence; did you mean tolerance\?",
        ),
        ({"trains": {}}, r"unknown key trains; did you mean train\?"),
    ],
)
def test_a_wrong_parameter_is_named_with_its_value(folder, change, message):
    with pytest.raises(InputError, match=message) as raised:
        validate(merged(folder) | change, Example, "params.yaml")
    assert str(raised.value).startswith("params.yaml: ")
    assert "\n" not in str(raised.value)


def test_every_profile_of_the_project_is_valid(project, tmp_path):
    names = profiles(project / "profiles")
    assert {"default", "smoke", "paper"} <= set(names)
    path = tmp_path / "params.yaml"
    for name in names:
        path.write_text((project / "params.yaml").read_text())
        select_profile(name, path, project / "profiles")
        assert resolve(path, project / "profiles").profile == name
