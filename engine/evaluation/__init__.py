"""Measuring translations of images kept apart from training: figures of a checkpoint, or of a run that trains."""
