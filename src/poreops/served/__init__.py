"""Code that runs inside registered models."""
