"""The cores line: grey digital cores, drawn by a network or quilted."""
