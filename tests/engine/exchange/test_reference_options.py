"""Files of options of the reference implementation: what is written is read again."""

from __future__ import annotations

from engine.config.methods import Pix2PixConfig
from engine.exchange.exporting.reference_options import options_for, training_options
from engine.exchange.importing.reference_settings import method_of, settings_of
from engine.exchange.reference_options import option_file, read_options


def test_what_is_written_is_read_again() -> None:
    config = Pix2PixConfig()
    options = {**options_for(config), **training_options(config)}
    assert read_options(option_file(options)) == options
    assert method_of(options) == "pix2pix"
    tree, unknown = settings_of(options, "pix2pix")
    assert unknown == ()
    assert tree["loss"] == {"gan": "vanilla", "l1": 100.0}
    assert tree["data"] == {"resize": 286, "crop": 256, "direction": "AtoB", "flip": True}
    assert tree["optim"]["epochs"] == 100


def test_a_comment_behind_a_value_is_no_part_of_it() -> None:
    text = "               batch_size: 4                             \t[default: 1]\n      name: a b\n--- End ---\n"
    assert read_options(text) == {"batch_size": "4", "name": "a b"}
