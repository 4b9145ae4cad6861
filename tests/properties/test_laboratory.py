"""Values of a laboratory come with an error and a scale, and count and are judged by them."""

import shutil

import numpy as np
import pandas as pd
import pytest
import tifffile
from tiny import properties as tiny_rocks

from poreops.base.conventions import LABORATORY
from poreops.base.files import read_json, write_json
from poreops.base.settings import section
from poreops.errors import InputError
from poreops.mlops.report.properties import properties
from poreops.properties.judging.laboratory import apart, by_laboratory
from poreops.properties.judging.left_out_kinds import Trained
from poreops.properties.learning.laws import BETWEEN, LAW, fit_law, law_rows
from poreops.properties.model import Widths
from poreops.properties.rock_slices import real_slices
from poreops.properties.rocks import SCATTER, RocksConfig, read_rocks
from poreops.properties.segmentation import segment_rocks

HEAD = "sample,file,voxel_size_m,porosity,permeability_md"
WIDTHS = Widths(0.9, 4, np.array([0.05, 0.9]), np.array([0.02, 0.4]))


def read(folder, columns, *rows):
    (folder / "rocks.csv").write_text("\n".join([",".join([HEAD, *columns]), *rows]) + "\n")
    return read_rocks(folder / "rocks.csv")


@pytest.fixture
def folder(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", tiny_rocks.grey(), photometric="minisblack")
    return tmp_path


def test_errors_and_scale_may_be_stated_or_left_empty(folder):
    columns = ("measured_length_m", "permeability_error", "porosity_error")
    one, other = read(
        folder, columns, "A,a.tif,4e-6,0.2,100,0.038,0.25,0.005", "B,a.tif,4e-6,0.2,100,,,"
    )
    assert (one.measured_length, one.permeability_error, one.porosity_error) == (
        0.038,
        0.25,
        0.005,
    )
    assert np.isnan(other.measured_length)
    assert other.label_errors(1e-3) == (0, 0)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("porosity_error", "2", r"row 2 \(A\): porosity_error must be a share from 0 to 0\.5"),
        ("permeability_error", "-1", r"permeability_error must be a share of the value"),
        ("permeability_error", "some", r"permeability_error must be a number, got 'some'"),
        ("measured_length_m", "38", r"measured_length_m must be between 0 and 10 m"),
        ("length", "1", r"must have the columns .*then any of porosity_error,.* got .*,length"),
    ],
)  # fmt: skip
def test_a_wrong_error_or_scale_is_named(folder, column, value, message):
    with pytest.raises(InputError, match=message):
        read(folder, (column,), f"A,a.tif,4e-6,0.2,100,{value}")


def test_rows_of_one_rock_state_one_error(folder):
    rows = ("A,a.tif,4e-6,0.2,100,0.2", "A,a.tif,4e-6,0.2,100,")
    with pytest.raises(InputError, match=r"row 3 .*permeability_error must be that .*0\.2, got 0"):
        read(folder, ("permeability_error",), *rows)
    (rock,) = read(folder, ("permeability_error",), rows[0], rows[0])
    assert len(rock.files) == 2


def test_a_part_of_a_core_differs_from_it_as_plugs_of_a_rock_do(folder):
    """The image is 64 × 4 µm wide: a core of 38 mm is larger, what has that width is not."""
    config = section("properties.rocks", RocksConfig)
    columns = ("measured_length_m", "permeability_error", "porosity_error")
    for length, extra in (("0.038", 1), ("256e-6", 0), ("", 0)):
        (rock,) = read(folder, columns, f"A,a.tif,4e-6,0.2,100,{length},0.1,0.01")
        _, facts = real_slices(config, rock, print)
        expected = np.hypot(0.1, extra * SCATTER["log_permeability"])
        assert facts["permeability_sd"] == pytest.approx(expected, rel=0.01)
        assert facts["porosity_sd"] == pytest.approx(np.hypot(0.01, extra * SCATTER["porosity"]))
        assert facts["walls"] == LABORATORY


def test_an_unsure_label_counts_less_in_the_law():
    y = np.array([[0.0, 1.0], [0.0, 1.0], [0.0, 4.0], [0.0, 4.0]])
    rocks, z = np.array(["a", "a", "b", "b"]), np.zeros((4, 1))
    # the label of b has as much of its own as rocks differ: it counts one half
    unsure = np.array([0, 0, BETWEEN, BETWEEN])
    for errors, constant in ((None, 2.5), (unsure, 2.0)):
        assert fit_law(y, rocks, errors=errors)[1] == pytest.approx(constant)
        assert fit_law(y, rocks, z, errors=errors)[1, 0] == pytest.approx(constant)


def test_the_rows_of_the_law_bring_the_errors_of_their_labels():
    table = tiny_rocks.table()
    assert not law_rows(table)[-1].any()
    stated = table.assign(permeability_sd=np.where(table["rock"] == "rock_03", 0.3, np.nan))
    errors = law_rows(stated)[-1]
    np.testing.assert_array_equal(errors[table["rock"] == "rock_03"], 0.3)
    assert not errors[table["rock"] != "rock_03"].any()


def measured(sd, factor=1.0):
    """The tiny rocks, one of which a laboratory measured to be so much less permeable."""
    table = tiny_rocks.table()
    own = table["rock"] == "rock_05"
    return table.assign(
        walls=np.where(own, LABORATORY, "stepped"),
        permeability=table["permeability"] / np.where(own, factor, 1.0),
        permeability_sd=np.where(own, sd, 0.0), porosity_sd=0.01,
        measured_length=np.where(own, 0.038, np.nan),
    )  # fmt: skip


