"""Files that were damaged: what can still be read is read, the rest is refused by name, and nothing in them runs."""

from __future__ import annotations

import io
import json
import os
import pickle
import resource
import shutil
import struct
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC
from itertools import takewhile
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.checkpoint import load_checkpoint
from engine.config.load import dump, read_toml
from engine.config.presets import shipped_presets
from engine.errors import GanTuiError, RequestError, WorkError
from engine.methods.build import build_method
from engine.methods.method import Method
from engine.protocol.checkpoints import (
    MANIFEST,
    TRAINING_STATE,
    Manifest,
    StoredFile,
    damage_of,
    digest,
    list_checkpoints,
    read_manifest,
    unreadable_checkpoints,
)
from engine.protocol.codec import DecodeError, decode_event
from engine.protocol.commands import SetControls, Undo, WriteNote
from engine.protocol.events import Event
from engine.protocol.record import RecordReader
from engine.protocol.rundir import RunDirectory, read_identity, viewed_state
from engine.protocol.verify import verify_run
from gan_tui.app import Dashboard
from gan_tui.client.prepare import checked
from gan_tui.state.absorb import absorb
from gan_tui.state.history import History
from gan_tui.state.run_view import RunView
from gan_tui.state.tempo import Tempo
from gan_tui.surroundings import Surroundings, Watched
from tests.engine.train.here import after_step, train_here
from tests.faults.mutations import damaged, damaged_json, steadily
from tests.gan_tui.cli.command import gan_tui, succeeded
from tests.gan_tui.fake_feed import FakeFeed
from tests.runs import make_images, make_run, tiny_config

PRESETS = 2_500
JOURNALS = 2_500
RUNS = 500
"""Damaged run directories that are verified: each is hashed as a whole."""
MANIFESTS = 2_500
DAMAGED_FILES = 1_000
FITTED_FILES = 1_000
"""Damaged files whose size and hash the manifest was made to give."""
IDENTITIES = 4_000
DRAWN = 5
"""Damaged records that a dashboard of each size is opened on."""
BATCH = 100

SEEDS = st.integers(min_value=0, max_value=2**64 - 1)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    """A finished run with a full record and two checkpoints; only to be read."""
    run = make_run(tmp_path_factory.mktemp("runs"), "run.steps=12", "checkpoint.every=6", "sample.every=5")
    commands = (SetControls(values={"loss.cycle_a": 5.0}, why="to see"), WriteNote(text="a remark"))
    train_here(run, *commands, script=after_step(7, SetControls(values={"loss.identity": 0.0}, at_step=9), Undo()))
    return run


# --------------------------------------------------------------------------------------------------------- presets

STRANGE_TOML = (
    "nan", "-inf", "-1", "0", "1e308", "9" * 30, "9" * 5000, "0x" + "f" * 5000, "true", '""', '"\\u0000"',
    '"/dev/zero"',
    '"\\u001B[31m"', "[]", "[[]]", "[" * 2000, "[" * 300 + "]" * 300, "{}", "{a = {b = 1}}", "1979-05-27", "07:32:00",
    "0001-01-01T00:00:00Z", "'''", '"' + "x" * 5000 + '"', "",
)  # fmt: skip


def damaged_toml(random: Random, text: str) -> bytes:
    if random.random() < 0.4:
        return damaged(random, text.encode())
    lines = text.splitlines()
    place = random.randrange(len(lines))
    key = lines[place].partition("=")[0]
    match random.randrange(5):
        case 0:
            lines[place] = f"{key} = {random.choice(STRANGE_TOML)}"
        case 1:
            lines.insert(place, random.choice(lines))
        case 2:
            del lines[place]
        case 3:
            name = random.choice(("x", "kind", "a.b.c", '""', "__class__"))
            lines.insert(place, f"{name} = {random.choice(STRANGE_TOML)}")
        case 4:
            lines.insert(place, random.choice(("[method]", "[data.x]", "[[optim]]", "[" + "a." * 500 + "a]", "[]")))
    return "\n".join(lines).encode()


