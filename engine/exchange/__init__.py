"""To other programs and back: exports of a checkpoint, and runs made of what the reference implementation wrote."""