def trained():
    model = tiny_rocks.model()
    return Trained({"": {"smr_ml": model, "smr_nn": model}}, pd.DataFrame(), tiny_rocks.table())


def test_a_rock_of_the_laboratory_stands_apart():
    scored, own = apart(measured(0.1))
    assert set(own["rock"]) == {"rock_05"}
    assert "rock_05" not in set(scored["rock"])
    assert len(scored) + len(own) == len(tiny_rocks.table())
    # where nothing was simulated they are what there is
    whole, all_of_it = apart(own)
    assert len(whole) == len(all_of_it) == len(own)
    assert apart(tiny_rocks.table())[1].empty


def test_the_error_of_the_label_widens_what_counts_as_met():
    (exact,) = by_laboratory(trained(), apart(measured(0.0))[1], [LAW, LAW], WIDTHS).values()
    assert exact["inside"]
    assert exact["measured_length"] == 0.038
    factor = 3.0
    for sd, inside in ((0.0, False), (1.0, True)):
        table = apart(measured(sd, factor))[1]
        (found,) = by_laboratory(trained(), table, [LAW, LAW], WIDTHS).values()
        assert found["factor"] == pytest.approx(factor * exact["factor"])
        assert found["inside"] == inside
        assert found["permeability_sd"] == sd
    assert by_laboratory(trained(), measured(0.1)[:0], [LAW, LAW], WIDTHS) == {}


def test_a_segmented_image_is_a_rock_too(folder):
    """Of rocks.csv as of the command: 0 and 255 are solid and pore, and are counted."""
    pore = tiny_rocks.grey() < 115
    tifffile.imwrite(folder / "mask.tif", pore * np.uint8(255), photometric="minisblack")
    (rock,) = read(folder, (), "A,mask.tif,4e-6,0.25,100")
    kept, _ = real_slices(section("properties.rocks", RocksConfig), rock, print)
    labels = segment_rocks({"A": kept["grey"]}, tiny_rocks.SEGMENT)["A"]
    assert (labels > 0).mean() == pytest.approx(pore.mean(), abs=0.003)


def phases(outside=None):
    """Clay 1, quartz 2 and pores 3; round a disc another value, if given."""
    pore = tiny_rocks.grey() < 115
    im = np.where(pore, 3, np.where(np.roll(pore, 9, axis=2), 1, 2)).astype(np.uint8)
    if outside is not None:
        y, x = np.indices(im.shape[1:]) - 31.5
        im[:, y**2 + x**2 > 31**2] = outside
    return im


@pytest.mark.parametrize("outside", [None, 0])
@pytest.mark.parametrize("label", ["3", '"1,3"'])
def test_the_pores_of_more_than_two_phases_are_those_of_the_label(folder, outside, label):
    im = phases(outside)
    tifffile.imwrite(folder / "phases.tif", im, photometric="minisblack")
    (rock,) = read(folder, ("pore_label",), f"A,phases.tif,4e-6,0.25,100,{label}")
    kept, _ = real_slices(section("properties.rocks", RocksConfig), rock, print)
    labels = segment_rocks({"A": kept["grey"]}, tiny_rocks.SEGMENT)["A"]
    inside = im != outside if outside is not None else np.ones(im.shape, bool)
    np.testing.assert_array_equal(labels >= 0, inside)
    counted = np.isin(im, rock.pore_label)[inside].mean()
    assert (labels[inside] > 0).mean() == pytest.approx(counted, abs=0.01)


def test_a_wrong_pore_label_is_named(folder):
    tifffile.imwrite(folder / "phases.tif", phases(), photometric="minisblack")
    row = "A,phases.tif,4e-6,0.25,100"
    with pytest.raises(InputError, match=r'row 2 \(A\): pore_label .* several as "1,2", got \'p'):
        read(folder, ("pore_label",), f"{row},pore")
    with pytest.raises(InputError, match=r"row 3 .*pore_label must be that of .* got none"):
        read(folder, ("pore_label",), f"{row},3", f"{row},")
    config = section("properties.rocks", RocksConfig)
    (rock,) = read(folder, ("pore_label",), f"{row},7")
    with pytest.raises(InputError, match="must occur in the image, got 7, A holds 1, 2, 3"):
        real_slices(config, rock, print)
    (rock,) = read(folder, ("pore_label",), "A,a.tif,4e-6,0.25,100,7")
    with pytest.raises(InputError, match="belongs to a segmented image, A has more than 8 values"):
        real_slices(config, rock, print)


def test_the_page_shows_them_and_where_none_is_nothing(project, tmp_path):
    reports = tmp_path / "reports/properties"
    shutil.copytree(project / "docs/reports/properties", reports)
    write_json(reports / "validation.json", {"checks": []})
    write_json(tmp_path / "mlflow/registered/properties.json", {"model": "m", "gate": "passed"})
    titles = [table.title for table in properties(tmp_path).methods]
    details = read_json(reports / "models.json")
    table = apart(measured(0.5))[1]
    own = by_laboratory(trained(), table, [LAW, LAW], WIDTHS)
    write_json(reports / "models.json", details | {"laboratory": own})
    shown = properties(tmp_path).methods
    assert [table.title for table in shown][: len(titles)] == titles
    (row,) = shown[-1].rows
    assert row.cells[0] == "rock_05"
    assert row.cells[-2:] == ["0.0380", "yes"]
