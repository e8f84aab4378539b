"""Translating image files with a checkpoint: which files, at which size, in which pieces, and what is written."""
