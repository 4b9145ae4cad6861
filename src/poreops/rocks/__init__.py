"""Rock properties from slices: gate, plots, page, suites, the registered model."""
