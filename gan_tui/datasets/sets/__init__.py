"""Known sets of images: what they are, where they lie, and how they come here."""
