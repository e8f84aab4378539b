"""The GAN systems, one file each, reading like its paper."""
