"""Where results come from and where they go: the graph in dvc.lock, and its models and runs."""
