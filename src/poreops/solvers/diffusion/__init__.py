"""Diffusion through a whole volume."""
