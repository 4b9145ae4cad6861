"""Files, settings and the checks of arguments."""
