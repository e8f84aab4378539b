"""What other users, hostile names and hostile files can do to a run and to the terminal of whoever looks at it."""

from __future__ import annotations

import ast
import json
import os
import resource
import stat
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from engine.config.load import dump
from engine.errors import WorkError
from engine.protocol import commands as cmd
from engine.protocol import events as ev
from engine.protocol.checkpoints import MANIFEST, StoredFile, list_checkpoints
from engine.protocol.rundir import Parent, RunDirectory, read_identity
from engine.protocol.runtime import socket_folder, socket_path
from tests.end_to_end.terminal import Terminal
from tests.engine.train.here import train_here
from tests.gan_tui.cli.command import COMMAND, Finished, gan_tui, refusal, succeeded
from tests.gan_tui.hostile import HOSTILE, obeyed
from tests.runs import Engine, end_engines, engine_of, events_of, make_images, make_run, tiny_config

ROOT = Path(__file__).parents[2]
NOBODY = 65534

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


# ---------------------------------------------------------------------------------------------------------- sockets


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter."""
    with tempfile.TemporaryDirectory(prefix="gt-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A runtime directory that everybody may enter, so that nothing but our own folder keeps others out."""
    with open_folder() as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
        yield folder


@pytest.fixture(scope="module")
def open_handed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine that was started with a umask of 0, in such a runtime directory, and rests."""
    run = make_run(tmp_path_factory.mktemp("runs"))
    with open_folder() as folder, ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_RUNTIME_DIR", str(folder))
            before = os.umask(0)
            try:
                engine = stack.enter_context(engine_of(run))
            finally:
                os.umask(before)
        engine.until_step(1)
        engine.ask(cmd.Pause())
        yield engine


def sockets_of(engine: Engine) -> list[Path]:
    endpoints = engine.identity.endpoints
    assert endpoints is not None
    paths = [socket_path(address) for address in msgspec.structs.astuple(endpoints)]
    return [path for path in paths if path is not None]


def test_an_engines_sockets_are_its_users_alone_whatever_the_umask(open_handed: Engine) -> None:
    paths = sockets_of(open_handed)
    assert len(paths) == 3
    for path in paths:
        assert path.parent.name == "gan-tui"
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


# What another user tries; it prints what went through. Everything is imported while it may still read our files.
_ANOTHER_USER = """
import os, socket, sys
from pathlib import Path
os.setgroups([])
os.setgid(int(sys.argv[1]))
os.setuid(int(sys.argv[1]))
for path in map(Path, sys.argv[2:]):
    for attempt in (
        lambda: socket.socket(socket.AF_UNIX).connect(str(path)),
        lambda: path.unlink(),
        lambda: path.with_name("mine").touch(),
    ):
        try:
            attempt()
        except PermissionError:
            pass
        else:
            print("got through to", path)
