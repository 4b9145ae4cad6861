"""README.md lists what there is."""

import re

import yaml
from docs_pages import ROOT

README = (ROOT / "README.md").read_text()


def test_the_table_of_stages_is_that_of_the_pipeline():
    listed = re.findall(r"^\| `(\w+)` \|", README.split("## The lines")[1], re.MULTILINE)
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    assert sorted(listed) == sorted(stages)


def test_the_profiles_are_those_of_the_folder():
    profiles = {path.stem for path in (ROOT / "profiles").glob("*.yaml")}
    named = set(re.findall(r"`(\w+)`|PROFILE=(\w+)", README))
    assert profiles <= {name for pair in named for name in pair}
