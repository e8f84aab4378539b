"""The presets' root types, one per method: which sections it has, and the defaults of its paper."""

from __future__ import annotations

from typing import Annotated, ClassVar, TypeAlias, get_args, get_type_hints

from msgspec import Meta

from engine.config.data import DataConfig, DigitsConfig, DigitsData, ImagesConfig, PairedData, PairsConfig, UnpairedData
from engine.config.losses import AeGanLoss, CycleGanLoss, DiscoGanLoss, DtnLoss, LossConfig, Pix2PixLoss
from engine.config.networks import (
    AutoencoderGenerator,
    DecoderGenerator,
    DiscriminatorConfig,
    EncoderDecoderGenerator,
    GeneratorConfig,
    ImageDiscriminator,
    PatchDiscriminator,
    ResnetGenerator,
    TranslatingGenerator,
    UnetGenerator,
)
from engine.config.schema import (
    CheckpointConfig,
    DtnOptim,
    EvaluationConfig,
    LogConfig,
    NonNegative,
    OptimConfig,
    PoolingOptim,
    Positive,
    RunConfig,
    SampleConfig,
    Section,
)
from engine.config.sentinels import SentinelConfig


class MethodConfig(Section, frozen=True, kw_only=True):
    """The sections of every preset, in their order; each method says which it takes of those that differ."""

    both_ways: ClassVar[bool]
    """Whether the method learns to translate B to A too."""

    method: Section
    data: DataConfig
    generator: GeneratorConfig
    discriminator: DiscriminatorConfig
    loss: LossConfig
    optim: OptimConfig
    run: RunConfig = RunConfig()
    log: LogConfig = LogConfig()
    sample: SampleConfig = SampleConfig()
    checkpoint: CheckpointConfig = CheckpointConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    sentinel: SentinelConfig = SentinelConfig()


class CycleGanMethod(Section, frozen=True, kw_only=True, tag_field="kind", tag="cyclegan"):
    """CycleGAN (Zhu et al. 2017, arXiv:1703.10593) has no settings of its own beyond the shared sections."""


class CycleGanConfig(MethodConfig, frozen=True, kw_only=True):
    """Everything that defines a CycleGAN run."""

    both_ways = True

    method: CycleGanMethod = CycleGanMethod()
    data: ImagesConfig = UnpairedData()
    generator: TranslatingGenerator = ResnetGenerator()
    discriminator: DiscriminatorConfig = PatchDiscriminator()
    loss: CycleGanLoss = CycleGanLoss()
    optim: PoolingOptim = PoolingOptim()


class Pix2PixMethod(Section, frozen=True, kw_only=True, tag_field="kind", tag="pix2pix"):
    """pix2pix (Isola et al. 2017, arXiv:1611.07004)."""

    test_time_noise: bool = False
    """Translate with dropout and batch statistics as in training, as the paper does at test time (section 3.3)."""


class Pix2PixConfig(MethodConfig, frozen=True, kw_only=True):
    """Everything that defines a pix2pix run; the paper's are batch normalisation, dropout and no pool.

    The schedule is its authors' PyTorch code's; the paper's own, constant, is in the presets.
    """

    both_ways = False

    method: Pix2PixMethod = Pix2PixMethod()
    data: PairsConfig = PairedData()
    generator: TranslatingGenerator = UnetGenerator(norm="batch", dropout=True)
    discriminator: DiscriminatorConfig = PatchDiscriminator(norm="batch")
    loss: Pix2PixLoss = Pix2PixLoss()
    optim: PoolingOptim = PoolingOptim(pool=0)


class DiscoGanMethod(Section, frozen=True, kw_only=True, tag_field="kind", tag="discogan"):
    """DiscoGAN (Kim et al. 2017, arXiv:1703.05192), after its authors' implementation."""

    d_every: Annotated[int, Meta(ge=2)] = 3
    """Steps of which one updates the discriminators, and the others the generators."""


class DiscoGanConfig(MethodConfig, frozen=True, kw_only=True):
    """Everything that defines a DiscoGAN run."""

    both_ways = True

    method: DiscoGanMethod = DiscoGanMethod()
    data: ImagesConfig = PairedData(resize=64, crop=64, flip=False)
    generator: EncoderDecoderGenerator = EncoderDecoderGenerator()
    discriminator: ImageDiscriminator = ImageDiscriminator()
    loss: DiscoGanLoss = DiscoGanLoss()
    optim: OptimConfig = OptimConfig(schedule="constant", weight_decay=1e-5)
    run: RunConfig = RunConfig(batch=64)


class DtnMethod(Section, frozen=True, kw_only=True, tag_field="kind", tag="dtn"):
    """DTN (Taigman et al. 2016, arXiv:1611.02200): f is trained first, as a classifier of the source's digits."""

    f_width: Positive = 64
    """Channels of the first layer of f; the others have 2, 4 and 2 times as many."""
    f_steps: NonNegative = 3000
    """Steps in which f is trained, unless f_from is set; it is frozen afterwards. 0 leaves it at its first weights."""
    f_from: str = ""
    """A DTN run whose f is taken, from its newest checkpoint, instead of training one: its name or its directory."""

    @property
    def trains_f(self) -> bool:
        """Whether the run begins with the training of f."""
        return self.f_steps > 0 and not self.f_from


class DtnConfig(MethodConfig, frozen=True, kw_only=True):
    """Everything that defines a DTN run."""

    both_ways = False

    method: DtnMethod = DtnMethod()
    data: DigitsConfig = DigitsData()
    generator: DecoderGenerator = DecoderGenerator()
    discriminator: ImageDiscriminator = ImageDiscriminator(downs=3)
    loss: DtnLoss = DtnLoss()
    optim: DtnOptim = DtnOptim(schedule="constant")
    run: RunConfig = RunConfig(batch=128)


class AeGanMethod(Section, frozen=True, kw_only=True, tag_field="kind", tag="aegan"):
    """An autoencoder GAN of UNIT's family (Liu et al. 2017, arXiv:1703.00848)."""


class AeGanConfig(MethodConfig, frozen=True, kw_only=True):
    """Everything that defines an autoencoder-GAN run."""

    both_ways = True

    method: AeGanMethod = AeGanMethod()
    data: ImagesConfig = UnpairedData()
    generator: AutoencoderGenerator = AutoencoderGenerator()
    discriminator: DiscriminatorConfig = PatchDiscriminator()
    loss: AeGanLoss = AeGanLoss()
    optim: PoolingOptim = PoolingOptim(lr_g=1e-4, lr_d=1e-4, weight_decay=1e-4, schedule="constant", pool=0)


TrainConfig: TypeAlias = CycleGanConfig | Pix2PixConfig | DiscoGanConfig | DtnConfig | AeGanConfig

CONFIGS: dict[str, type[TrainConfig]] = {
    "cyclegan": CycleGanConfig,
    "pix2pix": Pix2PixConfig,
    "discogan": DiscoGanConfig,
    "dtn": DtnConfig,
    "aegan": AeGanConfig,
}
"""By the kind that a preset names."""


def methods_taking(data: type[DataConfig]) -> list[str]:
    """The kinds of method that learn from a kind of data."""
    return [kind for kind, config in CONFIGS.items() if data in get_args(get_type_hints(config)["data"])]
