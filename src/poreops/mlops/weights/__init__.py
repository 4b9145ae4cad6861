"""Learned weights: refused if they are not finite, compiled, built and kept on disk."""
