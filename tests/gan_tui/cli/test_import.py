"""gan-tui import as a user runs it: the reference's files as a run that every other command takes, and refusals."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
import torch

from engine.config.load import read_toml, resolve
from engine.config.methods import CycleGanConfig, Pix2PixConfig
from engine.config.networks import PatchDiscriminator, ResnetGenerator, UnetGenerator
from engine.loaded_method import take_up
from engine.protocol import events as ev
from engine.protocol.checkpoints import list_checkpoints
from engine.protocol.exchange import Imported
from engine.protocol.jobs import decode_message
from engine.protocol.rundir import RunDirectory, read_identity
from engine.saved import find_saved
from tests.engine.exchange.importing.test_loss_log import HEADING, log_of
from tests.engine.exchange.importing.test_pickled import Bomb
from tests.engine.exchange.saved import discriminator_state, generator_state, saved_run, write_pth
from tests.gan_tui.cli.command import interrupted
from tests.reference import vectors
from tests.runs import events_of, gan_tui, make_images, metrics_of

REFERENCE = vectors.FOLDER / "checkpoints"
RESNET, UNET = ResnetGenerator(width=4, blocks=6), UnetGenerator(width=4, downs=7, norm="batch")
SMALL = ("--set", "data.resize=0", "--set", "data.crop=32")


def imported(folder: Path, *arguments: str | Path) -> tuple[RunDirectory, Imported, str]:
    """The run, what is said of it as data, and in words."""
    done = gan_tui(folder, "import", *map(str, arguments), "--json")
    assert done.returncode == 0, done.stderr
    found = decode_message(done.stdout.encode())
    assert isinstance(found, Imported)
    return RunDirectory(Path(found.run)), found, done.stderr


def refusal(folder: Path, *arguments: str | Path) -> str:
    """The line with which it is refused; nothing is left among the runs."""
    before = set(folder.iterdir()) if folder.exists() else set()
    done = gan_tui(folder, "import", *map(str, arguments))
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert (set(folder.iterdir()) if folder.exists() else set()) == before
    return done.stderr.splitlines()[-1].removeprefix("gan-tui: ")


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    """The run of what the reference implementation wrote; only to be read."""
    images = make_images(tmp_path_factory.mktemp("images"))
    given = ("--name", "ref", "--data", str(images), *SMALL, "--set", "run.device=cpu", "--set", "log.every=1")
    run, _, _ = imported(tmp_path_factory.mktemp("runs"), REFERENCE, *given)
    return run


def test_the_weights_are_bit_for_bit_those_of_the_files(reference: RunDirectory) -> None:
    method, _ = take_up(find_saved(reference), "cpu")
    for file in REFERENCE.glob("*.pth"):
        state = torch.load(file, weights_only=True)
        kept = method.networks[file.stem.removeprefix("latest_net_")].state_dict()
        assert kept.keys() == state.keys()
        assert all(torch.equal(kept[key], state[key]) for key in state)


def test_the_course_is_that_of_the_loss_log(reference: RunDirectory) -> None:
    config = resolve(read_toml(reference.config), "")
    assert isinstance(config, CycleGanConfig)
    assert (config.loss.cycle_a, config.loss.identity) == (10.0, 0.5)
    *_, newest = metrics_of(reference)
    *_, last = (REFERENCE / "loss_log.txt").read_text().strip().splitlines()
    for name, value in newest.losses.items():
        assert f"{name}: {value:.3f}" in last
    [(_, manifest)] = list_checkpoints(reference)
    assert manifest.step == newest.step
    assert manifest.losses == newest.losses
    assert manifest.anew == ("the optimizers", "the image pools")
    assert [event.from_step for event in events_of(reference, ev.Resumed)] == [
        newest.step - manifest.images // newest.epoch
    ]


def test_every_other_command_takes_it(reference: RunDirectory, tmp_path: Path) -> None:
    folder = reference.root.parent
    verified = gan_tui(folder, "verify", "ref")
    assert "nothing wrong" in verified.stdout + verified.stderr
    assert gan_tui(folder, "runs").stdout.startswith("ref\tstopped\tcyclegan\t")
    plotted = gan_tui(folder, "plot", "ref", "-o", str(tmp_path / "ref.csv"))
    assert plotted.returncode == 0, plotted.stderr
    assert "cycle_A" in (tmp_path / "ref.csv").read_text()
    assert read_identity(reference).state == "stopped"
    [listed] = gan_tui(folder, "checkpoints", "ref").stdout.splitlines()
    [(_, manifest)] = list_checkpoints(reference)
    assert listed.split()[0] == str(manifest.step)


def test_a_resume_goes_on_from_it_and_says_what_begins_anew(reference: RunDirectory, tmp_path: Path) -> None:
    shutil.copytree(reference.root, tmp_path / "ref")
    [(_, manifest)] = list_checkpoints(RunDirectory(tmp_path / "ref"))
    looked = gan_tui(tmp_path, "resume", "ref", "--json")
    assert "was imported, and begins the optimizers, the image pools anew" in looked.stdout
    end = f"run.steps={manifest.step + 2}"
    done = gan_tui(tmp_path, "resume", "ref", "--headless", "--name", "on", "--set", end)
    assert done.returncode == 0, done.stderr
    steps = [line.step for line in metrics_of(RunDirectory(tmp_path / "on"))]
    assert steps == [manifest.step + 1, manifest.step + 2]
    assert gan_tui(tmp_path, "verify", "on").returncode == 0


def test_weights_that_have_gone_are_asked_for_and_not_called_losses_alone(
    reference: RunDirectory, tmp_path: Path
) -> None:
    shutil.copytree(reference.root, tmp_path / "ref")
    shutil.rmtree(tmp_path / "ref" / "checkpoints")
    images = str(make_images(tmp_path / "images") / "testA")
    for words in (("translate", images, "-o", str(tmp_path / "out")), ("resume", "--headless")):
        done = gan_tui(tmp_path, words[0], "ref", *words[1:])
        assert (done.returncode, done.stdout) == (1, "")
        assert "run ref: has none of the checkpoints left that its journal tells of" in done.stderr
        assert f"Put them back into {tmp_path}/ref/checkpoints, or import it again: gan-tui import" in done.stderr


def test_out_again_the_files_are_those_that_came_in(reference: RunDirectory, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = gan_tui(reference.root.parent, "export", "ref", "--format", "reference", "-o", str(out))
    assert done.returncode == 0, done.stderr
    told = re.search(r"(resnet_\d+blocks) ngf (\d+), ndf (\d+)", vectors.MANIFEST["checkpoints"])
    assert told
    assert f"--netG {told[1]} --ngf {told[2]} --norm instance --no_dropout" in done.stderr
    assert f"--ndf {told[3]}" in done.stderr
    for file in REFERENCE.glob("*.pth"):
        came, went = (torch.load(folder / file.name, weights_only=True) for folder in (REFERENCE, out))
        assert list(came) == list(went)
        assert all(torch.equal(came[key], went[key]) and came[key].dtype == went[key].dtype for key in came)
    again, _, _ = imported(tmp_path / "runs", out, "--name", "again")
    first, second = (resolve(read_toml(run.config), "") for run in (reference, again))
    assert first.generator == second.generator
    assert first.discriminator == second.discriminator
    assert first.loss == second.loss
    assert first.optim == second.optim


@pytest.mark.parametrize("noise", [True, False])
def test_our_own_weights_go_out_and_in(tmp_path: Path, noise: bool) -> None:
    """pix2pix with dropout, in the reference's files and as safetensors; with noise when it translates, and without."""
    settings = (
        f"method.test_time_noise={str(noise).lower()}",
        "generator.norm=batch",
        "generator.downs=7",
        "generator.dropout=true",
        "data.crop=128",
        "data.resize=128",
    )
    run = saved_run(tmp_path / "runs", "pix2pix", *settings, "discriminator.norm=batch")
    for wanted in ("reference", "safetensors"):
        out = tmp_path / wanted
        done = gan_tui(run.root.parent, "export", "pix2pix", "--format", wanted, "-o", str(out))
        assert done.returncode == 0, done.stderr
        back, found, _ = imported(tmp_path / "back", out)
        assert found.step == (2 if wanted == "safetensors" else 0)
        assert ("D" in found.anew) == (wanted == "safetensors")
        config = resolve(read_toml(back.config), "")
        assert isinstance(config, Pix2PixConfig)
        assert config.method.test_time_noise is noise
        assert config.generator == resolve(read_toml(run.config), "").generator or wanted == "reference"
        assert isinstance(config.generator, UnetGenerator)
        assert config.generator.dropout
        ours, theirs = (take_up(find_saved(each), "cpu")[0].networks["G"].state_dict() for each in (run, back))
        assert all(torch.equal(ours[key], theirs[key]) for key in ours)


