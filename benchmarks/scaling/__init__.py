"""Ranks that are timed: with what they send one another, and without."""
