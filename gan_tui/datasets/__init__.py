"""Known sets of images: which there are, and how one is fetched. Draws nothing and never imports PyTorch."""
