"""Data parallel training: several processes of one run, each with its share of every batch (docs/scale.md)."""
