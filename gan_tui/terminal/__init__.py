"""The way to the terminal: what is written, how fast, how pictures get there, and what a terminal's end does."""
