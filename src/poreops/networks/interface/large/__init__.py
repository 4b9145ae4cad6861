"""Interface networks of partitions larger than memory: blocks in groups, joined at the end."""
