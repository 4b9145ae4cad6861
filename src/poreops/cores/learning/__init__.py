"""Generators, critics and their training; the pieces of a quilting."""
