"""Archives of images as they are published, and as nobody should publish them."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Mapping

from PIL import Image


def picture(shade: int = 0, size: tuple[int, int] = (8, 8)) -> bytes:
    """A PNG file."""
    out = io.BytesIO()
    Image.new("RGB", size, (shade % 256, 90, 200)).save(out, "PNG")
    return out.getvalue()


def zipped(files: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def zip_entry(name: str, mode: int, content: bytes = b"x") -> bytes:
    """A zip with one entry of a file type."""
    out = io.BytesIO()
    info = zipfile.ZipInfo(name)
    info.create_system = 3  # Unix
    info.external_attr = mode << 16
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(info, content)
    return out.getvalue()


def tarred(files: Mapping[str, bytes], mode: str = "w:gz") -> bytes:
    return tar_of(*((_info(name, len(content)), content) for name, content in files.items()), mode=mode)


def tar_of(*entries: tuple[tarfile.TarInfo, bytes], mode: str = "w:gz") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        for info, content in entries:
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def tar_entry(name: str, kind: bytes, link: str = "", size: int = 0) -> tuple[tarfile.TarInfo, bytes]:
    info = _info(name, size)
    info.type, info.linkname = kind, link
    return info, b"\0" * size


def _info(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size = size
    return info


def unpaired_set(name: str) -> dict[str, bytes]:
    """Members of an archive as CycleGAN's are."""
    parts = {"trainA": 3, "trainB": 4, "testA": 1, "testB": 2}
    return {f"{name}/{part}/{n}.png": picture(n) for part, number in parts.items() for n in range(number)}


def paired_set(name: str) -> dict[str, bytes]:
    """Members of an archive as pix2pix's are."""
    return {f"{name}/{part}/{n}.png": picture(n, (16, 8)) for part in ("train", "val") for n in range(3)}