"""


def what_another_user_reaches(paths: list[Path]) -> list[str]:
    arguments = [str(NOBODY), *map(str, paths)]
    done = subprocess.run(
        [sys.executable, "-c", _ANOTHER_USER, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@as_root
def test_another_user_reaches_no_socket(open_handed: Engine) -> None:
    paths = sockets_of(open_handed)
    assert what_another_user_reaches(paths) == []
    folder = paths[0].parent
    try:
        folder.chmod(0o755)  # each socket is closed by itself, too
        assert what_another_user_reaches(paths) == []

        paths[0].chmod(0o666)
        assert f"got through to {paths[0]}" in what_another_user_reaches(paths), "the attempt is to be one"
    finally:
        folder.chmod(0o700)
        paths[0].chmod(0o600)
    assert open_handed.ask(cmd.Status()).report is not None


@as_root
@pytest.mark.parametrize("theirs", ["folder", "link"])
def test_an_engine_does_not_listen_in_a_folder_of_someone_else(theirs: str, shared: Path, tmp_path: Path) -> None:
    elsewhere = shared / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    if theirs == "folder":
        elsewhere.rename(shared / "gan-tui")
        os.chown(shared / "gan-tui", NOBODY, NOBODY)
    else:
        (shared / "gan-tui").symlink_to(elsewhere)
    with pytest.raises(WorkError, match="is not a folder of yours"):
        socket_folder()
    run = make_run(tmp_path)
    with engine_of(run) as engine:
        assert engine.ended() == 1
    assert "is not a folder of yours" in read_identity(run).reason
    assert list(elsewhere.iterdir() if theirs == "link" else (shared / "gan-tui").iterdir()) == []


def test_a_folder_that_others_could_enter_is_closed_before_a_socket_is_in_it(shared: Path, tmp_path: Path) -> None:
    (shared / "gan-tui").mkdir()
    (shared / "gan-tui").chmod(0o777)
    with engine_of(make_run(tmp_path)) as engine:
        engine.until_listening()
        assert stat.S_IMODE((shared / "gan-tui").stat().st_mode) == 0o700


# ------------------------------------------------------------------------------------------------- runs of somebody


@pytest.fixture(scope="module")
def received(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    """A run as somebody may hand it on: its newest checkpoint wants two files of theirs put outside of any branch.

    Only to be read.
    """
    run = make_run(tmp_path_factory.mktemp("theirs") / "received", "run.steps=2", "checkpoint.every=1", name="evil")
    train_here(run)
    *_, (folder, manifest) = list_checkpoints(run)
    files = dict(manifest.files)
    for name in ("fresh", "payload"):
        size = (run.root.parent / name).write_bytes(b"theirs")
        files[f"../../../{name}"] = StoredFile(sha256=sha256(b"theirs").hexdigest(), size=size)
    (folder / MANIFEST).write_bytes(msgspec.json.encode(msgspec.structs.replace(manifest, files=files)))
    assert all((folder / name).is_file() for name in files), "each is as the manifest has it"
    return run


def test_a_branch_of_a_received_run_touches_nothing_outside_of_itself(received: RunDirectory, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "payload").write_bytes(b"mine")
    words = ("resume", received.root, "--name", "branch", "--runs-dir", mine, "--steps", "4", "--headless")
    done = gan_tui(*words, "--checkpoint", "2", folder=tmp_path)
    assert (done.returncode, "it names a file outside its folder" in done.stderr) == (1, True), done.stderr
    assert {path.name: path.read_bytes() for path in mine.iterdir()} == {"payload": b"mine"}


def test_an_engine_adopts_no_such_checkpoint_either(received: RunDirectory, tmp_path: Path) -> None:
    """Where a branch was prepared with the run, or before its manifest was changed."""
    mine = tmp_path / "mine"
    parent = Parent(run=str(received.root), step=2, id=read_identity(received).id)
    branch = make_run(mine, "run.steps=4", name="branch", parent=parent)
    (mine / "payload").write_bytes(b"mine")
    with engine_of(branch) as engine:
        assert engine.ended() == 1
    assert {path.name for path in mine.iterdir()} == {"payload", "branch"}
    assert (mine / "payload").read_bytes() == b"mine"


def test_verify_names_a_checkpoint_that_reaches_outside_of_its_folder(received: RunDirectory, tmp_path: Path) -> None:
    done = gan_tui("verify", received.root, folder=tmp_path)
    assert done.returncode == 1
    fact = "checkpoints/step-00000002: has no readable manifest.json (it names a file outside its folder)"
    assert fact in done.stdout


# ------------------------------------------------------------------------------------------------------------- code

UNPICKLERS = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "jsonpickle"}
RUNNERS = {"eval", "exec", "compile", "os.system", "os.popen", "recv_pyobj", "send_pyobj"}


def dangers(source: str) -> list[str]:
    """Where a module could run what it reads."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [f"imports {alias.name}" for alias in node.names if alias.name.split(".")[0] in UNPICKLERS]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in UNPICKLERS:
            if [alias.name for alias in node.names] != ["UnpicklingError"]:  # which torch.load raises, too
                found.append(f"imports {node.module}")
        elif isinstance(node, ast.Call):
            found += _dangers_of_call(node)
    return found


