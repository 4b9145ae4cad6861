"""Sphinx: the pages, and the reference of the public names; `make docs` builds both.

Nothing is fetched unless POREOPS_DOCS_LINKS is set: then links to other projects are made.
"""

import os
from importlib.metadata import version as installed

project = "PoreOps"
author = copyright = "PoreOps developers"  # noqa: A001
release = version = installed("poreops")

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
]
exclude_patterns = ["_build", "_templates"]
templates_path = ["_templates"]
html_theme = "alabaster"
html_theme_options = {"description": "pore-scale models, from images to served predictions"}
html_sidebars = {"**": ["about.html", "navigation.html", "searchbox.html"]}

myst_heading_anchors = 4

autosummary_generate = True
# shapes and units stand in the docstrings, which say more than the hints
autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_validation_checks = {"PR01", "PR02", "RT01"}
# an error has a message; pydantic makes parameters of attributes, which are described
numpydoc_validation_exclude = {r"^(?!poreops\.\w+$)", r"(InputError|SegmentConfig)$"}

if os.environ.get("POREOPS_DOCS_LINKS"):
    extensions.append("sphinx.ext.intersphinx")
    intersphinx_mapping = {
        "python": ("https://docs.python.org/3", None),
        "numpy": ("https://numpy.org/doc/stable", None),
        "openpnm": ("https://openpnm.org", None),
    }
# without those links names of other projects lead nowhere; ours must
nitpick_ignore_regex = [("py:.*", r"(?!poreops).*")]
