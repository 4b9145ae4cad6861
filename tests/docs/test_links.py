"""Links between the pages lead somewhere."""

import re

import pytest
from docs_pages import PAGES, ROOT


def targets(page):
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    return re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_to_a_file(page):
    inside = [link for link in targets(page) if not link.startswith("http")]
    assert [link for link in inside if not (page.parent / link).exists()] == []


NAMED = re.compile(
    r"\b((?:benchmarks|docs|pipelines|profiles|src|tests)/[\w./-]+\.(?:md|py|yaml))"
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_file_that_a_page_names_exists(page):
    named = [path for path in NAMED.findall(page.read_text()) if "LINE" not in path]
    assert [path for path in named if not (ROOT / path).exists()] == []
