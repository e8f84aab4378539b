"""What a viewer knows of a run: pure values and reducers; no Textual and no I/O."""
