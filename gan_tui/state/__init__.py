"""What a viewer knows of a run, free of terminals and of I/O."""
