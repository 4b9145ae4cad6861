"""How results show, draw and save themselves; helpers for pictures."""
