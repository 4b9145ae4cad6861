"""Scores of members, nulls and rules, on conduits and in networks."""
