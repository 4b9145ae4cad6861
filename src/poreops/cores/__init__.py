"""Digital cores: gate, plots, suite, the registered model."""
