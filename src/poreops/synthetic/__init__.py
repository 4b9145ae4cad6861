"""Makers of synthetic material: sphere packs, plugs, the scanner, shale."""
