"""What may be wrong around the pipeline, and what to do about it."""