def test_a_numbered_epoch_stands_where_the_log_has_it(tmp_path: Path) -> None:
    folder = tmp_path / "horses"
    folder.mkdir()
    for epoch in (2, 4, "latest"):
        write_pth(folder / f"{epoch}_net_G_A.pth", generator_state(RESNET))
        write_pth(folder / f"{epoch}_net_G_B.pth", generator_state(RESNET))
    (folder / "loss_log.txt").write_text(log_of(250, 5, 100).replace("D_A", "cycle_A"))
    (folder / "train_opt.txt").write_text(OPTIONS)
    run, found, said = imported(tmp_path / "runs", folder, "--epoch", "2")
    assert (run.name, found.step, found.anew[:2]) == ("horses", 500, ("D_A", "D_B"))
    assert "The option lr_policy exponential" in said
    config = resolve(read_toml(run.config), "")
    assert isinstance(config, CycleGanConfig)
    assert (config.loss.gan, config.loss.identity, config.data.crop, config.data.flip) == ("vanilla", 0.0, 128, False)
    assert config.discriminator == PatchDiscriminator(width=16, layers=2)
    assert config.optim.epochs == 50
    [(_, manifest)] = list_checkpoints(run)
    assert (manifest.epoch, manifest.recent[-1].step) == (2, 500)
    assert metrics_of(run)[-1].step > manifest.step
    assert gan_tui(tmp_path / "runs", "verify", "horses").returncode == 0
    assert "Choose with --epoch: 2, 4, latest" in refusal(tmp_path / "runs", folder, "--epoch", "3")


