"""Our networks, losses and training steps against numbers computed with the reference implementations.

Cases come from two manifests: another folder of the same shape, given by GAN_TUI_REFERENCE, is checked likewise.
The first is of junyanz/pytorch-CycleGAN-and-pix2pix; the second of SKTBrain/DiscoGAN, of DTN's loss definitions, and of
a generator of eriklindernoren/PyTorch-GAN, whose discriminator is another than ours and is left out.
"""
