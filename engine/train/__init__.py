"""The step loop and what it keeps between steps."""
