"""Bytes and floats map onto each other exactly."""

from __future__ import annotations

import torch

from engine.data.pixels import to_bytes, to_unit_range

BYTES = torch.arange(256, dtype=torch.uint8)


def test_the_range_is_that_of_the_reference_bit_for_bit() -> None:
    expected = (BYTES.to(torch.float32) / 255 - 0.5) / 0.5
    assert torch.equal(to_unit_range(BYTES), expected)
    assert to_unit_range(BYTES)[[0, 255]].tolist() == [-1, 1]


def test_every_byte_survives_the_round_trip() -> None:
    assert torch.equal(to_bytes(to_unit_range(BYTES)), BYTES)


def test_values_beyond_the_range_are_clipped() -> None:
    assert to_bytes(torch.tensor([-9.0, 9.0])).tolist() == [0, 255]


def test_the_bytes_are_left_as_they_were() -> None:
    pixels = BYTES.clone()
    to_unit_range(pixels)
    assert torch.equal(pixels, BYTES)
