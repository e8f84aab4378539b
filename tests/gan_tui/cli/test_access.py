"""From another machine, as a user does it: an access file is written, carried there, and attached to."""

from __future__ import annotations

import json
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from engine.protocol import events as ev
from engine.protocol.rundir import RunDirectory, read_identity
from tests.distant import listening_engine, seen_from_afar
from tests.end_to_end.terminal import Terminal
from tests.gan_tui.cli.command import COMMAND, gan_tui, gan_tui_here, refusal, succeeded
from tests.runs import Engine, events_of, make_run
from tests.until import until


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder on the machine that trains."""
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="module")
def engine(work: Path) -> Iterator[Engine]:
    with listening_engine(work / "runs", "sample.every=5") as engine:
        engine.step_back()
        yield engine


@pytest.fixture
def laptop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on another machine, which has none of this one's sockets."""
    folder = tmp_path / "laptop"
    folder.mkdir()
    with tempfile.TemporaryDirectory(prefix="gan-tui-laptop-") as sockets:  # of a short path
        monkeypatch.setenv("XDG_RUNTIME_DIR", sockets)
        yield folder


def test_a_run_is_steered_with_an_access_file(engine: Engine, work: Path, laptop: Path) -> None:
    done = gan_tui("access", "tiny", laptop / "box.access", folder=work)
    assert succeeded(done) == ""
    assert "gan-tui attach box.access" in done.stderr
    assert stat.S_IMODE((laptop / "box.access").stat().st_mode) == 0o600
    status = json.loads(succeeded(gan_tui("ctl", "box.access", "status", "--json", folder=laptop)))
    assert (status["run"], status["state"]) == ("tiny", "training")
    succeeded(gan_tui("ctl", "box.access", "note", "from", "afar", folder=laptop))
    assert [note.text for note in events_of(engine.run, ev.Note)] == ["from afar"]
    assert "no_such" in refusal(gan_tui("ctl", "box.access", "set", "no_such", "1", folder=laptop))


def test_a_run_is_started_that_listens(preset: Path, tmp_path: Path) -> None:
    listening = ("--listen", "127.0.0.1:0")
    succeeded(
        gan_tui("train", preset, *listening, "--set", "run.steps=1000000", "--name", "r", "--detach", folder=tmp_path)
    )
    assert 'listen = "127.0.0.1:0"' in (tmp_path / "runs" / "r" / "config.toml").read_text()
    succeeded(gan_tui("access", "r", "box", folder=tmp_path))
    status = json.loads(succeeded(gan_tui("ctl", "box", "status", "--json", folder=tmp_path)))
    assert status["run"] == "r"
    succeeded(gan_tui("ctl", "box", "stop", "--discard", "--wait", folder=tmp_path))
    assert read_identity(RunDirectory(tmp_path / "runs" / "r")).state == "stopped"
    assert "HOST:PORT" in refusal(gan_tui("train", preset, "--listen", "nowhere", folder=tmp_path))


def test_keys_are_listed_and_taken_back(engine: Engine, work: Path, laptop: Path) -> None:
    succeeded(gan_tui("access", "tiny", laptop / "a", "--name", "anna", "--watch", folder=work))
    listed = json.loads(succeeded(gan_tui("access", "tiny", "--json", folder=work)))
    assert {"name": "anna", "rights": "watch"}.items() <= next(
        each for each in listed if each["name"] == "anna"
    ).items()
    assert "watch alone" in refusal(gan_tui("ctl", "a", "pause", folder=laptop))
    succeeded(gan_tui("access", "tiny", "--revoke", "anna", folder=work))
    assert "anna" not in succeeded(gan_tui("access", "tiny", folder=work))
    assert "does not know this key" in refusal(gan_tui("ctl", "a", "status", folder=laptop))


def test_requests_that_mean_two_things_are_refused(engine: Engine, work: Path, laptop: Path) -> None:
    assert "not both" in refusal(gan_tui_here("access", "tiny", "a", "--revoke", "anna", folder=work))
    for option in (("--name", "anna"), ("--watch",), ("--host", "box")):
        assert f"{option[0]}: tells of a new key, but FILE" in refusal(
            gan_tui_here("access", "tiny", *option, folder=work)
        )
    both = refusal(gan_tui_here("access", "tiny", "--revoke", "anna", "--watch", folder=work))
    assert "--watch: tells of a new key, and --revoke takes one back" in both
    (laptop / "there").touch()
    assert "exists already" in refusal(gan_tui_here("access", "tiny", laptop / "there", folder=work))
    assert "--host NAME" in refusal(gan_tui_here("access", "tiny", laptop / "b", "--host", "box:5800", folder=work))
    assert not (laptop / "b").exists()
    open_to_all = laptop / "open"
    succeeded(gan_tui_here("access", "tiny", open_to_all, folder=work))
    open_to_all.chmod(0o644)
    assert f"chmod 600 {open_to_all}" in refusal(gan_tui_here("ctl", open_to_all, "status", folder=laptop))


