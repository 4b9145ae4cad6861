"""The properties line: porosity and permeability from slices."""
