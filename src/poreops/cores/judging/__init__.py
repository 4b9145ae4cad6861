"""Scores of drawn images, and the nulls."""
