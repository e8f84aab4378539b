"""Presets: typed, frozen settings of a run, and how they are read from TOML."""
