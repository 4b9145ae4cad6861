"""The page of a whole run: verdicts, data, nulls, accuracy against time, pictures, lineage."""
