"""Generators, critics and their training."""
