"""A preset for a folder of images: which shipped one suits it, or a new one with its reasons."""
