"""Judging with rocks and kinds of rock left out."""
