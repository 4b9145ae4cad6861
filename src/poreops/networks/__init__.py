"""Pore networks: arrays, OpenPNM, effective properties, files and pictures."""
