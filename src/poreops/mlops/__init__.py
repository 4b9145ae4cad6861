"""Tracking, registry, gate, expectations, search, and what every network must pass."""
