"""The [data] section: one struct for each kind of image source."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

from engine.config.schema import NonNegative, Positive, Section

Direction: TypeAlias = Literal["AtoB", "BtoA"]
"""Of a preset's data, A and B are its folders; of a run, its own, as its contact sheets name them: data.direction =
"BtoA" made the folders' B its A."""
CacheWish: TypeAlias = Literal["auto", "off", "host", "device"]
Digit = Annotated[int, Meta(ge=0, le=9)]


class _Framed(Section, frozen=True, kw_only=True):
    """What every source of pictures has that are resized, cropped and mirrored."""

    resize: NonNegative = 286
    """Side in pixels to which every image is resized (bicubic, square) before the crop; 0 keeps its size."""
    crop: Positive = 256
    """Side in pixels of the random square crop that the networks see."""
    flip: bool = True
    """Mirror an image left to right with probability one half."""
    direction: Direction = "AtoB"
    """BtoA swaps the two domains."""


class _FromFolder(_Framed, frozen=True, kw_only=True):
    """What every folder of image files has."""

    workers: NonNegative = 2
    """Processes that decode images ahead of the training loop; 0 decodes inside it."""
    cache: CacheWish = "auto"
    """Where every image is kept once decoded and resized: device (the training device's memory), host, or off; auto
    takes the first in which all of them fit within `cache_limit`, and says which and why."""
    cache_limit: NonNegative = 0
    """Mebibytes that the kept images may take; 0 for an eighth of a GPU's free memory and a quarter of the host's."""


class UnpairedData(_FromFolder, frozen=True, kw_only=True, tag_field="kind", tag="unpaired"):
    """Two folders of images without correspondence: root/trainA, root/trainB and, for samples, testA, testB."""

    root: str = ""
    """Folder that holds trainA and trainB; relative to the directory the command is run in."""


class PairedData(_FromFolder, frozen=True, kw_only=True, tag_field="kind", tag="paired"):
    """Pairs: files with both halves side by side in root/train (A left, B right), or root/A/train and root/B/train.

    In the second form the files of a pair have the same name but for its extension. pix2pix sees the halves of a pair
    together, cropped and mirrored alike; other methods draw B by itself. Samples show root/test, or else root/val, or
    else the training pairs. Where both forms are there, it is the first that is read.
    """

    root: str = ""
    """Folder that holds train, or A and B; relative to the directory the command is run in."""


class SyntheticData(_Framed, frozen=True, kw_only=True, tag_field="kind", tag="synthetic"):
    """Two domains drawn from the seed: plain animals and striped ones, on natural-looking backgrounds.

    pix2pix sees each animal in both coats; other methods see other animals in each domain.
    """

    images: Annotated[int, Meta(ge=2, le=20_000)] = 200
    """Training images drawn for each domain."""
    resize: NonNegative = 72
    """Side in pixels at which an image is drawn."""
    crop: Positive = 64
    """Side in pixels of the random square crop that the networks see."""


class _LabelledDigits(Section, frozen=True, kw_only=True):
    """What every source of labelled digits has; they are neither cropped nor mirrored."""

    size: Positive = 32
    """Side in pixels of an image."""
    direction: Direction = "AtoB"
    """BtoA swaps the two domains, each with the digits left out of it."""
    without_A: tuple[Digit, ...] = ()
    """Digits left out of the training images of domain A, the source; its test images keep every digit."""
    without_B: tuple[Digit, ...] = ()
    """Digits left out of the training images of domain B, the target; its test images keep every digit."""

    @property
    def resize(self) -> int:
        """Side in pixels to which every image is resized."""
        return self.size

    @property
    def crop(self) -> int:
        """Side in pixels that the networks see."""
        return self.size


class DigitsData(_LabelledDigits, frozen=True, kw_only=True, tag_field="kind", tag="digits"):
    """Two sets of labelled digits, each in IDX files (perhaps gzipped) or in folders train/<digit>, test/<digit>."""

    root: str = ""
    """Folder that holds both sets; relative to the directory the command is run in."""
    A: str = ""
    """Folder of the source set within root, such as "mnist_m"."""
    B: str = ""
    """Folder of the target set within root, such as "mnist"."""


class SyntheticDigits(_LabelledDigits, frozen=True, kw_only=True, tag_field="kind", tag="synthetic-digits"):
    """Digits drawn from the seed: coloured ones on coloured grounds (A), and white ones on black (B)."""

    images: Annotated[int, Meta(ge=10, le=60_000)] = 4000
    """Training images drawn for each domain."""


ImagesConfig: TypeAlias = UnpairedData | PairedData | DigitsData | SyntheticData | SyntheticDigits
"""For methods that learn from two domains without correspondence."""
PairsConfig: TypeAlias = PairedData | SyntheticData
"""For methods that learn from pairs."""
DigitsConfig: TypeAlias = DigitsData | SyntheticDigits
"""For methods that need labels."""
RootedData: TypeAlias = UnpairedData | PairedData | DigitsData
"""Those that are read from a folder."""
FolderData: TypeAlias = UnpairedData | PairedData
"""Those whose images are files to be decoded, resized, cropped and mirrored."""
DataConfig: TypeAlias = ImagesConfig
