"""Partition the pore space and describe its regions and conduits."""
