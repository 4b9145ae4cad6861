"""Stokes flow through a whole volume or a conduit."""
