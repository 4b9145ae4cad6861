"""Direct simulation of transport."""
