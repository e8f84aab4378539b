"""A wrong request ends with status 2 and one line that names subject, fact and fix; and starts nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image

from engine.protocol.events import State
from engine.protocol.rundir import RunDirectory
from engine.record import Standing
from tests.gan_tui.cli.command import gan_tui, gan_tui_here, refusal, succeeded
from tests.runs import make_images, make_run


@pytest.fixture
def folders_preset(tmp_path: Path) -> Path:
    path = tmp_path / "folders.toml"
    path.write_text('[data]\nkind = "unpaired"\nresize = 36\ncrop = 32\n[generator]\nwidth = 4\nblocks = 1\n')
    return path


@pytest.mark.parametrize(
    ("setting", "subject", "fact", "fix"),
    [
        ("generator.widht=4", "generator.widht", "is not a preset key", "Did you mean generator.width?"),
        ("genrator.width=4", "genrator", "is not a preset section", "Did you mean generator?"),
        ("run.batch=many", 'run.batch = "many"', "expected a whole number", "Images of each domain"),
        ("run.batch=1.5", "run.batch = 1.5", "expected a whole number", "Images of each domain"),
        ("data.flip=1", "data.flip = 1", "expected true or false", "Mirror"),
        ("optim.beta1=1", "optim.beta1 = 1", "expected a number < 1", "decay rate"),
        ("optim.lr_g=nan", "optim.lr_g = nan", "expected a number >= 0", "Base learning rate"),
        ("loss.gan=wgan", 'loss.gan = "wgan"', "is not a choice", "Choose from lsgan, vanilla, wgan-gp, hinge."),
        ("run.device=tpu", 'run.device = "tpu"', "is not of the right form", "cuda:1"),
        ("data.crop=34", "data.crop", "34 px does not suit the generator", "Set it to 36."),
        ("data.crop=40", "data.crop", "does not fit into images resized to 36 px", "Set data.resize to 40"),
        ("discriminator.layers=5", "data.crop", "32 px leaves no patch", "Set it and data.resize to 96"),
        ("optim.lr_g=0", "optim.lr_g = 0", "would leave the generators as they are drawn", "Raise it."),
        ("run.batch=9", "run.batch = 9", "more than the 5 training images", "Set it to 5 or less"),
        ("loss.l1=9", "loss.l1", "is a key of pix2pix, not of cyclegan", "Leave it out"),
        ("nonsense", "--set nonsense", "is not of the form section.key=value", "Try:"),
        ("generator.arch=[1]", "generator.arch", "[1] is not known here", "Choose from resnet, unet, encoder-decoder."),
    ],
)
def test_a_setting_that_is_not_right(
    preset: Path, tmp_path: Path, setting: str, subject: str, fact: str, fix: str
) -> None:
    line = refusal(gan_tui_here("train", preset, "--set", setting, "--headless", folder=tmp_path))
    for words in (subject, fact, fix):
        assert words in line
    assert not (tmp_path / "runs").exists()


def test_event_files_that_nothing_can_write(preset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard", None)  # as where it is not installed
    line = refusal(gan_tui_here("train", preset, "--set", "log.tensorboard=true", "--headless", folder=tmp_path))
    assert "log.tensorboard = true: needs the package tensorboard" in line
    assert "pip install 'gan-tui[tensorboard]'" in line
    assert not (tmp_path / "runs").exists()


def no_folder(root: Path) -> str:
    root.rename(root.with_name("moved"))
    return f"{root}: does not exist"


def no_domain(root: Path) -> str:
    (root / "trainB").rename(root / "zebras")
    return f"{root}: has no trainB"


def empty_domain(root: Path) -> str:
    for path in (root / "trainA").iterdir():
        path.unlink()
    return f"{root / 'trainA'}: holds no image"


def no_image(root: Path) -> str:
    (root / "trainB" / "1.png").write_text("remember the milk")
    return f"{root / 'trainB' / '1.png'}: is not an image"


@pytest.mark.parametrize("damage", [no_folder, no_domain, empty_domain, no_image])
def test_a_data_folder_that_is_not_right(folders_preset: Path, tmp_path: Path, damage: Callable[[Path], str]) -> None:
    root = make_images(tmp_path / "data")
    words = damage(root)
    assert words in refusal(gan_tui_here("train", folders_preset, "--data", root, "--headless", folder=tmp_path))
    assert not (tmp_path / "runs").exists()


def test_images_too_small_for_the_crop_where_they_keep_their_size(folders_preset: Path, tmp_path: Path) -> None:
    root = make_images(tmp_path / "data", side=40)
    small = root / "trainA" / "1.png"
    Image.new("RGB", (60, 31)).save(small)
    done = gan_tui("train", folders_preset, "--data", root, "--set", "data.resize=0", "--headless", folder=tmp_path)
    assert f"{small}: is 60x31 px, too small for data.crop = 32. Set data.crop to 31 or less" in refusal(done)


def test_no_data_at_all(folders_preset: Path, tmp_path: Path) -> None:
    line = refusal(gan_tui("train", folders_preset, folder=tmp_path))
    assert line.startswith("data.root: is not set. Give --data DIR")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_cuda_where_there_is_none(preset: Path, tmp_path: Path) -> None:
    line = refusal(gan_tui("train", preset, "--device", "cuda", folder=tmp_path))
    assert line == ("run.device = cuda: asks for CUDA, and this machine has no NVIDIA GPU. Use --device auto or cpu.")
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("hrose2zebra", "hrose2zebra: is neither a file nor the name of a shipped preset. Did you mean horse2zebra?"),
        ("absent.toml", "absent.toml: is neither a file nor the name of a shipped preset"),
    ],
)
def test_a_preset_that_is_not_there(tmp_path: Path, given: str, words: str) -> None:
    assert words in refusal(gan_tui_here("train", given, folder=tmp_path))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"[run\nseed = 1\n", "is not valid TOML"),
        (b"\xff\xfe\x00", "is not a text file"),
        (b"run = 3\n", "run: is a section, not a value. Write it as [run]."),
        (b"method = 3\n", "method"),
        (b"[[run]]\nseed = 1\n", "run: is a section, not a value"),
        (b'[method]\nkind = "stylegan"\n', "method.kind: 'stylegan' is not a method. Choose from cyclegan"),
    ],
)
def test_a_preset_file_that_is_not_right(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "mine.toml").write_bytes(content)
    line = refusal(gan_tui_here("train", "mine.toml", "--seed", "1", folder=tmp_path))
    assert line.startswith("mine.toml")
    assert words in line


def test_a_run_name_that_is_taken_or_none(preset: Path, tmp_path: Path) -> None:
    run = make_run(tmp_path / "runs", name="taken")
    before = run.identity.read_bytes()
    line = refusal(gan_tui_here("train", preset, "--name", "taken", folder=tmp_path))
    assert line.startswith(f"run taken: exists already in {tmp_path / 'runs'}. Choose another --name")
    assert run.identity.read_bytes() == before
    for bad in ("a/b", "..", "with space", ""):
        assert "characters that a run name cannot have" in refusal(
            gan_tui_here("train", preset, "--name", bad, folder=tmp_path)
        )
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["taken"]


@pytest.mark.parametrize("option", ["--headless", "--detach"])
def test_a_run_that_is_only_prepared_is_not_shown(preset: Path, tmp_path: Path, option: str) -> None:
    line = refusal(gan_tui_here("train", preset, "--prepare", option, folder=tmp_path))
    assert line == f"--prepare: starts nothing, and {option} is about what is started. Leave one of the two out."
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("command", [("train", "quickstart"), ("resume",)])
def test_a_run_is_not_shown_and_left_at_once(tmp_path: Path, command: tuple[str, ...]) -> None:
    line = refusal(gan_tui_here(*command, "--headless", "--detach", folder=tmp_path))
    assert line.startswith("--headless and --detach: cannot both be had")
    assert not (tmp_path / "runs").exists()


def test_a_run_that_has_ended_has_nothing_to_be_waited_for(ended: RunDirectory) -> None:
    done = gan_tui_here("ctl", "ended", "stop", "--wait", folder=ended.root.parent.parent)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "ended has ended already.\n")
    done = gan_tui_here("ctl", "ended", "stop", "--wait", "--json", folder=ended.root.parent.parent)
    assert json.loads(succeeded(done)) == {"step": 12, "message": "ended has ended already."}


@pytest.mark.parametrize("command", [("checkpoints",), ("resume",), ("ctl",)])
def test_a_run_that_matches_none_or_several(tmp_path: Path, command: tuple[str, ...]) -> None:
    after = ("status",) if command == ("ctl",) else ()
    folder = tmp_path / "runs"
    line = refusal(gan_tui_here(*command, "horse", *after, folder=tmp_path))
    assert line.startswith(f"run horse: is neither a run in {folder} nor a run directory. There is none yet")
    for name in ("horse-1", "horse-2"):
        make_run(folder, name=name)
    line = refusal(gan_tui_here(*command, "horse", *after, folder=tmp_path))
    assert line == "run horse: could be any of horse-1, horse-2. Write more of its name."
    line = refusal(gan_tui_here(*command, "zebra", *after, folder=tmp_path))
    assert line.endswith("There are horse-1, horse-2.")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("resume", "ended"), "run ended: has done all its steps at 12. Train longer in a branch"),
        (("resume", "ended", "--checkpoint", "7"), "checkpoint 7 of run ended: does not exist. There are 5, 10, 12"),
        (
            ("resume", "ended", "--checkpoint", "12", "--steps", "9"),
            "run.steps = 9: is behind the checkpoint, which is",
        ),
        (("resume", "ended", "--set", "loss.cycle=3"), "loss.cycle: is not a preset key. Did you mean loss.cycle_b?"),
        (("ctl", "ended", "status"), "run ended: has done all its steps. Train longer in a branch"),
        (("ctl", "ended", "status", "--runs-dir", "runs/ended/run.json"), "run.json: is not a folder"),
        (("runs", "--runs-dir", "absent"), "absent: does not exist. Name a folder of runs"),
        (("runs", "--runs-dir", "runs/ended/run.json"), "run.json: is not a folder. Choose another --runs-dir."),
        (("ctl", "ended", "set", "loss.cycle_a"), "set: needs a value after every key"),
        (("ctl", "ended", "set", "loss.cycle_a", "much"), "loss.cycle_a: cannot be set to 'much', which is no number"),
        (("ctl", "ended", "set", "loss.cycle_a=much"), "loss.cycle_a: cannot be set to 'much', which is no number"),
        (("ctl", "ended", "set", "loss.cycle_a", "nan"), "loss.cycle_a: cannot be set to 'nan', which is no number"),
        (("ctl", "ended", "stop", "--discard", "--after-epoch"), "stop: can be --after-epoch or --discard, not both"),
        (("attach", "ended"), "attach: needs a terminal"),
    ],
)
def test_what_an_ended_run_cannot_do(ended: RunDirectory, arguments: tuple[str, ...], words: str) -> None:
    before = ended.identity.read_bytes()
    assert words in refusal(gan_tui_here(*arguments, folder=ended.root.parent.parent))
    assert ended.identity.read_bytes() == before
    assert [path.name for path in ended.root.parent.iterdir()] == ["ended"]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("stopped", "has no engine at work. Start it: gan-tui resume tiny"),
        ("training", "has no engine at work. Start it: gan-tui resume tiny"),
        ("failed", "has failed (out of memory). To go on: gan-tui resume tiny"),
    ],
    ids=["stopped", "lost", "failed"],
)
def test_nobody_to_command_and_what_fits_the_runs_state(tmp_path: Path, state: State, words: str) -> None:
    run = make_run(tmp_path / "runs")
    Standing(run).update(state=state, pid=1, reason="out of memory" if state == "failed" else "")
    assert refusal(gan_tui_here("ctl", "tiny", "pause", folder=tmp_path)) == f"run tiny: {words}"


def test_a_run_that_does_not_say_what_it_is(tmp_path: Path) -> None:
    run = make_run(tmp_path / "runs")
    run.identity.write_bytes(b'{"id": "\xff"}')
    done = gan_tui("ctl", "tiny", "status", folder=tmp_path)
    assert done.returncode == 1
    assert f"{run.identity}: is damaged" in done.stderr


def test_a_run_without_checkpoints_has_none_to_name(tmp_path: Path) -> None:
    make_run(tmp_path / "runs")
    assert "has no checkpoint" in refusal(gan_tui("resume", "tiny", "--checkpoint", "5", folder=tmp_path))


def test_a_command_line_that_is_no_command_line(tmp_path: Path) -> None:
    for arguments in (("trian",), ("train",), ("train", "x", "--stepps", "3"), ("runs", "--json=yes")):
        done = gan_tui_here(*arguments, folder=tmp_path)
        assert done.returncode == 2
        assert "Error" in done.stderr
        assert "Traceback" not in done.stderr


def test_control_characters_of_a_path_do_not_reach_the_terminal(tmp_path: Path) -> None:
    line = refusal(gan_tui("train", "\x1b[31mred\x07", folder=tmp_path))
    assert "\x1b" not in line
    assert "\x07" not in line


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    done = gan_tui("--debug", "train", "absent", folder=tmp_path)
    assert done.returncode != 0
    assert "Traceback" in done.stderr
    assert "absent: is neither a file" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("export", "tiny", "-o", "~no-such-user/x.onnx"), "~no-such-user/x.onnx: begins with the home of nobody here"),
        (("init", "images", "-o", "~no-such-user/x.toml"), "the home of nobody here"),
        (("import", "~no-such-user/x.pth"), "~no-such-user/x.pth"),
        (("eval", "tiny", "--data", "~no-such-user/x"), "~no-such-user/x"),
        (("eval", "tiny", "--figure", "fid", "--fid-weights", "~no-such-user/x"), "the home of nobody here"),
        (("eval", "tiny", "--figure", "fid", "--fid-weights", "x" * 300), "is not a file"),
        (("init", "~no-such-user/x"), "~no-such-user/x"),
        (("data", "check", "~no-such-user/x"), "~no-such-user/x"),
        (("translate", "tiny", "~no-such-user/x.png", "-o", "y"), "~no-such-user/x.png"),
        (("train", "quickstart", "--runs-dir", "~no-such-user/runs", "--headless"), "the home of nobody here"),
        (("data", "fetch", "facades", "--root", "~no-such-user/x"), "the home of nobody here"),
    ],
)
def test_the_home_of_nobody(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    images = make_images(tmp_path / "images")
    make_run(tmp_path / "runs", root=images)
    assert words in refusal(gan_tui_here(*arguments, folder=tmp_path))
    assert not (tmp_path / "~no-such-user").exists()


def test_an_empty_root_of_sets(tmp_path: Path) -> None:
    """Such as of a variable that is not set: it does not stand for the working directory."""
    assert "--root: is empty" in refusal(gan_tui_here("data", "fetch", "facades", "--root", "", folder=tmp_path))


def test_a_home_is_found_also_behind_an_equals_sign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a shell leaves it as it is."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "sets").touch()
    assert f"{tmp_path}/home/sets: is not a folder" in refusal(
        gan_tui_here("data", "fetch", "facades", "--root=~/sets", folder=tmp_path)
    )


@pytest.mark.parametrize("arguments", [("runs",), ("doctor",), ("translate", "x", "y.png", "-o", "z")])
def test_a_working_directory_that_was_deleted(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    delete_and_run = f"import os; os.rmdir({str(folder)!r}); from gan_tui.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", delete_and_run, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "gan-tui: the working directory: is gone. Change to one that is there, such as with cd.\n"
