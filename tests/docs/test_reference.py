"""The reference lists the public names, and builds without TensorFlow."""

import importlib.util
import re
import subprocess
import sys

import pytest
from docs_pages import ROOT

import poreops


def test_every_public_name_is_listed():
    listed = re.findall(r"^   (\w+)$", (ROOT / "docs/api/index.md").read_text(), re.MULTILINE)
    assert set(listed) == set(poreops.__all__) - {"__version__"}


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("sphinx") is None, reason="the extra docs is missing")
def test_the_pages_build_without_a_warning(tmp_path):
    code = (
        "import sys; from sphinx.cmd.build import main; sys.modules['tensorflow'] = None; "
        f"sys.exit(main(['-W', '-n', '-q', '-d', {str(tmp_path / 'trees')!r}, "
        f"{str(ROOT / 'docs')!r}, {str(tmp_path / 'html')!r}]))"
    )
    built = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
