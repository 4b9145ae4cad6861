"""Make, read and describe volumes."""
