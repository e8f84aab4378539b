"""A run that is watched while it trains: its engine, its viewers, and what they cost it."""
