"""The gan-tui command line and dashboard; never imports torch."""