def _dangers_of_call(call: ast.Call) -> list[str]:
    name = ast.unparse(call.func)
    given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
    if name == "torch.load" and given.get("weights_only") != "True":
        return ["torch.load without weights_only=True"]
    if name in ("np.load", "numpy.load") and given.get("allow_pickle", "False") != "False":
        return ["np.load with allow_pickle"]
    if given.get("shell", "False") != "False":
        return [f"{name} with a shell"]
    if name in RUNNERS or name.rpartition(".")[2] in ("recv_pyobj", "send_pyobj"):
        return [name]
    return []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "torch.load(path, weights_only=trusted)",
        "np.load(path, allow_pickle=True)",
        "eval(text)",
        "socket.recv_pyobj()",
        "subprocess.run(line, shell=True)",
        "os.system(line)",
    ],
)
def test_the_search_finds_what_it_is_for(source: str) -> None:
    assert dangers(source)


def test_nothing_that_is_read_is_ever_run() -> None:
    modules = [path for package in ("engine", "gan_tui") for path in (ROOT / package).rglob("*.py")]
    assert len(modules) > 100
    found = {str(path.relative_to(ROOT)): dangers(path.read_text(encoding="utf-8")) for path in modules}
    assert {name: what for name, what in found.items() if what} == {}


# ------------------------------------------------------------------------------------------------------------ names

MARKUP = "[red]evil[/red][@click=app.quit]"


@pytest.fixture
def hostile_folder(tmp_path: Path) -> Iterator[Path]:
    """A working directory, a preset and images that are called what no terminal should be sent."""
    folder = tmp_path / HOSTILE
    images = make_images(folder / "data", each=10)
    spoilt = images / "trainA" / f"9-{HOSTILE}.png"  # beyond those that are looked at before a run starts
    spoilt.write_bytes(b"no image")
    preset = dump(tiny_config("run.steps=40", root=images))
    (folder / f"{HOSTILE}.toml").write_text(preset)
    (folder / f"{MARKUP.replace('/', '')}.toml").write_text(preset)
    yield folder
    end_engines(tmp_path)


def is_only_text(done: Finished) -> Finished:
    """Raises AssertionError where a command wrote what a terminal would obey; lines and tabs are data's own."""
    for written in (done.stdout, done.stderr):
        for line in written.split("\n"):
            assert obeyed(line.replace("\t", "")) == [], (done.args, line)
    return done


def test_no_command_passes_a_hostile_name_on_to_the_terminal(hostile_folder: Path) -> None:
    def run(*arguments: str | Path) -> Finished:
        return is_only_text(gan_tui(*arguments, folder=hostile_folder))

    preset = hostile_folder / f"{HOSTILE}.toml"
    trained = run("train", preset, "--name", "evil", "--headless", "--steps", "12")
    assert trained.returncode == 0
    assert "cannot be used" in trained.stdout + trained.stderr, "the spoilt image is to be named"
    [row] = json.loads(run("runs", "--json").stdout)
    assert row["preset"] == HOSTILE
    assert row["path"] == str(hostile_folder / "runs" / "evil")
    read: tuple[tuple[str, ...], ...] = (
        ("runs",),
        ("checkpoints", "evil"),
        ("checkpoints", "evil", "--json"),
        ("verify", "evil"),
        ("verify", "evil", "--json"),
        ("resume", "evil", "--checkpoint", "12", "--steps", "14", "--name", "branch", "--headless"),
        ("replay", "evil", "--headless"),
        ("ctl", "evil", "status"),
    )
    for words in read:
        run(*words)
    wrong: tuple[tuple[str | Path, ...], ...] = (
        ("train", HOSTILE),
        ("train", preset, "--set", f"loss.{HOSTILE}=1"),
        ("train", preset, "--set", HOSTILE),
        ("train", preset, "--name", HOSTILE),
        ("train", preset, "--data", HOSTILE),
        ("train", preset, "--device", HOSTILE),
        ("resume", HOSTILE),
        ("resume", "evil", "--checkpoint", HOSTILE),
        ("attach", HOSTILE),
        ("ctl", HOSTILE, "status"),
        ("verify", HOSTILE),
        ("replay", HOSTILE),
        (HOSTILE,),
    )
    for arguments in wrong:
        assert run(*arguments).returncode == 2, arguments


