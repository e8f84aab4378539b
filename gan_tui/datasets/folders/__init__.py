"""What a folder of images is: how it is laid out, and what its files are."""
