"""Image sets on disk: what a folder holds, and what can be trained on it. No torch, no drawing."""