def test_a_damaged_preset_is_resolved_or_refused_by_name(tmp_path: Path) -> None:
    images = make_images(tmp_path / "images")
    shipped = [path.read_text(encoding="utf-8") for path in shipped_presets().values()]
    whole = [dump(tiny_config()), *(text.replace("datasets/horse2zebra", str(images)) for text in shipped)]
    path = tmp_path / "preset.toml"
    tried = refused = 0

    @steadily(PRESETS // BATCH)
    @given(SEEDS)
    def batch(seed: int) -> None:
        nonlocal tried, refused
        random = Random(seed)
        for _ in range(BATCH):
            path.write_bytes(damaged_toml(random, random.choice(whole)))
            tried += 1
            try:
                checked("preset", read_toml(path), {}, origin=str(path))
            except RequestError as error:
                refused += 1
                assert error.subject, path.read_bytes()
                assert error.fact, path.read_bytes()

    batch()
    assert tried >= PRESETS
    assert tried // 4 < refused < tried, "some damage is harmless, and most is not"


# ---------------------------------------------------------------------------------------------------------- records


def rendered(run: RunDirectory, *, sparse: bool = False) -> tuple[list[Event], RunView]:
    """What a viewer makes of a record."""
    events = list(RecordReader(run, sparse=sparse).read())
    return events, absorb(RunView(name=run.name, method="cyclegan", host=""), History(), events)


def damaged_lines(random: Random, content: bytes) -> bytes:
    """A file of the record with damage to its bytes, or to what one of its lines says."""
    if random.random() < 0.6:
        return damaged(random, content)
    lines = content.splitlines()
    place = random.randrange(len(lines))
    lines[place] = damaged_json(random, json.loads(lines[place]))
    return b"\n".join(lines) + b"\n"


def misnumbered_lines(random: Random, content: bytes) -> bytes:
    """A file of the record in which one to three lines have another number, the first one most often."""
    documents = [json.loads(line) for line in content.splitlines()]
    for _ in range(random.randint(1, 3)):
        document = random.choice((documents[0], random.choice(documents)))
        document["seq"] = random.choice((0, -1, document["seq"] + 1, random.choice(documents)["seq"], 2**31, 2**64))
    return b"".join(json.dumps(document).encode() + b"\n" for document in documents)


def damaged_document(random: Random, content: bytes) -> bytes:
    """A JSON file with damage to its bytes, or to what it says."""
    return damaged(random, content) if random.random() < 0.4 else damaged_json(random, json.loads(content))


def whole_lines_before_damage(before: bytes, after: bytes) -> list[Event]:
    """The events of the lines that come before the first one that differs."""
    pairs = zip(before.split(b"\n")[:-1], after.split(b"\n")[:-1], strict=False)
    return [decode_event(line) for line, _ in takewhile(lambda pair: pair[0] == pair[1], pairs)]


def test_a_damaged_record_is_read_around_its_damage(trained: RunDirectory, tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    whole = {name: (trained.root / name).read_bytes() for name in ("metrics.jsonl", "events.jsonl")}
    tried = 0

    @steadily(JOURNALS // BATCH)
    @given(SEEDS)
    def batch(seed: int) -> None:
        nonlocal tried
        random = Random(seed)
        for _ in range(BATCH):
            contents = dict(whole)
            for name in random.choice((("metrics.jsonl",), ("events.jsonl",), tuple(whole))):
                contents[name] = damaged_lines(random, whole[name])
            for name, content in contents.items():
                (run.root / name).write_bytes(content)
            events, view = rendered(run)
            for name, content in contents.items():
                for event in whole_lines_before_damage(whole[name], content):
                    assert event in events
            assert view.last_seq >= 0
            tried += 1

    batch()
    assert tried >= JOURNALS


@pytest.mark.parametrize("sparse", [False, True])
def test_a_file_of_zeros_costs_no_memory(sparse: bool, trained: RunDirectory, tmp_path: Path) -> None:
    """After a power cut a file may be far longer than what was written to it."""
    whole = trained.events.read_bytes()
    (tmp_path / "events.jsonl").write_bytes(whole)
    with (tmp_path / "metrics.jsonl").open("wb") as file:
        file.truncate(64 << 20)
    tracemalloc.start()
    try:
        events, _ = rendered(RunDirectory(tmp_path), sparse=sparse)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert events == [decode_event(line) for line in whole.splitlines()]
    assert most < 16 << 20


@pytest.mark.parametrize(("size", "seeds"), [((80, 24), range(DRAWN)), ((120, 40), range(DRAWN, 2 * DRAWN))])
async def test_a_dashboard_draws_whatever_can_still_be_decoded(
    size: tuple[int, int], seeds: range, trained: RunDirectory, tmp_path: Path
) -> None:
    lines = [*trained.metrics.read_bytes().splitlines(), *trained.events.read_bytes().splitlines()]
    documents = sorted(map(json.loads, lines), key=lambda document: document["seq"])
    for seed in seeds:
        random = Random(seed)
        events = []
        for document in documents:
            payload = damaged_json(random, document) if random.random() < 0.3 else json.dumps(document).encode()
            try:
                events.append(decode_event(payload))
            except DecodeError:
                continue
        feed = FakeFeed(events[:-1])
        world = Surroundings(zone=UTC, tempo=Tempo(text=0, curves=0), clock=lambda: 1.7e9)
        app = Dashboard(Watched(feed=feed, run=RunDirectory(tmp_path)), world)
        async with app.run_test(size=size) as pilot:
            feed.play(events[-1])
            await pilot.press("1", "x", "y", "2", "3", "4", "up")
            await app.workers.wait_for_complete()
            await pilot.pause()


# ------------------------------------------------------------------------------------------------------- verifying


def test_a_run_damaged_anywhere_is_verified_to_its_end(trained: RunDirectory, tmp_path: Path) -> None:
    """Whatever of its files is damaged, and however; what damage is found in which is told elsewhere."""
    run = RunDirectory(Path(shutil.copytree(trained.root, tmp_path / trained.name)))
    assert verify_run(run).findings == ()
    manifests = sorted(run.checkpoints.glob(f"*/{MANIFEST}"))
    damages: list[tuple[tuple[Path, ...], Callable[[Random, bytes], bytes]]] = [
        ((run.metrics,), damaged_lines),
        ((run.events,), damaged_lines),
        ((run.metrics, run.events), damaged_lines),
        ((run.metrics, run.events), misnumbered_lines),
        ((manifests[0],), damaged_document),
        (tuple(manifests), damaged_document),
        ((run.identity,), damaged_document),
        ((run.config,), lambda random, content: damaged_toml(random, content.decode())),
    ]
    tried = found = 0

    @steadily(RUNS // BATCH)
    @given(SEEDS)
    def batch(seed: int) -> None:
        nonlocal tried, found
        random = Random(seed)
        for _ in range(BATCH):
            paths, damage = random.choice(damages)
            whole = {path: path.read_bytes() for path in paths}
            for path, content in whole.items():
                path.write_bytes(damage(random, content))
            verdict = verify_run(run)
            tried += 1
            found += verdict.problems > 0
            assert msgspec.json.encode(verdict), "a script may ask for it"
            for path, content in whole.items():
                path.write_bytes(content)

    batch()
    assert verify_run(run).findings == ()
    assert tried >= RUNS
    assert found > tried // 2


# ------------------------------------------------------------------------------------------------------ checkpoints


@pytest.fixture(scope="module")
def method() -> Method:
    """What checkpoints are loaded into; nobody minds what is in it."""
    return build_method(tiny_config(), torch.device("cpu"))


@pytest.fixture
def copy(trained: RunDirectory, tmp_path: Path) -> Path:
    """A checkpoint, to be damaged."""
    folder, _ = list_checkpoints(trained)[-1]
    return Path(shutil.copytree(folder, tmp_path / "checkpoints" / folder.name))


def test_a_damaged_manifest_is_no_checkpoint_or_is_judged_by_what_it_says(copy: Path) -> None:
    run = RunDirectory(copy.parents[1])
    whole = (copy / MANIFEST).read_bytes()
    tried = unreadable = unfit = 0

    @steadily(MANIFESTS // BATCH)
    @given(SEEDS)
    def batch(seed: int) -> None:
        nonlocal tried, unreadable, unfit
        random = Random(seed)
        for _ in range(BATCH):
            content = damaged_document(random, whole)
            (copy / MANIFEST).write_bytes(content)
            found = list_checkpoints(run)
            if found:
                [(folder, manifest)] = found
                unfit += damage_of(folder, manifest) != ""
                assert unreadable_checkpoints(run) == []
            else:
                unreadable += 1
                [(folder, why)] = unreadable_checkpoints(run)
                assert MANIFEST in why
            assert folder == copy
            tried += 1

    batch()
    assert tried >= MANIFESTS
    assert unreadable > tried // 4
    assert unfit > 0


def test_every_damaged_file_of_a_checkpoint_is_named(copy: Path) -> None:
    manifest = read_manifest(copy)
    whole = {name: (copy / name).read_bytes() for name in manifest.files}
    tried = 0

    @steadily(DAMAGED_FILES // BATCH)
    @given(SEEDS)
    def batch(seed: int) -> None:
        nonlocal tried
        random = Random(seed)
        for _ in range(BATCH):
            name = random.choice(list(whole))
            (copy / name).write_bytes(damaged(random, whole[name]))
            assert name in damage_of(copy, manifest)
            (copy / name).write_bytes(whole[name])
            tried += 1

    batch()
    assert damage_of(copy, manifest) == ""
    assert tried >= DAMAGED_FILES


def fitted(folder: Path) -> Manifest:
    """A manifest that gives a checkpoint's files as they are: then only their content can tell that they are bad."""
    manifest = read_manifest(folder)
    files = {
        name: StoredFile(sha256=digest(folder / name), size=(folder / name).stat().st_size) for name in manifest.files
    }
    return msgspec.structs.replace(manifest, files=files)


@contextmanager
def little_memory(limit: int) -> Iterator[None]:
    """What happens inside may not make this process grow by more."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10
    assert grown < limit, f"grew by {grown >> 20} MiB"


def test_damage_that_the_hashes_do_not_tell_is_refused_in_words_or_loaded(copy: Path, method: Method) -> None:
    whole = {name: (copy / name).read_bytes() for name in read_manifest(copy).files}
    tried = refused = 0

    @steadily(FITTED_FILES // BATCH)
    @given(SEEDS)
    def batch(seed: int) -> None:
        nonlocal tried, refused
        random = Random(seed)
        for _ in range(BATCH):
            name = random.choice(list(whole))
            (copy / name).write_bytes(_damaged_inside(random, name, whole[name]))
            tried += 1
            try:
                load_checkpoint(copy, fitted(copy), method)
            except WorkError as error:
                refused += 1
                assert copy.name in error.subject
                assert error.fact
            (copy / name).write_bytes(whole[name])

    with little_memory(512 << 20):
        batch()
    assert tried >= FITTED_FILES
    assert refused > tried // 4


def _damaged_inside(random: Random, name: str, content: bytes) -> bytes:
    """Damage anywhere, or where a file says what it holds: the header of safetensors, the pickle in training.pt."""
    if random.random() < 0.3:
        return damaged(random, content)
    if name.endswith(".safetensors"):
        (length,) = struct.unpack("<Q", content[:8])
        header = damaged_json(random, json.loads(content[8 : 8 + length]))
        claimed = random.choice((len(header), len(header), len(header), 0, 2**31, 2**63, 2**64 - 1))
        return struct.pack("<Q", claimed) + header + content[8 + length :]
    if name == TRAINING_STATE:
        return _repacked(content, lambda pickled: damaged(random, pickled))
    return damaged(random, content)


def _repacked(archive: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """A training.pt with another pickle in it."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(result, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            new.writestr(entry.filename, change(content) if entry.filename.endswith("/data.pkl") else content)
    return result.getvalue()


class Payload:
    """Unpickled, it runs a command."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (self.command,)


@pytest.mark.parametrize("form", ["archive", "plain"])
def test_no_code_in_a_checkpoint_is_ever_run(form: str, copy: Path, method: Method, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    payload = Payload(f"touch {witness}")
    os.system(payload.command)
    assert witness.exists(), "the command is to work"
    witness.unlink()
    path = copy / TRAINING_STATE
    if form == "plain":
        path.write_bytes(pickle.dumps(payload))
    else:
        training = torch.load(path, weights_only=True)
        torch.save({**training, "progress": payload}, path)
    with pytest.raises(WorkError) as caught:
        load_checkpoint(copy, fitted(copy), method)
    assert not witness.exists()
    assert "\n" not in caught.value.one_line()


@pytest.mark.parametrize("claimed", [2**31, 2**40, 2**62])
def test_a_header_that_lies_about_its_size_costs_no_memory(claimed: int, copy: Path, method: Method) -> None:
    path = copy / "G_A.safetensors"
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    name = next(name for name in header if name != "__metadata__")
    header[name] = {"dtype": "F32", "shape": [claimed // 4], "data_offsets": [0, claimed]}
    encoded = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(encoded)) + encoded + content[8 + length :])
    with little_memory(64 << 20), pytest.raises(WorkError):
        load_checkpoint(copy, fitted(copy), method)


# --------------------------------------------------------------------------------------------------------- run.json


def test_a_damaged_identity_is_read_or_refused_by_name(trained: RunDirectory, tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    whole = trained.identity.read_bytes()
    tried = refused = 0

    @steadily(IDENTITIES // BATCH)
    @given(SEEDS)
    def batch(seed: int) -> None:
        nonlocal tried, refused
        random = Random(seed)
        for _ in range(BATCH):
            content = damaged_document(random, whole)
            run.identity.write_bytes(content)
            tried += 1
            try:
                viewed_state(run, read_identity(run))
            except GanTuiError as error:
                refused += 1
                assert error.subject == str(run.identity)
                assert error.fact

    batch()
    assert tried >= IDENTITIES
    assert refused > tried // 4


def test_the_other_runs_of_the_folder_are_listed_all_the_same(trained: RunDirectory, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    shutil.copytree(trained.root, runs / "whole")
    whole = trained.identity.read_bytes()
    random = Random(0)
    for number in range(400):
        folder = runs / f"damaged-{number}"
        folder.mkdir()
        content = damaged(random, whole) if number % 2 else damaged_json(random, json.loads(whole))
        (folder / "run.json").write_bytes(content)
    (runs / "folder" / "run.json").mkdir(parents=True)
    (runs / "link").mkdir()
    (runs / "link" / "run.json").symlink_to("run.json")
    rows = {row["name"]: row for row in json.loads(succeeded(gan_tui("runs", "--json", folder=tmp_path)))}
    assert (rows["whole"]["state"], rows["whole"]["step"]) == ("finished", 12)
    assert "whole" in succeeded(gan_tui("runs", folder=tmp_path))