def test_words_of_other_users_reach_the_journal_as_text(hostile_folder: Path) -> None:
    """Notes, reasons and control names, written to a run and read back by everything that shows them."""
    run = make_run(hostile_folder / "runs", name="evil")
    with engine_of(run) as engine:
        engine.until_step(1)
        for arguments in (
            ("note", HOSTILE),
            ("note", MARKUP),
            ("set", "loss.cycle_a", "5", "--why", HOSTILE),
            ("set", HOSTILE, "5"),
            ("status",),
            ("status", "--json"),
        ):
            is_only_text(gan_tui("ctl", "evil", *arguments, folder=hostile_folder))
        assert [note.text for note in events_of(run, ev.Note)] == [HOSTILE.strip(), MARKUP]
        _is_drawn_as_text(run)


def _is_drawn_as_text(run: RunDirectory) -> None:
    with Terminal([*COMMAND, "attach", str(run.root)], columns=160) as viewer:
        viewer.wait_for("evil[/red]")
        viewer.press("q")
        assert viewer.wait_for_exit() == 0, "the markup in the note is no button"
    text = viewer.written.decode("utf-8")
    assert "\x1b]0;owned" not in text
    assert not set("\x9b\x90\u202e\u2066\x7f") & set(text)


def test_markup_in_a_name_is_shown_and_not_obeyed(hostile_folder: Path) -> None:
    name = MARKUP.replace("/", "")
    preset = hostile_folder / f"{name}.toml"
    succeeded(gan_tui("train", preset, "--name", "marked", "--prepare", folder=hostile_folder))
    environment = {"GAN_TUI_RUNS_DIR": str(hostile_folder / "runs")}
    with Terminal([*COMMAND, "runs"], columns=200, env=environment) as terminal:
        terminal.wait_for("marked", name)
        terminal.press("q")
        assert terminal.wait_for_exit() == 0


# ----------------------------------------------------------------------------------------------------------- pictures


def bomb(path: Path, width: int, height: int) -> None:
    """A PNG of a few bytes that says it is huge."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1 << 20))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b""))


def _little_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))


@pytest.mark.parametrize("size", [(60_000, 60_000), (2**31 - 1, 2**31 - 1), (2**31 - 1, 1), (1, 2**31 - 1)])
def test_a_run_does_not_begin_on_a_picture_that_would_fill_the_memory(size: tuple[int, int], tmp_path: Path) -> None:
    images = make_images(tmp_path / "data")
    bomb(images / "trainA" / "0.png", *size)
    (tmp_path / "little.toml").write_text(dump(tiny_config(root=images)))
    done = subprocess.run(
        [*COMMAND, "train", "little.toml", "--headless"],
        cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, preexec_fn=_little_memory,
    )  # fmt: skip
    said = refusal(done)
    assert str(images / "trainA" / "0.png") in said
    assert "too large" in said
    assert not (tmp_path / "runs").exists()


def test_training_passes_over_a_picture_that_would_fill_the_memory(tmp_path: Path) -> None:
    images = make_images(tmp_path / "data", each=10)
    bomb(images / "trainB" / "9.png", 60_000, 60_000)  # beyond those that are looked at before a run starts
    run = make_run(tmp_path / "runs", root=images)
    with engine_of(run) as engine:
        engine.until_event(ev.Alert)
        [alert] = events_of(run, ev.Alert)
        assert alert.subject == str(images / "trainB" / "9.png")
        assert "a decompression bomb" in alert.fact
        engine.until_step(alert.step + 3)
