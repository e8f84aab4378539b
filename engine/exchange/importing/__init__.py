"""Files of the reference implementation, or an export of our own, as a run."""
