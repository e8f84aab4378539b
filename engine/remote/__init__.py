"""Reaching a run from another machine: a gateway beside its engine, and a mirror of its record at the other end."""
