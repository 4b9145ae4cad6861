"""What the conductance line expects of its data, and the report of what it found."""
