"""Porosity and permeability of a small segmented volume, by diffusion instead of flow."""
