"""Stokes flow through blocks joined by modes of traction, with bounds on the permeability."""
