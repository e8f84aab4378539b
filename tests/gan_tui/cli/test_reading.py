"""Commands that only read: runs, checkpoints, presets, version, help."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path

import msgspec
import pytest

from engine.config.load import resolve
from engine.config.methods import CONFIGS
from engine.config.presets import shipped_presets
from engine.protocol.checkpoints import list_checkpoints
from engine.protocol.rundir import Parent, Replay, RunDirectory, create_run, read_identity, write_identity
from tests.end_to_end.terminal import Terminal
from tests.gan_tui.cli.command import COMMAND, gan_tui, gan_tui_here, succeeded
from tests.runs import COMPONENTS, make_run


def test_runs_as_json(ended: RunDirectory) -> None:
    [row] = json.loads(succeeded(gan_tui("runs", "--json", folder=ended.root.parent.parent)))
    assert row["name"] == "ended"
    assert row["path"] == str(ended.root)
    assert (row["state"], row["step"], row["epoch"], row["parent"]) == ("finished", 12, 3, None)
    assert set(row["losses"]) == set(COMPONENTS)


def test_runs_in_columns_newest_first_with_a_lost_one_and_a_damaged_one(tmp_path: Path) -> None:
    make_run(tmp_path / "runs", name="older")
    branch = make_run(tmp_path / "runs", name="newer", parent=Parent(run=str(tmp_path / "runs" / "older"), step=7))
    text = branch.identity.read_text()
    assert '"pid": null' in text
    branch.identity.write_text(text.replace('"pid": null', '"pid": 1'))
    (tmp_path / "runs" / "damaged").mkdir()
    (tmp_path / "runs" / "damaged" / "run.json").write_bytes(b'{"id": "\xff"}')
    done = gan_tui("runs", folder=tmp_path)
    lines = [line.split("\t") for line in succeeded(done).splitlines()]
    assert [(line[0], line[1]) for line in lines] == [("newer", "lost"), ("older", "starting"), ("damaged", "damaged")]
    assert done.stderr.startswith(f"{tmp_path / 'runs' / 'damaged' / 'run.json'}: is damaged")
    rows = json.loads(succeeded(gan_tui("runs", "--json", folder=tmp_path)))
    assert rows[2]["state"] == "damaged"
    assert "run.json: is damaged" in rows[2]["reason"]
    assert (rows[0]["parent"], rows[0]["parent_step"], rows[0]["parent_path"]) == ("older", 7, rows[1]["path"])
    assert rows[0]["parent_id"] is None, "an old branch does not name it"


def branched(parent: RunDirectory, name: str, step: int) -> RunDirectory:
    lineage = Parent(run=str(parent.root), id=read_identity(parent).id, step=step)
    return make_run(parent.root.parent, name=name, parent=lineage)


def test_runs_on_a_terminal_are_a_tree(tmp_path: Path) -> None:
    """Roots newest first, branches below their parents; nothing is left out, whatever the lineage says."""
    folder = tmp_path / "runs"
    old = make_run(folder, name="old")
    first = branched(old, "first", 12_000)
    branched(first, "deep", 13_000)
    branched(old, "second", 5)
    gone = make_run(folder, name="gone")
    branched(gone, "orphan", 7)
    shutil.rmtree(gone.root)
    ouroboros = make_run(folder, name="ouroboros")
    itself = Parent(run=str(ouroboros.root), id=read_identity(ouroboros).id, step=3)
    write_identity(ouroboros, msgspec.structs.replace(read_identity(ouroboros), parent=itself))
    with Terminal([*COMMAND, "runs", "--plain", "--runs-dir", str(folder)], columns=120) as terminal:
        terminal.wait_for("ouroboros", "orphan", "deep")
        assert terminal.wait_for_exit() == 0
        lines = [line.rstrip() for line in terminal.text.splitlines() if line.strip()]
    names = [line[: lines[0].index("state")].rstrip() for line in lines[1:]]
    assert names == ["orphan", "old", "├─ second", "└─ first", "   └─ deep", "ouroboros"]
    origins = [line[lines[0].index("from") :] for line in lines[1:]]
    assert origins == ["gone @ 7", "tiny", "@ 5", "@ 12,000", "@ 13,000", "ouroboros @ 3"]
    piped = [line.split("\t")[0] for line in succeeded(gan_tui("runs", folder=tmp_path)).splitlines()]
    assert piped == ["ouroboros", "orphan", "second", "deep", "first", "old"]
    rows = {row["name"]: row for row in json.loads(succeeded(gan_tui("runs", "--json", folder=tmp_path)))}
    assert rows["deep"]["parent_id"] == rows["first"]["id"] == read_identity(first).id
    assert rows["orphan"]["parent_path"] == str(gone.root)


def test_long_names_keep_both_ends_and_their_line(tmp_path: Path) -> None:
    """A replay says what it repeats; of names that are too long together the middle goes."""
    folder = tmp_path / "runs"
    original = make_run(folder, name="horse2zebra-with-a-rather-long-name")
    branched(original, "horse2zebra-with-a-rather-long-name-step-12000", 12_000)
    identity = read_identity(original)
    course = Replay(run=str(original.root), id=identity.id, last_step=3)
    create_run(folder, name="again", method="cyclegan", preset="tiny", config_toml="", parent=None, replays=course)
    with Terminal([*COMMAND, "runs", "--plain", "--runs-dir", str(folder)], columns=100) as terminal:
        terminal.wait_for("again")
        assert terminal.wait_for_exit() == 0
        lines = [line.rstrip() for line in terminal.text.splitlines() if line.strip()]
    assert len(lines) == 4
    names = [line[: lines[0].index("state")].rstrip() for line in lines[1:]]
    assert [name[-5:] for name in names] == ["again", "-name", "12000"]
    assert names[2].startswith("└─ horse2z")
    assert "…" in names[2]
    origins = [line[lines[0].index("from") :] for line in lines[1:]]
    assert origins[0].startswith("replays")
    assert origins[1:] == ["tiny", "@ 12,000"]
    rows = {row["name"]: row for row in json.loads(succeeded(gan_tui("runs", "--json", folder=tmp_path)))}
    assert rows["again"]["replays"] == original.name


def test_no_runs_yet(tmp_path: Path) -> None:
    done = gan_tui("runs", folder=tmp_path)
    assert succeeded(done) == ""
    assert "No run in" in done.stderr
    assert json.loads(succeeded(gan_tui("runs", "--json", folder=tmp_path))) == []


def test_the_folder_of_runs_can_be_named(ended: RunDirectory, tmp_path: Path) -> None:
    done = gan_tui("runs", "--json", "--runs-dir", ended.root.parent, folder=tmp_path)
    assert [row["name"] for row in json.loads(succeeded(done))] == ["ended"]


@pytest.mark.parametrize("given", ["ended", "en", "path"])
def test_checkpoints_as_json(ended: RunDirectory, tmp_path: Path, given: str) -> None:
    run, folder = (str(ended.root), tmp_path) if given == "path" else (given, ended.root.parent.parent)
    rows = json.loads(succeeded(gan_tui("checkpoints", run, "--json", folder=folder)))
    assert [(row["step"], row["reason"]) for row in rows] == [(5, "schedule"), (10, "schedule"), (12, "end")]
    for row, (path, manifest) in zip(rows, list_checkpoints(ended), strict=True):
        assert row["path"] == str(path)
        assert row["size"] == manifest.size
        assert row["files"].keys() == manifest.files.keys()


def test_checkpoints_for_people(ended: RunDirectory) -> None:
    lines = succeeded(gan_tui("checkpoints", "ended", folder=ended.root.parent.parent)).splitlines()
    assert [line.split()[0] for line in lines] == ["5", "10", "12"]
    assert all("cycle_A" in line for line in lines)


@pytest.mark.parametrize("name", sorted(shipped_presets()))
def test_a_shipped_preset_is_printed_whole(tmp_path: Path, name: str) -> None:
    text = succeeded(gan_tui_here("presets", name, folder=tmp_path))
    assert resolve(tomllib.loads(text), name) == resolve(tomllib.loads(shipped_presets()[name].read_text()), name)
    tree = json.loads(succeeded(gan_tui_here("presets", name, "--json", folder=tmp_path)))
    assert tree == tomllib.loads(text)


def test_presets_lists_what_is_shipped(tmp_path: Path) -> None:
    lines = succeeded(gan_tui("presets", folder=tmp_path)).splitlines()
    assert [line.split()[0] for line in lines[::2]] == sorted(shipped_presets())
    assert all(len(line.split()) > 2 for line in lines), "each says what it is, and what it needs"
    cards = json.loads(succeeded(gan_tui("presets", "--json", folder=tmp_path)))
    assert [card["name"] for card in cards] == list(shipped_presets())
    assert {card["system"] for card in cards} == CONFIGS.keys()
    held = {card["name"]: card["holds"] for card in cards}
    assert (held["quickstart"], held["dtn-mnistm2mnist"], held["horse2zebra"]) == (
        "",
        "mnist_m and mnist",
        "trainA and trainB",
    )
    assert "dtn, 32 px, datasets with mnist_m and mnist: 40 epochs" in "".join(lines)
    assert all(card["summary"] and card["cost"] and card["data"] and card["side"] for card in cards)


def test_a_preset_with_settings(preset: Path, tmp_path: Path) -> None:
    text = succeeded(gan_tui("presets", preset, "--set", "loss.cycle_a=3", folder=tmp_path))
    assert tomllib.loads(text)["loss"]["cycle_a"] == 3.0


def test_help_and_version(tmp_path: Path) -> None:
    text = succeeded(gan_tui("--help", folder=tmp_path))
    for command in ("train", "attach", "resume", "runs", "ctl", "checkpoints", "presets"):
        assert command in text
        assert "Usage" in succeeded(gan_tui_here(command, "--help", folder=tmp_path))
    assert succeeded(gan_tui("--version", folder=tmp_path)).startswith("gan-tui ")
