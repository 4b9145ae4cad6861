"""A folder with the files that the pages speak of, small, and models that learned for seconds."""

from functools import cache

import numpy as np
import pytest
import tifffile

from poreops import cli

REGISTERED = {
    "models:/conductance@champion": "conductance",
    "models:/rock-properties@champion": "properties",
    "models:/digital-core@challenger": "cores",
}


@cache
def trained(line):
    """A model of a line that learned for seconds; only what a page loads is trained."""
    match line:
        case "conductance":
            from tiny.conductance import conduits, trained_model

            from poreops.conductance.learning.encoding import encode
            from poreops.conductance.learning.seen import Seen

            found = trained_model(3)
            found.seen = Seen.of(encode(conduits(3)[0], "none").scalars)
            return found
        case "cores":
            from tiny.cores import quilted

            return quilted(noise="fresh")
        case _:
            from tiny.properties import model
    return model()


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory):
    """Put folders of small models in the place of the registered ones that a text names."""
    home = tmp_path_factory.mktemp("models")

    def replaced(text):
        for uri, line in REGISTERED.items():
            if uri in text and not (home / line).exists():
                trained(line).save(home / line)
            text = text.replace(uri, str(home / line))
        return text

    return replaced


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    from tiny import cores, properties

    folder = tmp_path_factory.mktemp("files")
    for name, size in (("rock.tif", "48"), ("small.tif", "32")):
        assert cli.run(["sample", "-o", str(folder / name), "--size", size]) == 0
    tifffile.imwrite(folder / "slice.tif", properties.grey(slices=1)[0])
    (folder / "real").mkdir()
    for i, image in enumerate(cores.crops(48)[0][:12]):
        tifffile.imwrite(folder / "real" / f"{i:03d}.tif", image)
    assert np.ptp(tifffile.imread(folder / "rock.tif")) == 255
    return folder


@pytest.fixture
def work(files, tmp_path, monkeypatch):
    """An empty folder to work in, with those files."""
    for path in files.iterdir():
        (tmp_path / path.name).symlink_to(path)
    monkeypatch.chdir(tmp_path)
    return tmp_path
