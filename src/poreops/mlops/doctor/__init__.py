"""What may be wrong around the pipeline, and what to do: environment, DVC, MLflow, studies, disk."""
