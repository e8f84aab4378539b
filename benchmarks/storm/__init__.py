"""The parts of kill_storm.py: an engine's life, the run that goes through many of them, and what it comes to."""
