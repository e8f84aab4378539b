"""Names of what lies in folders that are exchanged, by exports that write them and by imports that read them.

A folder of ours has the configuration, a model card and a file of weights for each network; one of the reference
implementation a file of weights for each network and epoch, and what its training was started with.
"""

from __future__ import annotations

import re

CONFIG = "config.toml"
CARD = "README.md"
WEIGHTS = ".safetensors"
"""What files of our weights end with; before it stands the network's name."""
STEP = "step"
"""The fact, among those that go with a file of our weights, by which an import knows the step."""

REFERENCE_WEIGHTS = "{epoch}_net_{network}.pth"
"""The reference's files of weights: of an epoch, or of "latest", and of a network."""
REFERENCE_NAMED = re.compile(r"(?P<epoch>latest|\d{1,9})_net_(?P<network>G|D|G_A|G_B|D_A|D_B)\.pth")
"""Their names, read."""
OPTIONS = "train_opt.txt"
"""Where the reference keeps what it was started with; it does not read it again."""
LOSS_LOG = "loss_log.txt"
