"""What the engine and its viewers say to each other and where it is written down; free of torch."""
