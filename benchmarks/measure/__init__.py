"""What the benchmark programs measure with: time in turns, memory, a machine's peak, and what machine it is."""
