"""Our CycleGAN against numbers computed with the reference implementation (junyanz/pytorch-CycleGAN-and-pix2pix).

Cases come from a manifest, so that another folder of the same shape, given by GAN_TUI_REFERENCE, is checked likewise.
Of that folder the tests here take the networks, adversarial losses, training steps, learning rates and checkpoints of
CycleGAN. The pix2pix, gradient-penalty, wgan-gp, DiscoGAN and DTN cases belong to methods that are not built yet: no
test is collected for them, and each gets its tests together with its method.
"""
