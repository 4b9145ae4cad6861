"""How results show themselves: a line, a table, a picture, a file, named arrays, meshes."""

import importlib.util
import sys

import matplotlib as mpl
import numpy as np
import pytest

import poreops
from poreops.base.hdf5 import read_hdf5
from poreops.conduits.partition import Regions, load_regions, touching_pairs
from poreops.errors import InputError
from poreops.networks.network import load_network, network_of_regions
from poreops.solvers.stokes.permeability import permeability_tensor

mpl.use("Agg")
EDGE = 2e-6


@pytest.fixture(autouse=True)
def close_figures():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def slot():
    """A slot across x that is 4 of 8 voxels wide along y, and as deep as z."""
    image = np.zeros((6, 8, 5), bool)
    image[:, 2:6, :] = True
    return image


def regions():
    labels = np.zeros((12, 9, 7), np.int32)
    labels[:6, 1:8, 1:6], labels[6:, 1:8, 1:6] = 1, 2
    return Regions(labels, touching_pairs(labels))


@pytest.fixture(scope="module")
def network():
    found = regions()
    return (
        poreops.build_network(found.labels > 0, EDGE, method="dns") if False else _network(found)
    )


def _network(found):

    return network_of_regions(found, EDGE)


@pytest.fixture(scope="module")
def results(network):
    image = slot()
    flow = poreops.permeability(image, "x", voxel_size=EDGE)
    return {
        "Regions": regions(),
        "BulkDiffusion": poreops.formation_factor(image, "x"),
        "Permeability": flow,
        "PermeabilityTensor": permeability_tensor(image, voxel_size=EDGE),
        "ImageCheck": poreops.check(image),
        "PoreNetwork": network,
        "NetworkDiffusion": network.formation_factor("x"),
    }


def test_a_result_is_one_line_of_its_name_shape_and_number(results):
    for name, result in results.items():
        text = repr(result)
        assert text.startswith(f"<{name} ")
        assert "\n" not in text
        assert len(text) <= 162
        assert "array" not in text
    assert repr(results["Regions"]) == "<Regions 12 x 9 x 7 voxels: 2 regions, 1 throats>"
    # half of the cross-section, straight: F = 2, τ = 1
    line = "<BulkDiffusion 6 x 8 x 5 voxels along x: formation factor 2, tortuosity 1>"
    assert repr(results["BulkDiffusion"]) == line
    k = results["Permeability"].permeability
    assert f"voxels of 2 µm along x: permeability {k / 9.869233e-16:.4g} mD" in repr(
        results["Permeability"]
    )
    assert "2 pores" in repr(results["PoreNetwork"])
    assert "percolates along x, z" in repr(results["ImageCheck"])


def test_a_number_without_a_voxel_size_has_the_unit_voxel():
    assert "voxel²" in repr(poreops.permeability(slot(), 0))


def test_what_percolates_nowhere_says_so():
    image = slot()
    image[3] = False
    assert "nothing percolates" in repr(poreops.formation_factor(image, "x"))
    assert "nothing percolates" in repr(poreops.permeability(image, "x"))


def test_a_notebook_shows_a_table_and_no_voxels(results):
    for name, result in results.items():
        html = result._repr_html_()
        assert html.startswith(f"<div><b>{name}</b><table>")
        assert html.endswith("</table></div>")
        assert "array" not in html
    assert (
        "&lt;" in poreops.check(slot())._repr_html_()
        or "warnings" in results["ImageCheck"]._repr_html_()
    )


def test_a_plot_shows_the_slice_across_an_axis(results):
    found = results["Regions"]
    ax = found.plot(axis="x", index=2, voxel_size=EDGE)
    shown = ax.images[0].get_array()
    assert shown.shape == (7, 9)  # z upward, y to the right
    assert (shown == found.labels[2].T).all()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("y [µm]", "z [µm]")
    np.testing.assert_allclose(ax.images[0].get_extent(), (0, 18, 0, 14))


def test_a_plot_of_diffusion_shows_the_gradient(results):
    ax = results["BulkDiffusion"].plot()
    shown = ax.images[0].get_array()
    # x to the right: the concentration falls from 1 to 0 along it
    assert shown.shape == (8, 6)
    np.testing.assert_allclose(shown[3], 1 - (np.arange(6) + 0.5) / 6, atol=1e-6)


def test_every_result_with_something_to_draw_draws_it(results):
    drawn = {"Regions", "BulkDiffusion", "Permeability", "PoreNetwork"}
    for name in drawn:
        figure = results[name].plot().figure
        figure.canvas.draw()
    for name in ("PermeabilityTensor", "NetworkDiffusion", "ImageCheck"):
        with pytest.raises(InputError):
            results[name].plot()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"axis": "q"}, "axis must be one of x, y, z"),
        ({"index": 99}, "index must be a whole number >= 0"),
        ({"colour": "red"}, "has no option 'colour'"),
    ],
)
def test_a_wrong_option_of_a_plot_is_one_line(options, message):
    with pytest.raises(InputError, match=message):
        regions().plot(**options)


def test_regions_come_back_from_their_file(tmp_path):
    found = regions()
    found.save(tmp_path / "regions.h5")
    again = load_regions(tmp_path / "regions.h5")
    assert (again.labels == found.labels).all()
    assert (again.conns == found.conns).all()
    assert again.labels.dtype == np.int32
    assert poreops.load_regions is load_regions


def test_other_files_are_not_taken_for_regions(tmp_path, results):
    results["BulkDiffusion"].save(tmp_path / "diffusion.h5")
    with pytest.raises(InputError, match="holds concentration"):
        load_regions(tmp_path / "diffusion.h5")
    with pytest.raises(InputError, match="must exist"):
        load_regions(tmp_path / "nothing.h5")