OPTIONS = """----------------- Options ---------------
                    model: cycle_gan
          lambda_identity: 0.0                           \t[default: 0.5]
                fineSize: 128                            \t[default: 256]
                 loadSize: 143
                  no_flip: True                          \t[default: False]
                 no_lsgan: True
                    niter: 50
                     netD: n_layers
               n_layers_D: 2
                      ndf: 16
                lr_policy: exponential
----------------- End -------------------
"""


def test_a_lone_generator_is_told_by_its_kind(tmp_path: Path) -> None:
    """As the published models are: a CycleGAN's ResNet without its other half, of several GPUs; a pix2pix U-Net."""
    (tmp_path / "a").mkdir()
    resnet = write_pth(
        tmp_path / "a" / "latest_net_G.pth", {f"module.{k}": v for k, v in generator_state(RESNET).items()}
    )
    unet = write_pth(tmp_path / "facades.pth", generator_state(UNET))
    run, found, said = imported(tmp_path / "runs", resnet, "--step", "1234")
    assert (run.name, found.method, found.step) == ("a", "cyclegan", 1234)
    assert found.anew[:3] == ("G_B", "D_A", "D_B")
    assert "G_A: resnet of 6 blocks, width 4, norm instance" in said
    run, found, said = imported(tmp_path / "runs", unet)
    assert (run.name, found.method, found.step) == ("facades", "pix2pix", 0)
    assert "Otherwise: --set generator.dropout=false" in said
    _, found, _ = imported(tmp_path / "runs", unet, "--method", "cyclegan", "--name", "x")
    assert found.method == "cyclegan"


def test_a_loss_log_alone_makes_a_run_to_look_at(tmp_path: Path) -> None:
    log = tmp_path / "loss_log.txt"
    nan = "(epoch: 4, iters: 300, time: 0.100, data: 0.010) G_A: nan D_A: 0.250 "
    log.write_text(log_of(300, 3, 100) + nan + "\n(epoch: 5, iters: 1, ti")
    run, found, said = imported(tmp_path / "runs", log, "--name", "seen", "--method", "cyclegan")
    assert (found.step, found.lines) == (None, 10)
    assert "1 line that is no whole line of losses" in said
    assert list_checkpoints(run) == []
    assert metrics_of(run)[-1].losses == {"G_A": None, "D_A": 0.25}
    assert gan_tui(tmp_path / "runs", "verify", "seen").returncode == 0
    other, _, _ = imported(tmp_path / "runs", log, "--name", "other")
    compared = gan_tui(tmp_path / "runs", "compare", run.name, other.name)
    assert compared.returncode == 0, compared.stderr
    for words in (
        ("resume", "--headless"),
        ("translate", "none.png", "-o", "out"),
        ("eval",),
        ("replay",),
        ("export", "-o", "a.pt2"),
    ):
        refused = gan_tui(tmp_path / "runs", words[0], "seen", *words[1:])
        assert refused.returncode == 2
        assert "run seen: holds losses alone, which were imported without weights. Import its weights" in refused.stderr


def test_a_file_that_would_run_code_is_refused_and_runs_none(tmp_path: Path) -> None:
    bomb = write_pth(tmp_path / "latest_net_G_A.pth", {"model.1.weight": Bomb(tmp_path / "mark")})
    assert "to load it could run code, and it was not loaded" in refusal(tmp_path / "runs", bomb)
    assert not (tmp_path / "mark").exists()


