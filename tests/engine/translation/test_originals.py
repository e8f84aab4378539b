"""What a file holds beside colours comes back with its translation: transparency, metadata, colour profile."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms
from PIL.ExifTags import IFD, Base

from engine.config.image_files import UnreadableImageError
from engine.translation.originals import Original, encoded, loses_transparency, read_original


def saved(path: Path, image: Image.Image, **options: Any) -> Path:
    image.save(path, **options)
    return path


def again(original: Original, name: str, picture: Image.Image | None = None) -> Image.Image:
    """A translation, by default the image itself, written under that name and read back."""
    found = Image.open(io.BytesIO(encoded(picture or original.rgb, original, Path(name))))
    found.load()
    return found


def colours(mode: str, size: tuple[int, int] = (12, 8)) -> Image.Image:
    values = np.random.default_rng(0).integers(0, 256, (size[1], size[0], len(mode)), dtype=np.uint8)
    return Image.fromarray(values, mode)


def photo(tmp_path: Path, name: str = "x.jpg", orientation: int = 6, **options: Any) -> Path:
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    exif[Base.Make] = "Camera"
    exif.get_ifd(IFD.Exif).update({Base.DateTimeOriginal: "2020:01:02 03:04:05", Base.ExifImageWidth: 12})
    exif.get_ifd(IFD.GPSInfo)[1] = "N"
    return saved(tmp_path / name, colours("RGB"), exif=exif, **options)


@pytest.mark.parametrize("name", ["y.png", "y.webp", "y.tif"])
def test_transparency_is_pasted_back(tmp_path: Path, name: str) -> None:
    image = colours("RGBA")
    original = read_original(saved(tmp_path / "x.png", image))
    assert not loses_transparency(original, Path(name))
    back = again(original, name)
    assert back.mode == "RGBA"
    assert back.getchannel("A").tobytes() == image.getchannel("A").tobytes()


def test_transparency_is_scaled_with_the_picture(tmp_path: Path) -> None:
    image = Image.new("RGBA", (4, 2), (1, 2, 3, 0))
    image.paste((1, 2, 3, 255), (0, 0, 2, 2))
    original = read_original(saved(tmp_path / "x.png", image))
    alpha = again(original, "y.png", Image.new("RGB", (40, 20))).getchannel("A")
    assert alpha.size == (40, 20)
    assert (alpha.getpixel((2, 10)), alpha.getpixel((37, 10))) == (255, 0)


def test_networks_see_white_where_it_is_transparent_and_jpeg_loses_it(tmp_path: Path) -> None:
    original = read_original(saved(tmp_path / "x.png", Image.new("RGBA", (3, 2), (10, 20, 30, 0))))
    assert original.rgb.getpixel((0, 0)) == (255, 255, 255)
    assert loses_transparency(original, Path("y.jpg"))
    assert again(original, "y.jpg").mode == "RGB"


def test_a_palette_with_a_transparent_colour_has_transparency(tmp_path: Path) -> None:
    image = Image.new("P", (2, 1), 1)
    image.putpalette([9, 9, 9, 10, 200, 30])
    image.putpixel((1, 0), 0)
    original = read_original(saved(tmp_path / "x.png", image, transparency=1))
    assert original.alpha is not None
    assert original.alpha.tobytes() == b"\x00\xff"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_picture_is_upright_and_says_so(tmp_path: Path, orientation: int) -> None:
    """Transparency turns with it."""
    image = colours("RGBA")
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    original = read_original(saved(tmp_path / "x.png", image, exif=exif))
    with Image.open(tmp_path / "x.png") as file:
        from PIL import ImageOps

        upright = ImageOps.exif_transpose(file)
    back = again(original, "y.png")
    assert back.size == upright.size
    assert back.getchannel("A").tobytes() == upright.getchannel("A").tobytes()
    assert back.getexif().get(Base.Orientation, 1) == 1


@pytest.mark.parametrize("name", ["y.jpg", "y.png", "y.webp", "y.tif"])
def test_metadata_is_kept_without_what_is_no_longer_true(tmp_path: Path, name: str) -> None:
    back = again(read_original(photo(tmp_path)), name)
    exif = back.getexif()
    assert back.size == (8, 12)
    assert exif[Base.Orientation] == 1
    assert exif[Base.Make].strip("\0") == "Camera"
    told = exif.get_ifd(IFD.Exif)
    assert told[Base.DateTimeOriginal].strip("\0") == "2020:01:02 03:04:05"
    assert told[Base.ExifImageWidth] == 8
    assert exif.get_ifd(IFD.GPSInfo)[1].strip("\0") == "N"


def test_a_thumbnail_of_what_it_was_is_dropped(tmp_path: Path) -> None:
    """EXIF as cameras write it: a directory of the picture, and after it one of its thumbnail."""
    thumbnail = b"\xff\xd8 the picture before \xff\xd9"
    first = struct.pack("<HHHI4sI", 1, Base.Make, 2, 4, b"Cam\0", 26)
    second = struct.pack("<HHHIIHHIII", 2, 513, 4, 1, 56, 514, 4, 1, len(thumbnail), 0)
    exif = b"Exif\0\0II*\0\x08\0\0\0" + first + second + thumbnail
    path = saved(tmp_path / "x.jpg", colours("RGB"), exif=exif)
    with Image.open(path) as file:
        assert file.getexif().get_ifd(IFD.IFD1)[514] == len(thumbnail)
    found = encoded(read_original(path).rgb, read_original(path), Path("y.jpg"))
    assert b"the picture before" not in found
    with Image.open(io.BytesIO(found)) as file:
        assert file.getexif().get_ifd(IFD.IFD1) == {}
        assert file.getexif()[Base.Make] == "Cam"


def test_how_a_tiff_stores_its_pixels_is_no_metadata(tmp_path: Path) -> None:
    path = photo(tmp_path, "x.tif", compression="tiff_lzw")
    back = again(read_original(path), "y.tif", Image.new("RGB", (30, 20), "red"))
    assert back.size == (30, 20)
    assert back.getpixel((29, 19)) == (255, 0, 0)
    assert back.getexif()[Base.Make].strip("\0") == "Camera"
    assert Base.StripOffsets not in again(read_original(path), "y.jpg").getexif()


def test_the_profile_of_rgb_colours_is_kept_and_of_others_is_not(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    of_rgb = read_original(saved(tmp_path / "x.jpg", colours("RGB"), icc_profile=profile))
    assert again(of_rgb, "y.png").info["icc_profile"] == profile
    cmyk = profile[:16] + b"CMYK" + profile[20:]
    of_cmyk = read_original(saved(tmp_path / "z.jpg", colours("CMYK"), icc_profile=cmyk))
    assert "icc_profile" not in again(of_cmyk, "y.jpg").info


def test_16_bit_greys_are_scaled(tmp_path: Path) -> None:
    values = np.array([[0, 257, 65535]], dtype=np.uint16)
    original = read_original(saved(tmp_path / "x.png", Image.fromarray(values)))
    assert original.rgb.tobytes() == bytes([0, 0, 0, 1, 1, 1, 255, 255, 255])


@pytest.mark.filterwarnings("ignore:.*:UserWarning")
@pytest.mark.parametrize("seed", range(8))
def test_damaged_metadata_costs_no_translation(tmp_path: Path, seed: int) -> None:
    path = photo(tmp_path)
    data = path.read_bytes()
    at = data.index(b"Exif\0\0") + 6
    noise = np.random.default_rng(seed).bytes(60)
    path.write_bytes(data[: at + 8] + noise + data[at + 68 :])
    original = read_original(path)
    for name in ("y.jpg", "y.png", "y.webp", "y.tif"):
        assert again(original, name).size == original.rgb.size


def test_more_metadata_than_a_jpeg_holds_is_left_out(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[Base.ImageDescription] = "x" * 70_000
    original = read_original(saved(tmp_path / "x.png", colours("RGB"), exif=exif))
    assert not again(original, "y.jpg").getexif()
    assert len(again(original, "y.png").getexif()[Base.ImageDescription]) >= 70_000


def test_halves_of_a_pair(tmp_path: Path) -> None:
    image = colours("RGBA", (10, 3))
    original = read_original(saved(tmp_path / "x.png", image))
    right = original.half("right")
    assert right.rgb.tobytes() == original.rgb.crop((5, 0, 10, 3)).tobytes()
    assert right.alpha is not None
    assert right.alpha.tobytes() == image.getchannel("A").crop((5, 0, 10, 3)).tobytes()
    odd = read_original(saved(tmp_path / "odd.png", colours("RGB", (5, 3))))
    with pytest.raises(ValueError, match="5 px wide"):
        odd.half("left")


def test_what_is_no_image_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(b"hello")
    with pytest.raises(UnreadableImageError):
        read_original(tmp_path / "x.png")
