"""From conduits to OpenPNM: size factors of yours drive an algorithm of theirs.

poreops sample -o rock.tif
python docs/examples/network_openpnm.py rock.tif --voxel-size 5.3e-6
"""

import argparse

import numpy as np
import openpnm

import poreops


def main() -> None:
    """Solve diffusion of oxygen in water through a pore network, by OpenPNM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("image")
    parser.add_argument("--voxel-size", type=float, required=True, help="[m]")
    options = parser.parse_args()

    built = poreops.build_network(poreops.read_image(options.image), options.voxel_size)
    network = built.openpnm
    print(f"{network.Np} pores ({network.num_pores('boundary')} on faces), {network.Nt} throats")

    phase = openpnm.phase.Phase(network=network)
    diffusivity = 2.1e-9  # [m²/s]
    # rate [mol/s] = D g Δc: the size factor g [m] is the conductance without the fluid
    phase["throat.diffusive_conductance"] = diffusivity * network["throat.diffusive_size_factors"]
    fick = openpnm.algorithms.FickianDiffusion(network=network, phase=phase)
    fick.set_value_BC(pores=network.pores("xmin"), values=1.0)  # [mol/m³]
    fick.set_value_BC(pores=network.pores("xmax"), values=0.0)
    fick.run()

    concentration = np.asarray(fick["pore.concentration"])
    rate = float(fick.rate(pores=network.pores("xmin"))[0])
    shape = built.regions.labels.shape
    length, area = shape[0] * options.voxel_size, shape[1] * shape[2] * options.voxel_size**2
    print(f"concentration from {concentration.min():.2f} to {concentration.max():.2f} mol/m3")
    print(f"rate {rate:.3g} mol/s; F = {diffusivity * area / (rate * length):.3f}, "
          f"as poreops has it: {built.formation_factor('x').formation_factor:.3f}")  # fmt: skip


if __name__ == "__main__":
    main()
