"""Laplace's equation in the box of one conduit."""
