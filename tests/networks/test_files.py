"""ParaView's reader and OpenPNM read what is written."""

import numpy as np
import openpnm
import pandas as pd
import pytest
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkIOXML import vtkXMLImageDataReader, vtkXMLPolyDataReader

from poreops.cli.result_files import write_network
from poreops.conduits.partition import Regions, touching_pairs
from poreops.errors import InputError
from poreops.networks import vtk
from poreops.networks.network import load_network, network_of_regions

VOXEL = 2e-6


@pytest.fixture(scope="module")
def network():
    labels = np.zeros((12, 7, 6), dtype=np.int32)
    labels[:5, 1:6, 1:5], labels[5:8, 1:6, 1:5], labels[8:, 1:6, 1:5] = 1, 2, 3
    return network_of_regions(Regions(labels, touching_pairs(labels)), VOXEL, "shape_factor")


@pytest.fixture(scope="module")
def folder(network, tmp_path_factory):
    folder = tmp_path_factory.mktemp("network")
    write_network(folder, network)
    return folder


def _vtk(reader, path):
    reader.SetFileName(str(path))
    reader.Update()
    assert reader.GetErrorCode() == 0
    return reader.GetOutput()


def test_vtk_reads_the_network(folder, network):
    found = _vtk(vtkXMLPolyDataReader(), folder / "network.vtp")
    points = vtk_to_numpy(found.GetPoints().GetData())
    np.testing.assert_array_equal(points, network.openpnm["pore.coords"])
    lines = vtk_to_numpy(found.GetLines().GetConnectivityArray()).reshape(-1, 2)
    np.testing.assert_array_equal(lines, network.openpnm.conns)
    factors = vtk_to_numpy(found.GetCellData().GetArray("diffusive_size_factors"))
    np.testing.assert_array_equal(factors, network.openpnm["throat.diffusive_size_factors"])
    inlet = vtk_to_numpy(found.GetPointData().GetArray("xmin"))
    np.testing.assert_array_equal(inlet.astype(bool), network.openpnm["pore.xmin"])


@pytest.mark.parametrize("block", [64, 4 * 2**20])
@pytest.mark.parametrize("shape", [(5, 4, 3), (6, 5), (1, 2, 9)])
@pytest.mark.parametrize("most", [9, 70_000])
def test_vtk_reads_the_regions(tmp_path, monkeypatch, shape, most, block):
    monkeypatch.setattr(vtk, "_BLOCK", block)
    labels = np.random.default_rng(1).integers(0, most, shape).astype(np.int32)
    vtk.write_labels_vti(tmp_path / "regions.vti", labels, VOXEL)
    found = _vtk(vtkXMLImageDataReader(), tmp_path / "regions.vti")
    cube = shape if len(shape) == 3 else (*shape, 1)
    assert found.GetDimensions() == tuple(n + 1 for n in cube)
    assert found.GetSpacing() == (VOXEL, VOXEL, VOXEL)
    cells = vtk_to_numpy(found.GetCellData().GetArray("region")).reshape(cube, order="F")
    np.testing.assert_array_equal(cells.reshape(shape), labels)


def test_network_file_is_ready_for_openpnm_without_us(folder, network):
    path = folder / "network.npz"
    for found in (
        load_network(path),
        openpnm.io.network_from_porespy(dict(np.load(path, allow_pickle=False))),
    ):
        for key in network.openpnm:
            np.testing.assert_array_equal(found[key], network.openpnm[key])
        phase = openpnm.phase.Phase(network=found)
        phase["pore.diffusivity"] = phase["throat.diffusivity"] = 1.0
        phase.add_model(
            propname="throat.diffusive_conductance",
            model=openpnm.models.physics.diffusive_conductance.generic_diffusive,
        )
        fick = openpnm.algorithms.FickianDiffusion(network=found, phase=phase)
        fick.set_value_BC(pores=found.pores("xmin"), values=1.0)
        fick.set_value_BC(pores=found.pores("xmax"), values=0.0)
        fick.run()
        rate = fick.rate(pores=found.pores("xmin"))[0]
        factor = 7 * 6 / 12 * VOXEL / rate
        assert factor == pytest.approx(network.formation_factor("x").formation_factor)


def test_load_network_refuses_another_file(tmp_path):
    (tmp_path / "network.npz").write_bytes(b"PK no")
    with pytest.raises(InputError, match="must be a network.npz of poreops network"):
        load_network(tmp_path / "network.npz")
    with pytest.raises(InputError, match="is not"):
        load_network(tmp_path / "absent.npz")


def test_tables_hold_the_network(folder, network):
    pores, throats = pd.read_csv(folder / "pores.csv"), pd.read_csv(folder / "throats.csv")
    net = network.openpnm
    np.testing.assert_allclose(pores[["x_m", "y_m", "z_m"]], net["pore.coords"], rtol=1e-12)
    assert (pores["face"] == "xmin").sum() == net["pore.xmin"].sum() == 1
    assert pores["face"].isna().sum() == 3
    assert throats["boundary"].sum() == net["throat.boundary"].sum()
    np.testing.assert_allclose(
        throats["diffusive_size_factor_m"], net["throat.diffusive_size_factors"], rtol=1e-12
    )


@pytest.mark.parametrize("name", ["network.png", "regions.png"])
def test_pictures_are_png(folder, name):
    content = (folder / name).read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert len(content) > 10_000


def test_the_same_network_gives_the_same_files(folder, network, tmp_path):
    write_network(tmp_path, network)
    for path in folder.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name
