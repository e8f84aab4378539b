"""Images for the step loop: reading, transforming, drawing, streaming."""
