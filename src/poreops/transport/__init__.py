"""Simulate transport: conduits, whole volumes, exact rules."""