def test_what_is_given_and_taken_back_is_told_as_json_but_for_the_secret(tmp_path: Path) -> None:
    make_run(tmp_path / "runs", "run.listen=127.0.0.1:5800")
    key = ("a", "--name", "anna", "--watch")
    given = json.loads(succeeded(gan_tui("access", "tiny", *key, "--json", folder=tmp_path)))
    assert given == {"name": "anna", "rights": "watch", "address": "tcp://127.0.0.1:5800", "file": "a"}
    taken = json.loads(succeeded(gan_tui("access", "tiny", "--revoke", "anna", "--json", folder=tmp_path)))
    assert taken == {"revoked": "anna"}
    assert json.loads(succeeded(gan_tui("access", "tiny", "--json", folder=tmp_path))) == []


def test_the_dashboard_shows_and_steers_a_distant_run(engine: Engine, work: Path, laptop: Path) -> None:
    succeeded(gan_tui("access", "tiny", laptop / "far", folder=work))
    engine.until_event(ev.Sampled)
    with Terminal([*COMMAND, "attach", str(laptop / "far")]) as terminal:
        terminal.wait_for("TRAINING", "cycle_A", "loss.cycle_a", "real A")
        terminal.press("P")
        terminal.wait_for("PAUSED")
        assert len(events_of(engine.run, ev.Paused)) == 1
        terminal.press("P")
        until(lambda: events_of(engine.run, ev.Continued), "the word to go on")
        terminal.wait_for("TRAINING")
        terminal.press("q")
        assert terminal.wait_for_exit() == 0
        assert "tiny on " in terminal.text
        assert "goes on training. Come back: gan-tui attach" in terminal.text


def test_a_dashboard_with_a_key_to_watch_does_not_steer_and_does_not_take_its_mirrors_death_for_the_runs(
    engine: Engine, work: Path, laptop: Path
) -> None:
    file = laptop / "look"
    succeeded(gan_tui("access", "tiny", file, "--watch", folder=work))
    begun = len(events_of(engine.run, ev.Paused))
    with Terminal([*COMMAND, "attach", str(file)]) as terminal:
        terminal.wait_for("TRAINING", "loss.cycle_a")
        terminal.press("P")
        terminal.wait_for("read-only")
        assert len(events_of(engine.run, ev.Paused)) == begun
        [mirror] = [
            child for child in psutil.Process().children(recursive=True) if "engine.remote.mirror" in child.cmdline()
        ]
        mirror.kill()
        terminal.wait_for("LOST")
        terminal.press("q")
        assert terminal.wait_for_exit() == 1
        assert "the mirror: has ended by itself" in terminal.text
        assert f"The run is not affected: gan-tui attach {file}" in terminal.text.replace("\n", "")


def test_a_file_of_a_runs_name_is_in_nobodys_way(engine: Engine, work: Path) -> None:
    (work / "tiny").write_text("a shopping list")
    assert succeeded(gan_tui("ctl", "tiny", "status", folder=work)).startswith("tiny: training")
    (work / "list").write_text("another")
    assert "list: is a file that is no access file" in refusal(gan_tui("ctl", "list", "status", folder=work))


def test_a_shared_folder_needs_no_access_file(engine: Engine, laptop: Path) -> None:
    there = seen_from_afar(engine.run, laptop / "runs")
    [row] = json.loads(succeeded(gan_tui("runs", "--json", folder=laptop)))
    assert (row["name"], row["state"]) == (there.name, "training")
    succeeded(gan_tui("ctl", there.name, "note", "by a shared folder", folder=laptop))
    assert events_of(engine.run, ev.Note)[-1].text == "by a shared folder"
    with Terminal([*COMMAND, "attach", str(there.root)]) as terminal:
        terminal.wait_for("TRAINING", "loss.cycle_a")
        terminal.press("q")
        assert terminal.wait_for_exit() == 0
    there.door.unlink()
    [row] = json.loads(succeeded(gan_tui("runs", "--json", folder=laptop)))
    assert row["state"] == "elsewhere"