def test_what_does_not_fit_is_refused_by_its_key(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    state = generator_state(RESNET)
    wrong = write_pth(tmp_path / "latest_net_G_A.pth", state | {"model.4.bias": torch.ones(9)})
    assert refusal(runs, wrong).startswith(f"{wrong}: model.4.bias: is 9, and 8 in the generator")
    other = write_pth(tmp_path / "latest_net_G_B.pth", generator_state(ResnetGenerator(width=5, blocks=6)))
    write_pth(wrong, state)
    assert "width 5 and not 4" in refusal(runs, wrong, other)
    judge = write_pth(tmp_path / "latest_net_D_A.pth", discriminator_state(PatchDiscriminator(width=4), 6))
    assert "model.0.weight: is 4x6x4x4, and 4x3x4x4" in refusal(runs, wrong, judge)
    assert "is a discriminator" in refusal(runs, judge)
    assert "Leave out --set generator" in refusal(runs, wrong, "--set", "generator.width=8")
    write_pth(wrong, state | {"model.4.bias": torch.full((8,), float("nan"))})
    assert "G_A: has values that are NaN or infinite" in refusal(runs, wrong)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nothing.pth",), "does not exist"),
        (("dangling",), "leads nowhere"),
        (("empty",), "holds neither weights called latest_net_G_A.pth"),
        (("pipe",), "is no file"),
        (("notes.txt",), "has no line of losses as the reference implementation writes them"),
        (("good.pth", "--step", "9" * 13), f"--step {'9' * 13}: is more than 999,999,999,999"),
        (("folder", "--epoch", "9" * 5000), "is not there. Choose with --epoch: latest"),
        (("good.pth", "--epoch", "3"), "--epoch 3: is of a folder of weights"),
        (("log.txt", "--step", "5"), "--step 5: is of weights, and none are named"),
        (("log.txt", "--loss-log", "notes.txt"), "is a second loss log"),
        (("good.pth", "--name", "a/b"), "has characters that a run name cannot have"),
        (("good.pth", "--set", "generator.nothing=1"), "generator.nothing"),
        (("good.pth", "--set", "optim.ema=0.9"), "optim.ema = 0.9: follows weights through their training"),
        (("good.pth", "--data", "empty"), "empty"),
        (("good.pth", "--data", "im\udcffages"), r'im\xffages": is no text (UTF-8)'),
        (("good.pth", "--set", "data.root=im\udcffages"), r"data.root=im\xffages: is no text (UTF-8)"),
        (("good.pth", "good.pth"), "is a second file for the network G"),
    ],
)
def test_a_wrong_request_leaves_nothing(
    arguments: tuple[str, ...], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_pth(tmp_path / "good.pth", generator_state(RESNET))
    (tmp_path / "folder").mkdir()
    write_pth(tmp_path / "folder" / "latest_net_G.pth", generator_state(RESNET))
    (tmp_path / "empty").mkdir()
    (tmp_path / "dangling").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "log.txt").write_text(log_of(300, 3, 100))
    (tmp_path / "notes.txt").write_text(f"{HEADING}\nhello\n")
    assert told in refusal(tmp_path / "runs", *arguments)


def test_a_name_that_is_taken_is_refused(reference: RunDirectory) -> None:
    assert "run ref: exists already" in refusal(reference.root.parent, REFERENCE, "--name", "ref")


def test_ctrl_c_makes_no_run_and_says_so(tmp_path: Path) -> None:
    done = interrupted("import", REFERENCE, "--name", "x", folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "Ended early: no run was made.\n")
    assert not any((tmp_path / "runs").glob("*"))


def test_a_run_without_images_says_which_option_gives_them(tmp_path: Path) -> None:
    """And with that it goes on."""
    runs = tmp_path / "runs"
    imported(runs, REFERENCE, "--name", "ref", *SMALL, "--set", "run.device=cpu")
    refused = gan_tui(runs, "resume", "ref", "--headless")
    assert refused.returncode == 2
    assert "data.root: is not set. Give --set data.root=DIR, a folder" in refused.stderr
    images = make_images(tmp_path / "images")
    seen = gan_tui(runs, "resume", "ref", "--dry-run", "--set", f"data.root={images}")
    assert seen.returncode == 0, seen.stdout


def test_a_course_of_another_program_is_not_repeated(reference: RunDirectory) -> None:
    refused = gan_tui(reference.root.parent, "replay", "ref")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("gan-tui: run ref: was imported, and another program took its steps.")
    assert [path.name for path in reference.root.parent.iterdir()] == ["ref"]
