"""What the disk, other processes, other users and damaged input can do to a run, with real files and processes."""
