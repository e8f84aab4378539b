"""Judges of a run's numbers: from readings to findings. They know no torch, no session and no clock."""
