"""The presets' root types, one per method: which sections it has, and the defaults of its paper."""

from __future__ import annotations

from typing import Literal, TypeAlias

from engine.config.schema import (
    CheckpointConfig,
    DataConfig,
    DiscriminatorConfig,
    GeneratorConfig,
    LiveWeight,
    LogConfig,
    OptimConfig,
    PatchDiscriminator,
    ResnetGenerator,
    RunConfig,
    SampleConfig,
    Section,
    SentinelConfig,
    UnpairedData,
)


class CycleGanMethod(Section, frozen=True, kw_only=True, tag_field="kind", tag="cyclegan"):
    """CycleGAN (Zhu et al. 2017, arXiv:1703.10593) has no settings of its own beyond the shared sections."""


class CycleGanLoss(Section, frozen=True, kw_only=True):
    """The full objective, equation 3, with the identity term of section 5.2."""

    gan: Literal["lsgan", "vanilla"] = "lsgan"
    """Adversarial loss: least squares, or cross-entropy."""
    adversarial: LiveWeight = 1.0
    """Weight of both generators' adversarial terms G_A and G_B."""
    cycle_a: LiveWeight = 10.0
    """Weight of |G_B(G_A(A)) - A| (lambda_A)."""
    cycle_b: LiveWeight = 10.0
    """Weight of |G_A(G_B(B)) - B| (lambda_B)."""
    identity: LiveWeight = 0.5
    """Weight of the identity terms relative to cycle_a and cycle_b; at 0 they are not computed."""


class CycleGanConfig(Section, frozen=True, kw_only=True):
    """Everything that defines a CycleGAN run."""

    method: CycleGanMethod = CycleGanMethod()
    data: DataConfig = UnpairedData()
    generator: GeneratorConfig = ResnetGenerator()
    discriminator: DiscriminatorConfig = PatchDiscriminator()
    loss: CycleGanLoss = CycleGanLoss()
    optim: OptimConfig = OptimConfig()
    run: RunConfig = RunConfig()
    log: LogConfig = LogConfig()
    sample: SampleConfig = SampleConfig()
    checkpoint: CheckpointConfig = CheckpointConfig()
    sentinel: SentinelConfig = SentinelConfig()


# pix2pix, DiscoGAN, DTN and the autoencoder GAN join this union as they arrive; every `match` over it then fails the
# type check until it names them.
TrainConfig: TypeAlias = CycleGanConfig

CONFIGS: dict[str, type[TrainConfig]] = {"cyclegan": CycleGanConfig}
