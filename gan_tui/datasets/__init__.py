"""Sets of images: known ones and how they are fetched, what a folder is, and a preset for it. No torch, no drawing."""
