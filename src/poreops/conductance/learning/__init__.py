"""Members, encoding, networks and training."""
