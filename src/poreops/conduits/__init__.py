"""Regions of the pore space, the conduits between them and their size factors."""
