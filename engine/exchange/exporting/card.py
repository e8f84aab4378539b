"""The model card of exported weights: what they are, where they come from, and how they are loaded."""

from __future__ import annotations

from collections.abc import Mapping

from engine.config.architecture import networks_in_words
from engine.config.data import RootedData
from engine.config.methods import DtnConfig, TrainConfig
from engine.exchange.exporting.description import description_of
from engine.exchange.exporting.request import ExportRequest
from engine.protocol.measured import counting, evaluations_of, figures_of

PAPERS = {
    "cyclegan": ("CycleGAN", "Zhu, Park, Isola, Efros 2017", "1703.10593"),
    "pix2pix": ("pix2pix", "Isola, Zhu, Zhou, Efros 2017", "1611.07004"),
    "discogan": ("DiscoGAN", "Kim, Cha, Kim, Lee, Kim 2017", "1703.05192"),
    "dtn": ("DTN", "Taigman, Polyak, Wolf 2016", "1611.02200"),
    "aegan": ("An autoencoder GAN of UNIT's family", "Liu, Breuel, Kautz 2017", "1703.00848"),
}
"""By kind of method: its name, the paper, and where that is on arXiv."""

NOISY = (
    "The run translates with dropout and batch statistics (method.test_time_noise), and so does `method.translate`,"
    " below: each translation is a draw from several."
)
LOADING = """\
from pathlib import Path
import torch
from PIL import Image
from safetensors.torch import load_file
from torchvision.transforms.functional import pil_to_tensor, to_pil_image
from engine.config.load import read_toml, resolve
from engine.methods.build import build_method

folder = Path("{folder}")
method = build_method(resolve(read_toml(folder / "config.toml"), "config.toml"), torch.device("cpu"))
for file in folder.glob("*.safetensors"):
    method.networks[file.stem].load_state_dict(load_file(file))
image = pil_to_tensor(Image.open("input.png").convert("RGB").resize(({side}, {side}))) / 127.5 - 1
translation = method.translate(image[None], "{direction}")[0]
to_pil_image((translation + 1) / 2).save("output.png")
"""
"""Translates a picture. Run by tests as it stands."""


def card(request: ExportRequest) -> str:
    """The card, as Markdown."""
    saved = request.saved
    config, manifest = saved.config, saved.manifest
    name, authors, number = PAPERS[str(config.method.__struct_config__.tag)]
    facts = description_of(request, *request.directions)
    lines = [
        f"# {saved.run.name}, step {manifest.step:,}",
        "",
        f"{name}: {authors}, [arXiv:{number}](https://arxiv.org/abs/{number}). Exported by {facts['producer']}.",
        "",
        "| | |",
        "|---|---|",
        f"| networks | {_networks(config)} |",
        f"| directions | {', '.join(request.directions)} |",
        f"| trained on | {_data(config)} |",
        f"| steps, epochs | {manifest.step:,}, in epoch {manifest.epoch:,} |",
        f"| weights | {facts['weights']} |",
        f"| losses | {_values(manifest.losses) or 'unknown'} |",
        f"| figures | {_values(figures_of(counting(evaluations_of(saved.run)), manifest)) or 'not measured'} |",
        f"| images | {facts['channels']}, {facts['value_range']}; {_sides(request)} |",
        "| licence | unknown: ask whoever trained it, and whoever owns the images that it was trained on |",
        "",
    ]
    if request.test_time_noise:
        lines += [NOISY, ""]
    again = "" if isinstance(config, DtnConfig) else " (`gan-tui import` makes a run of this folder, too)"
    loading = LOADING.format(folder=".", side=config.data.crop, direction=request.directions[0])
    lines += [
        "Losses are weighted as they enter the objective, and say little of how pictures look. What figures are,",
        "and when they compare: `docs/evaluation.md` of gan-tui.",
        "",
        "## Loading it",
        "",
        f"With gan-tui installed{again}:",
        "",
        "```python",
        loading.rstrip(),
        "```",
        "",
        "Keys are those of the modules in `engine/networks`; of ResNets and U-Nets they are the published reference's.",
        "",
    ]
    return "\n".join(lines)


def _networks(config: TrainConfig) -> str:
    words = networks_in_words(config)
    return f"{words['generator']}, width {config.generator.width}, norm {config.generator.norm}"


def _data(config: TrainConfig) -> str:
    data = config.data
    name = data.root.rstrip("/").rpartition("/")[2] if isinstance(data, RootedData) else ""
    swapped = ", A and B swapped" if data.direction == "BtoA" else ""
    return f"{data.__struct_config__.tag} images{f' of a folder `{name}`' if name else ''}, {data.crop} px{swapped}"


def _values(named: Mapping[str, float | None]) -> str:
    return ", ".join(f"{name} {'nan' if value is None else f'{value:.4g}'}" for name, value in named.items())


def _sides(request: ExportRequest) -> str:
    sides = request.sides
    if sides.most == sides.least:
        return f"{sides.least} px a side"
    return f"sides are multiples of {sides.step} px, {sides.least} or more"
