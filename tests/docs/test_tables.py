"""Tables of figures in README and docs are those of the recorded reports."""

import importlib.util

import pytest


@pytest.fixture(scope="module")
def tables(request):
    path = request.config.rootpath / "docs/tables.py"
    spec = importlib.util.spec_from_file_location("tables", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_table_differs_from_its_report(tables):
    for page in tables.PAGES:
        text = page.read_text(encoding="utf-8")
        assert tables.filled(text) == text, f"{page.name}: say `make figures`"


def test_every_table_stands_somewhere(tables):
    text = "".join(page.read_text(encoding="utf-8") for page in tables.PAGES)
    for name in tables.TABLES:
        assert f"<!-- table: {name} -->" in text


def test_a_changed_figure_is_seen(tables):
    page = "<!-- table: conductance.networks -->\n| by hand |\n<!-- end -->\n"
    drawn = tables.filled(page)
    assert "by hand" not in drawn
    assert tables.filled(drawn) == drawn
    assert drawn.startswith("<!-- table: conductance.networks -->\n| conductances from | R² |")
