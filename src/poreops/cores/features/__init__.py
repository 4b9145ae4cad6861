"""What is measured on images: structure, noise, features, distances."""
