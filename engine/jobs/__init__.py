"""Work on runs and images that needs PyTorch and is no training: one job, one process (engine.protocol.jobs)."""
