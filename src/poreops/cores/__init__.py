"""The digital-cores line: grey images drawn by a network."""
