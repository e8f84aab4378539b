"""Widgets, one per file: data down, messages up."""
