"""Pictures of the conductance line, drawn from tables and arrays alone."""
