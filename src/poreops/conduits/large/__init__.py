"""Partition of volumes larger than memory: chunk by chunk, the same labels for any chunks."""
