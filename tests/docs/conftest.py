"""A folder with the files that the pages speak of, small, and models that learned for seconds."""

import numpy as np
import pytest
import tifffile

from poreops import cli


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """Stand-ins of the registered models: URI → folder."""
    from tiny import conductance, cores, properties

    folder = tmp_path_factory.mktemp("models")
    conductance.trained_model(3).save(folder / "conductance")
    cores.model().save(folder / "cores")
    properties.model().save(folder / "properties")
    return {
        "models:/conductance@champion": str(folder / "conductance"),
        "models:/rock-properties@champion": str(folder / "properties"),
        "models:/digital-core@challenger": str(folder / "cores"),
    }


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
