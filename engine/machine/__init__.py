"""What the machine that a run trains on is at: read on a thread beside the step loop."""
