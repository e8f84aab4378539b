"""The training engine: trains, records, obeys; knows nothing of terminals."""

__version__ = "0.1.0"
