"""What stands in the way of training here, and what to do about it: each module looks at one part of the machine."""
