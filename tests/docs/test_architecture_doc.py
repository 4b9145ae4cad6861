"""What docs/architecture.md mentions exists: modules, functions, stages, parameters and paths."""

import ast
import re
import runpy

import pytest
import yaml
from docs_pages import PAGES, ROOT

import poreops

SOURCE = ROOT / "src/poreops"
PAGE = ROOT / "docs/architecture.md"
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
PARAMS = yaml.safe_load((ROOT / "params.yaml").read_text())
ROOMS = {path.stem for path in SOURCE.iterdir() if path.suffix in ("", ".py")}


def mentions(page):
    quoted = re.findall(r"(?<!`)`([^`\n]+)`(?!`)", page.read_text())
    return sorted({word for text in quoted for word in text.split()})


def in_code(name):
    """Whether a dotted name below poreops is a module, or a name in one."""
    place, parts = SOURCE, name.split(".")
    while parts and (place / parts[0]).is_dir():
        place /= parts.pop(0)
    file = place / "__init__.py"
    if parts and (place / f"{parts[0]}.py").is_file():
        file = place / f"{parts.pop(0)}.py"
    body = ast.parse(file.read_text()).body
    for part in parts:
        found = [node for node in body if part in named(node)]
        if not found:
            return False
        body = getattr(found[0], "body", [])
    return True


def named(node):
    """The names that a statement makes."""
    targets = getattr(node, "targets", [getattr(node, "target", None)])
    return {getattr(node, "name", None), *(getattr(target, "id", None) for target in targets)}


def in_params(name):
    content = PARAMS
    for part in name.split("."):
        if not isinstance(content, dict) or part not in content:
            return False
        content = content[part]
    return True


def exists(word):
    """True or False for what looks like a name of ours, None for another word."""
    if re.fullmatch(r"(conductance|properties|cores)_\w+", word):
        return word in STAGES and STAGES[word].get("do", STAGES[word]) is not None
    if re.fullmatch(r"\w+(\.\w+)+", word) and word.split(".")[0] in ROOMS:
        return in_code(word) or in_params(word) or (ROOT / word).exists()
    if re.fullmatch(r"[\w./-]+", word) and ("/" in word or re.search(r"\.\w+$", word)):
        return (ROOT / word).exists()
    return None


@pytest.mark.parametrize("word", mentions(PAGE))
def test_what_the_page_mentions_exists(word):
    assert exists(word) is not False


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_modules_and_functions_of_every_page_exist(page):
    dotted = [word for word in mentions(page) if re.fullmatch(r"poreops(\.\w+)+", word)]
    names = {word.removeprefix("poreops.") for word in dotted} - set(poreops.__all__)
    assert not [name for name in names if not in_code(name)]


def test_names_are_recognised():
    words = mentions(PAGE)
    assert sum(exists(word) is True for word in words) > 60


@pytest.mark.parametrize(
    "word",
    [
        "conduits.partition.parted", "conduits.cropped", "conductance.model.ConductanceModel.keep",
        "conductance_labelling", "conductance.network.drop", "pipelines/train_resnet.py",
        "params.yml",
    ],
)  # fmt: skip
def test_a_name_that_is_gone_is_found(word):
    assert exists(word) is False


def test_every_room_stands_on_the_page():
    rooms = ROOMS - {"__init__", "__main__", "__pycache__"}
    table = PAGE.read_text().split("## The walk")[0]
    assert not [room for room in rooms if f"`{room}`" not in table]


def test_the_picture_is_that_of_the_imports():
    drawing = runpy.run_path(str(ROOT / "docs/draw_architecture.py"))
    drawn = (ROOT / "docs/architecture.svg").read_text()
    assert drawing["drawn"](drawing["house"]()) == drawn, "run: python docs/draw_architecture.py"
