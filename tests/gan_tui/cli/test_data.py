"""gan-tui data as a user runs it, and what train offers; files come from the loopback alone."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.config.load import dump
from engine.sizes import size_text
from gan_tui.datasets.sets.known import catalogue
from tests.end_to_end.terminal import Terminal
from tests.gan_tui.cli.command import COMMAND, gan_tui, gan_tui_here, refusal, succeeded
from tests.gan_tui.datasets.sets.archive_files import paired_set, tarred
from tests.gan_tui.datasets.sets.server import SetServer, serving
from tests.runs import tiny_config

SHOES = "edges2shoes"
"""Neither its exact size nor a checksum is known, so that a test may serve what it likes."""
ARCHIVE = f"{SHOES}.tar.gz"
CONTENT = tarred(paired_set(SHOES))


@pytest.fixture
def server() -> Iterator[SetServer]:
    with serving() as shop:
        shop.offer(ARCHIVE, CONTENT)
        yield shop


@pytest.fixture
def on_shoes(tmp_path: Path) -> Path:
    """A preset that reads that set."""
    root = tmp_path / "elsewhere"
    for name, content in paired_set(SHOES).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    sized = ("data.resize=18", "data.crop=16", "data.kind=paired", "run.steps=1")
    config = dump(tiny_config(*sized, f"data.root={root / SHOES}"))
    preset = tmp_path / "shoes.toml"
    preset.write_text(re.sub(r'root = ".*"', f'root = "datasets/{SHOES}"', config))
    return preset


def test_the_list_has_every_set_and_says_what_is_here(tmp_path: Path) -> None:
    (tmp_path / "datasets" / "maps").mkdir(parents=True)
    part = tmp_path / "datasets/.fetch/facades/facades.tar.gz.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(bytes(3_016_831))
    rows = [line.split("\t") for line in succeeded(gan_tui_here("data", "list", folder=tmp_path)).splitlines()]
    assert [row[0] for row in rows] == [*catalogue().sets]
    here = {row[0]: row[-1] for row in rows}
    assert (here["maps"], here["facades"], here["horse2zebra"]) == ("yes", "10% of it", "no")
    by_name = {row[0]: row for row in rows}
    assert by_name["horse2zebra"][2:5] == ["trainA 1,067 trainB 1,334 testA 120 testB 140", "256x256", "117 MB"]
    assert by_name["edges2shoes"][4] == "about 2.1 GB"
    assert by_name["mnist_m"][4] == "unknown"
    assert by_name["cityscapes"][4] == "not offered"


def test_the_list_as_json(tmp_path: Path) -> None:
    said = {
        each["name"]: each for each in json.loads(succeeded(gan_tui_here("data", "list", "--json", folder=tmp_path)))
    }
    horses = said["horse2zebra"]
    assert horses["presets"] == ["horse2zebra"]
    assert horses["files"][0]["urls"][0].endswith("/horse2zebra.zip")
    assert "arXiv:1703.10593" in horses["cite"][0]
    assert horses["here"] is False


@pytest.mark.parametrize("columns", [80, 160])
def test_the_list_on_a_terminal(tmp_path: Path, columns: int) -> None:
    with Terminal(
        ["sh", "-c", f"cd {tmp_path}; exec {shlex.join(COMMAND)} data list"], columns=columns, rows=120
    ) as seen:
        assert seen.wait_for_exit() == 0
        assert all(name in seen.text for name in catalogue().sets)
        assert "non-commercial" in re.sub(r"\s+", "", seen.text)


@pytest.mark.parametrize("columns", [40, 56, 60, 110])
def test_the_list_on_a_terminal_cuts_nothing_off(tmp_path: Path, columns: int) -> None:
    (tmp_path / "datasets" / "ukiyoe2photo").mkdir(parents=True)
    with Terminal(
        ["sh", "-c", f"cd {tmp_path}; exec {shlex.join(COMMAND)} data list"], columns=columns, rows=150
    ) as seen:
        assert seen.wait_for_exit() == 0
        assert "\u2026" not in seen.text
        told = re.sub(r"\s+", " ", seen.text)
    assert re.search(r"ukiyoe2photo( images:)? 7,863(; download:)? 293 MB(; here:)? yes", told)
    assert re.search(r"edges2shoes( images:)? [\d,]+(; download:)? about 2.1 GB(; here:)? no", told)
    assert {"discogan-edges2shoes,", "aegan-mnistm2mnist,", "dtn-usps2mnist"} <= set(told.split())


def test_show_tells_terms_checksums_and_what_to_cite(tmp_path: Path) -> None:
    told = succeeded(gan_tui_here("data", "show", "horse2zebra", folder=tmp_path))
    for words in (
        "116,867,962 bytes, SHA-256 a74d9d39",
        "non-commercial research",
        "arXiv:1703.10593",
        "from      https://people.eecs.berkeley.edu/",
        "were not tried",
    ):
        assert words in told
    assert "checksum unknown" in succeeded(gan_tui_here("data", "show", "maps", folder=tmp_path))
    known = json.loads(succeeded(gan_tui_here("data", "show", "usps", "--json", folder=tmp_path)))
    assert known["size"] == "16x16"
    assert "Did you mean maps?" in refusal(gan_tui_here("data", "show", "mapss", folder=tmp_path))


def test_fetch_without_a_terminal(tmp_path: Path, server: SetServer) -> None:
    """The folder on stdout, speech on stderr, and nothing of a bar."""
    done = gan_tui("data", "fetch", SHOES, "--mirror", server.address, folder=tmp_path)
    assert succeeded(done) == f"datasets/{SHOES}\n"
    lines = done.stderr.splitlines()
    assert lines[0] == f"{ARCHIVE}: 0 B of {size_text(len(CONTENT))}"
    assert lines[1] == f"{ARCHIVE}: {size_text(len(CONTENT))} of {size_text(len(CONTENT))}"
    assert any("no checksum is published. Its SHA-256, kept in the set's folder: " in line for line in lines)
    assert f"{SHOES} has train 3, val 3, where train 49,825, val 200 are known." in lines
    assert lines[-1] == f"{SHOES} is here: datasets/{SHOES} (train 3, val 3)"
    assert "\x1b" not in done.stderr
    again = gan_tui("data", "fetch", SHOES, "--mirror", "http://127.0.0.1:9", folder=tmp_path)
    assert succeeded(again) == f"datasets/{SHOES}\n"
    assert again.stderr == f"{SHOES} is here already: datasets/{SHOES}\n"


def test_what_is_here_is_written_though_the_next_cannot_be_had(tmp_path: Path, server: SetServer) -> None:
    (tmp_path / "datasets" / "facades").mkdir(parents=True)
    done = gan_tui_here("data", "fetch", SHOES, "facades", "--mirror", server.address, folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, f"datasets/{SHOES}\n"), done.stderr
    assert "datasets/facades: is there and holds no facades" in done.stderr.splitlines()[-1]


def test_fetch_on_a_terminal_draws_a_bar_and_leaves_none(tmp_path: Path, server: SetServer) -> None:
    server.hold.clear()
    command = [*COMMAND, "data", "fetch", SHOES, "--root", str(tmp_path), "--mirror", server.address]
    with Terminal(command, columns=120, rows=20) as seen:
        seen.wait_until(lambda: re.search(rf"{ARCHIVE} ━+.*/\d+(\.\d+)? (k?B|bytes)", seen.text) is not None, "the bar")
        server.hold.set()
        assert seen.wait_for_exit() == 0
        assert "━" not in seen.text
        assert f"{SHOES} is here" in seen.text
    assert (tmp_path / SHOES / "train" / "0.png").is_file()


def test_ctrl_c_keeps_what_has_come(tmp_path: Path, server: SetServer) -> None:
    server.hold.clear()
    command = [*COMMAND, "data", "fetch", SHOES, "--root", str(tmp_path), "--mirror", server.address]
    part = tmp_path / ".fetch" / SHOES / f"{ARCHIVE}.part"
    with Terminal(command, columns=120, rows=20) as seen:
        seen.wait_until(lambda: part.exists() and part.stat().st_size == len(CONTENT) // 2, "half of it")
        seen.press("\x03")
        assert seen.wait_for_exit() == 130
        assert "Ended early: what has come is kept, and the same command goes on." in seen.text
        assert "Traceback" not in seen.text
    server.hold.set()
    succeeded(gan_tui("data", "fetch", SHOES, "--root", tmp_path, "--mirror", server.address, folder=tmp_path))
    assert server.ranges == [None, f"bytes={len(CONTENT) // 2}-"]


def test_mirrors_of_the_environment_and_of_the_users_file(
    tmp_path: Path, server: SetServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAN_TUI_DATA_MIRROR", server.address)
    succeeded(gan_tui_here("data", "fetch", SHOES, "--root", "first", folder=tmp_path))
    monkeypatch.delenv("GAN_TUI_DATA_MIRROR")
    file = tmp_path / "config.toml"
    file.write_text(f'[data]\nmirrors = ["{server.address}"]\n')
    monkeypatch.setenv("GAN_TUI_CONFIG", str(file))
    succeeded(gan_tui_here("data", "fetch", SHOES, "--root", "second", folder=tmp_path))
    assert (tmp_path / "second" / SHOES / "val").is_dir()
    file.write_text("[data]\nmirrors = 3\n")
    assert "data.mirrors: is not a list of addresses" in refusal(gan_tui_here("data", "fetch", SHOES, folder=tmp_path))
    file.write_text("[data]\nmirror = []\n")
    assert "Did you mean mirrors?" in refusal(gan_tui_here("data", "fetch", SHOES, folder=tmp_path))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("horse2zebr",), "horse2zebr: is not a known set. Did you mean horse2zebra?"),
        (
            ("cityscapes",),
            "cityscapes: is not passed on by its licence. Its licence forbids passing it on: register at",
        ),
        ((SHOES, "cityscapes"), "cityscapes: is not passed on"),
        ((SHOES, "--mirror", "ftp://x"), "--mirror ftp://x: is not an http or https address of a folder"),
    ],
)
def test_what_is_refused_before_anything_is_fetched(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    assert told in refusal(gan_tui_here("data", "fetch", *arguments, folder=tmp_path))
    assert not (tmp_path / "datasets").exists()


def train_in_terminal(tmp_path: Path, server: SetServer, preset: Path, answer: str) -> tuple[int, str]:
    """Exit status and screen of a train that is asked whether to fetch."""
    command = f"cd {tmp_path}; exec {shlex.join(COMMAND)} train {preset} --prepare"
    env = {"GAN_TUI_DATA_MIRROR": server.address}
    with Terminal(["sh", "-c", command], columns=120, rows=20, env=env) as seen:
        seen.wait_until(lambda: "[y/N]:" in seen.text, "the question")
        seen.press(answer, *([] if answer == "\x03" else ["enter"]))
        return seen.wait_for_exit(), seen.text


def test_train_offers_the_fetch_and_goes_on(tmp_path: Path, server: SetServer, on_shoes: Path) -> None:
    status, screen = train_in_terminal(tmp_path, server, on_shoes, "y")
    assert status == 0, screen
    asked = re.sub(r"\s+", " ", screen)
    assert f"{SHOES} is not here (50,025 images, about 2.1 GB, licence: academic, non-commercial)." in asked
    assert "Fetch it into datasets? [y/N]:" in asked
    assert (tmp_path / "runs" / "shoes" / "config.toml").is_file()
    assert (tmp_path / "datasets" / SHOES / "train" / "0.png").is_file()


@pytest.mark.parametrize("answer", ["n", ""])
def test_no_is_an_answer(tmp_path: Path, server: SetServer, on_shoes: Path, answer: str) -> None:
    status, screen = train_in_terminal(tmp_path, server, on_shoes, answer)
    assert status == 2
    assert f"does not exist. Fetch what is missing: gan-tui data fetch {SHOES};" in re.sub(r"\s+", " ", screen)
    assert server.asked == []
    assert not (tmp_path / "datasets").exists()


def test_ctrl_c_is_an_answer(tmp_path: Path, server: SetServer, on_shoes: Path) -> None:
    status, screen = train_in_terminal(tmp_path, server, on_shoes, "\x03")
    assert status == 130
    assert "Ended early: nothing was fetched or started." in screen
    assert server.asked == []


def test_train_that_nobody_watches_asks_nothing(tmp_path: Path, server: SetServer, on_shoes: Path) -> None:
    for option in ("--headless", "--detach", "--prepare"):
        line = refusal(gan_tui("train", on_shoes, option, folder=tmp_path))
        assert line == (
            f"datasets/{SHOES}: does not exist. Fetch what is missing: gan-tui data fetch {SHOES}; or set --data or "
            "data.root to a folder that holds train, or A and B."
        )
    assert server.asked == []


def test_a_fetched_set_is_trained_on(tmp_path: Path, server: SetServer, on_shoes: Path) -> None:
    succeeded(gan_tui("data", "fetch", SHOES, "--mirror", server.address, folder=tmp_path))
    done = gan_tui("train", on_shoes, "--headless", folder=tmp_path)
    assert len(succeeded(done).splitlines()) == 1


def test_a_server_that_breaks_off_is_told_of(tmp_path: Path, server: SetServer) -> None:
    server.files[ARCHIVE].cuts = deque([len(CONTENT) // 3])
    done = gan_tui("data", "fetch", SHOES, "--mirror", server.address, folder=tmp_path)
    succeeded(done)
    assert f"{server.url(ARCHIVE)} breaks off after" in done.stderr
    assert "tried again in 1 s." in done.stderr


def test_the_commands_load_neither_pytorch_nor_textual(tmp_path: Path, server: SetServer) -> None:
    program = (
        "import sys; sys.argv = ['gan-tui', 'data', 'fetch', sys.argv[1], '--mirror', sys.argv[2]]\n"
        "from gan_tui.cli import main\n"
        "try: main()\n"
        "finally: print(*[name for name in ('torch', 'textual', 'numpy') if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, SHOES, server.address], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stderr.splitlines()[-1] == ""
