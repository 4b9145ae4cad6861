"""Learn size factors of conduits: encoding, networks, training, search, scores."""