def test_a_field_is_saved_with_its_numbers_axes_and_units(tmp_path, results):
    flow = results["Permeability"]
    flow.save(tmp_path / "flow.h5")
    arrays, attrs = read_hdf5(tmp_path / "flow.h5")
    assert (arrays["velocity"] == flow.velocity).all()
    assert attrs["velocity.dims"] == "component,x,y,z"
    assert attrs["velocity.units"] == "voxel Δp / µ"
    assert attrs["permeability_m2"] == flow.permeability
    assert attrs["voxel_size_m"] == EDGE
    # Darcy: the mean velocity times the length is the permeability, in voxels
    mean = arrays["velocity"][0].mean() * flow.velocity.shape[1]
    assert mean * EDGE**2 == pytest.approx(flow.permeability, rel=1e-3)


def test_every_result_is_saved(tmp_path, results):
    for name, result in results.items():
        suffix = ".npz" if name == "PoreNetwork" else ".h5"
        result.save(tmp_path / f"{name}{suffix}")
        assert (tmp_path / f"{name}{suffix}").stat().st_size > 0
        with pytest.raises(InputError, match="is saved as"):
            result.save(tmp_path / f"{name}.pkl")
    assert not list(tmp_path.glob("*.pkl"))


def test_a_network_comes_back_from_its_file(tmp_path, network):
    network.save(tmp_path / "network.npz")
    again = load_network(tmp_path / "network.npz")
    key = "throat.diffusive_size_factors"
    assert (again[key] == network.openpnm[key]).all()
    assert (again["pore.coords"] == network.openpnm["pore.coords"]).all()


def test_a_mesh_has_the_axes_and_the_voxel_size_of_the_image(results):
    pytest.importorskip("pyvista")
    found = results["Regions"]
    mesh = found.to_pyvista(voxel_size=EDGE)
    np.testing.assert_allclose(mesh.bounds, (0, 12 * EDGE, 0, 9 * EDGE, 0, 7 * EDGE))
    cell = mesh.find_containing_cell((8.5 * EDGE, 3.5 * EDGE, 2.5 * EDGE))
    assert mesh.cell_data["labels"][cell] == found.labels[8, 3, 2] == 2
    flow = results["Permeability"]
    mesh = flow.to_pyvista()
    cell = mesh.find_containing_cell((1.5 * EDGE, 3.5 * EDGE, 4.5 * EDGE))
    np.testing.assert_array_equal(mesh.cell_data["velocity"][cell], flow.velocity[:, 1, 3, 4])


def test_a_plane_image_is_a_mesh_of_one_layer():
    pytest.importorskip("pyvista")
    flow = poreops.permeability(slot()[:, :, 0], 0)
    mesh = flow.to_pyvista()
    assert mesh.dimensions == (7, 9, 2)
    assert mesh.cell_data["velocity"].shape == (48, 3)
    assert not mesh.cell_data["velocity"][:, 2].any()


def test_a_network_is_a_mesh_of_lines(network):
    pytest.importorskip("pyvista")
    mesh = network.to_pyvista()
    assert mesh.n_points == network.openpnm.Np
    assert mesh.n_lines == network.openpnm.Nt
    np.testing.assert_allclose(mesh.points, network.openpnm["pore.coords"], rtol=1e-6)
    assert "diffusive_size_factors" in mesh.cell_data
    assert "inscribed_diameter" in mesh.point_data


def test_what_is_no_image_is_no_mesh(results):
    with pytest.raises(InputError, match="use to_xarray"):
        results["NetworkDiffusion"].to_pyvista()


@pytest.mark.skipif(importlib.util.find_spec("xarray") is None, reason="xarray is not installed")
def test_a_dataset_has_names_centres_and_units(results, network):
    flow = results["Permeability"].to_xarray()
    assert flow["velocity"].dims == ("component", "x", "y", "z")
    assert list(flow["component"].values) == ["x", "y", "z"]
    np.testing.assert_allclose(flow["x"], (np.arange(6) + 0.5) * EDGE)
    assert flow["x"].attrs["units"] == "m"
    assert flow["velocity"].attrs["units"] == "voxel Δp / µ"
    assert flow.attrs["permeability_m2"] == results["Permeability"].permeability
    concentration = results["BulkDiffusion"].to_xarray()["concentration"]
    assert concentration["x"].attrs["units"] == "voxel"
    # falls along x alone
    means = concentration.mean(dim=("y", "z"))
    np.testing.assert_allclose(means, 1 - (np.arange(6) + 0.5) / 6, atol=1e-6)
    pores = network.to_xarray()
    assert pores["pore.coords"].attrs["units"] == "m"
    assert pores["throat.conns"].dims == ("throat", "end")
    for result in results.values():
        result.to_xarray()


def test_a_voxel_size_that_contradicts_the_result_is_refused(results):
    pytest.importorskip("pyvista")
    with pytest.raises(InputError, match="must be that of the result"):
        results["Permeability"].to_pyvista(voxel_size=1e-6)


@pytest.mark.parametrize(
    ("method", "package"), [("to_xarray", "xarray"), ("to_pyvista", "pyvista")]
)
def test_a_missing_package_is_one_line_that_names_it(monkeypatch, method, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(InputError, match=f"needs the package {package}.*pip install {package}"):
        getattr(regions(), method)()


def test_showing_imports_nothing_heavy():
    import subprocess

    code = (
        "import numpy as np, sys, poreops.base.show.result\n"
        "from poreops.conduits.partition import Regions\n"
        "print(repr(Regions(np.ones((2, 3), int), np.zeros((0, 2), int))))\n"
        "print([n for n in ('matplotlib', 'xarray', 'pyvista', 'pandas') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["<Regions 2 x 3 voxels: 1 regions, 0 throats>", "[]"]
