"""What an image file holds beside the colours that networks see, and writing a translation with it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from PIL.ExifTags import IFD, Base

from engine.config.decoding import upright_alpha, upright_rgb
from engine.config.image_files import opened
from engine.translation.plan import ENCODERS
from engine.translation.request import Half

QUALITY = 95
"""Of JPEG and WebP, of 100."""
MOST_EXIF_BYTES = 65_533
"""What a JPEG holds of them in its one segment."""
_WITH_ALPHA = frozenset({"PNG", "WEBP", "TIFF"})

_OF_THE_FILE = frozenset(
    {
        *(Base.NewSubfileType, Base.ImageWidth, Base.ImageLength, Base.BitsPerSample, Base.Compression),
        *(Base.PhotometricInterpretation, Base.FillOrder, Base.StripOffsets, Base.SamplesPerPixel, Base.RowsPerStrip),
        *(Base.StripByteCounts, Base.PlanarConfiguration, Base.Predictor, Base.ColorMap, Base.TileWidth),
        *(Base.TileLength, Base.TileOffsets, Base.TileByteCounts, Base.SubIFDs, Base.ExtraSamples),
        *(Base.SampleFormat, Base.JPEGTables, Base.YCbCrSubSampling, Base.ReferenceBlackWhite, Base.XMLPacket),
        *(Base.IPTCNAA, Base.ImageResources, Base.InterColorProfile),
    }
)
"""Tags by which a TIFF file says how its own pixels are stored; they are no news of the picture."""


@dataclass(frozen=True)
class Original:
    """An image, upright."""

    rgb: Image.Image
    """8 bits a channel; transparent pixels laid over white, as in training."""
    alpha: Image.Image | None
    """8 bits, where the file has transparency."""
    exif: Image.Exif
    """Without orientation and thumbnail."""
    icc_profile: bytes
    """Of RGB colours; empty where the file has none, or one for other colours."""

    def half(self, half: Half) -> Original:
        """One half of an image that holds a pair side by side.

        Raises:
            ValueError: its width is odd.
        """
        middle, odd = divmod(self.rgb.width, 2)
        if odd:
            raise ValueError(f"is {self.rgb.width} px wide: it has no two equal halves")
        left = 0 if half == "left" else middle
        box = (left, 0, left + middle, self.rgb.height)
        alpha = None if self.alpha is None else self.alpha.crop(box)
        return Original(self.rgb.crop(box), alpha, self.exif, self.icc_profile)


def read_original(path: Path) -> Original:
    """An image file, as engine.config.decoding.open_rgb reads it, and what else it holds.

    Raises:
        UnreadableImageError: as open_rgb.
    """
    with opened(path) as image:
        return Original(upright_rgb(image), upright_alpha(image), _exif_of(image), _profile_of(image))


def encoded(picture: Image.Image, original: Original, path: Path) -> bytes:
    """A translation as a file of the format that its name says, with what its image held beside colours.

    Args:
        picture: RGB.
        original: its image.
        path: what the file will be called.
    """
    kind = ENCODERS[path.suffix.lower()]
    if original.alpha is not None and kind in _WITH_ALPHA:
        alpha = original.alpha
        picture = picture.copy()
        picture.putalpha(alpha if alpha.size == picture.size else alpha.resize(picture.size, Image.Resampling.BICUBIC))
    options: dict[str, object] = {}
    exif = _written(original.exif, picture.size)
    if exif and not (kind == "JPEG" and len(exif) > MOST_EXIF_BYTES):
        options["exif"] = exif
    if original.icc_profile:
        options["icc_profile"] = original.icc_profile
    if kind in ("JPEG", "WEBP"):
        options["quality"] = QUALITY
    if kind == "JPEG":
        options["subsampling"] = 0  # colours as fine as brightness
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def loses_transparency(original: Original, path: Path) -> bool:
    """Whether an image has an alpha channel, and its translation's format none."""
    return original.alpha is not None and ENCODERS[path.suffix.lower()] not in _WITH_ALPHA


def _exif_of(image: Image.Image) -> Image.Exif:
    """A file's EXIF data without what is no longer true of its translation."""
    exif = image.getexif()
    kept = Image.Exif()
    for tag, value in exif.items():
        if tag not in _OF_THE_FILE and tag not in (Base.Orientation, IFD.Exif, IFD.GPSInfo, IFD.IFD1):
            kept[tag] = value
    for part in (IFD.Exif, IFD.GPSInfo):
        if found := exif.get_ifd(part):
            kept.get_ifd(part).update(found)
    return kept


def _written(exif: Image.Exif, size: tuple[int, int]) -> bytes:
    """EXIF data as bytes, upright and with the size that the picture has; empty where there is nothing to tell."""
    if not exif and not exif.get_ifd(IFD.Exif) and not exif.get_ifd(IFD.GPSInfo):
        return b""
    told = exif.get_ifd(IFD.Exif)
    for tag, side in zip((Base.ExifImageWidth, Base.ExifImageHeight), size, strict=True):
        if tag in told:
            told[tag] = side
    exif[Base.Orientation] = 1
    try:
        return exif.tobytes()
    except Exception:  # noqa: BLE001 - a file's edge: whatever a camera wrote there, its picture is translated
        return b""


def _profile_of(image: Image.Image) -> bytes:
    """A file's colour profile, where it is of RGB: translations are RGB, and their values are of the same colours."""
    profile = image.info.get("icc_profile") or b""
    return profile if isinstance(profile, bytes) and profile[16:20] == b"RGB " else b""
