"""What the engine is compared with: each system's published algorithm as a good PyTorch user writes it down.

Eager, contiguous, one forward pass for every term in the order of the paper's or the best known implementation, losses
weighed by plain numbers, PyTorch's own layers and its Adam as it comes. Nothing of the engine's own networks, losses or
optimizers is in here, so that the yardstick stays as it is while the engine changes.

It is not slow on purpose. No loss is copied to the host, gradients are cleared by dropping them, discriminators are
frozen while generators learn, and what a discriminator is shown is detached; DiscoGAN's and UNIT's own programs leave
some of that out and compute gradients that nobody uses. So the step's arithmetic is what its objective needs and no
more, and a ratio is not made larger than it is.
"""
