"""Which figures a run's data and method give, which way each is better, and what is refused with its reason."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from engine.config.figures import (
    KINDS,
    Figure,
    chosen_figures,
    family_of,
    figures_given,
    higher_is_better,
    is_better,
    usual_figures,
    why_not,
)
from engine.errors import RequestError
from tests.runs import tiny_config

BOTH_WAYS = ("cycle_A", "cycle_B", "identity_A", "identity_B")


@pytest.mark.parametrize(
    ("kind", "settings", "usual"),
    [
        ("pix2pix", (), ("l1", "psnr", "ssim")),
        ("cyclegan", (), BOTH_WAYS),
        ("discogan", ("data.kind=paired",), ("l1", "psnr", "ssim", *BOTH_WAYS)),
        ("dtn", (), ("accuracy", "identity_B")),
        ("aegan", (), ("accuracy", *BOTH_WAYS)),
    ],
)
def test_what_is_measured_unasked_follows_from_data_and_method(
    kind: str, settings: tuple[str, ...], usual: tuple[str, ...]
) -> None:
    assert usual_figures(tiny_config(*settings, kind=kind)) == usual


def test_a_family_is_the_figure_of_each_domain_that_there_is() -> None:
    cyclegan, pix2pix = tiny_config(), tiny_config(kind="pix2pix")
    assert chosen_figures(cyclegan, ("kid", "cycle_B"), "") == ("cycle_B", "kid_A", "kid_B")
    assert chosen_figures(pix2pix, ("fid", "l1"), "") == ("l1", "fid_B")
    assert chosen_figures(pix2pix, (), "") == usual_figures(pix2pix)


@pytest.mark.parametrize(
    ("kind", "name", "told"),
    [
        (
            "cyclegan",
            "l1",
            r"--figure l1: needs pairs, and of data.kind = synthetic cyclegan sees none\. Choose",
        ),
        ("pix2pix", "cycle", "needs the way from B to A, and pix2pix translates from A to B alone"),
        ("pix2pix", "identity_B", "pix2pix is never shown an image of its target"),
        ("dtn", "fid_A", "needs the way from B to A, and dtn translates from A to B alone"),
        ("cyclegan", "accuracy", "needs labelled digits, and data.kind = synthetic has no labels"),
        ("cyclegan", "lpips", "--figure lpips: is not a figure"),
    ],
)
def test_what_cannot_be_measured_is_refused_with_its_reason(kind: str, name: str, told: str) -> None:
    with pytest.raises(RequestError, match=told):
        chosen_figures(tiny_config(kind=kind), (name,), "--figure")


def test_which_way_is_better() -> None:
    assert {name for name in get_args(Figure) if higher_is_better(name)} == {"psnr", "ssim", "accuracy"}
    assert is_better("psnr", 2.0, 1.0)
    assert not is_better("l1", 2.0, 1.0)
    assert is_better("kid_A", -0.1, 0.0)
    assert is_better("l1", 9.0, None)
    assert not is_better("l1", None, None)


def test_every_figure_is_of_a_kind_that_is_explained() -> None:
    assert {family_of(figure) for figure in get_args(Figure)} == set(KINDS)
    assert family_of("loss_A") == "loss_A"


def test_a_folder_of_pairs_gives_a_method_without_pairs_both_sorts(tmp_path: Path) -> None:
    config = tiny_config("data.kind=paired", f"data.root={tmp_path}")
    assert set(figures_given(config)) == set(get_args(Figure)) - {"accuracy"}
    assert why_not(config, "l1") == ""
