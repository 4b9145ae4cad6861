"""Pictures and the page of the report."""
