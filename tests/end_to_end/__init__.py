"""The product as a user meets it: real commands, a real engine, a real pseudo-terminal."""
