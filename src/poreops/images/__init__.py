"""Read images of every format and describe them."""
