"""The conductance line: size factors of conduits, learned."""
