"""A run directory as a whole: ended, live, branched, never begun."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from engine.protocol.access import server_keys
from engine.protocol.checkpoints import list_checkpoints, read_manifest
from engine.protocol.commands import Stop
from engine.protocol.course import write_nudges
from engine.protocol.remarks import Remarks, write_remarks
from engine.protocol.rundir import Parent, Replay, RunDirectory, read_identity, write_identity
from engine.protocol.verify import verify_run
from tests.engine.protocol.verify.damage import findings_of, only_finding, rewrite_manifest, seq_of
from tests.engine.train.here import after_step, train_here
from tests.gan_tui.client.locked import locked
from tests.runs import engine_of, make_run, metrics_of, record_of


def change_identity(run: RunDirectory, **changes: object) -> None:
    write_identity(run, msgspec.structs.replace(read_identity(run), **changes))


def test_a_run_as_it_was_written_has_no_finding(trained: RunDirectory) -> None:
    verdict = verify_run(trained)
    events = record_of(trained)
    assert verdict.findings == ()
    assert (verdict.problems, verdict.remarks, verdict.alive) == (0, 0, False)
    assert verdict.lines == verdict.events == verdict.last_seq == len(events)


def test_verifying_changes_nothing(run: RunDirectory) -> None:
    before = {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in sorted(run.root.rglob("*"))}
    verify_run(run)
    assert {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in sorted(run.root.rglob("*"))} == before


def test_progress_is_told_in_bytes_up_to_the_last(run: RunDirectory) -> None:
    told: dict[str, tuple[int, int]] = {}
    verdict = verify_run(run, lambda what, done, total: told.update({what: (done, total)}))
    assert list(told) == ["reading the record", "hashing checkpoints"]
    assert told["hashing checkpoints"] == (verdict.bytes_hashed, verdict.bytes_hashed)


def test_a_live_run_has_no_finding_whenever_it_is_verified(tmp_path: Path) -> None:
    settings = ("checkpoint.every=2", "checkpoint.keep=1", "checkpoint.keep_best=0", "sample.every=2", "log.every=1")
    run = make_run(tmp_path, *settings)
    with engine_of(run) as engine:
        engine.until_listening()
        verdicts = [verify_run(run)]
        while verdicts[-1].checkpoints == 0 or metrics_of(run)[-1].step < 12:
            assert engine.process.poll() is None, run.log.read_text()
            verdicts.append(verify_run(run))
            assert [*verdicts[-1].findings] == []
    assert all(verdict.alive for verdict in verdicts)


def test_what_an_engine_is_writing_is_no_finding(run: RunDirectory) -> None:
    with run.metrics.open("ab") as file:
        file.write(b'{"kind":"metr')
    (run.root / ".run.json.4711.part").touch()
    with locked(run):
        assert findings_of(run) == []
    assert [(severity, subject) for severity, subject, _ in findings_of(run)] == [
        ("remark", "metrics.jsonl"),
        ("remark", ".run.json.4711.part"),
    ]


def test_a_run_whose_engine_is_gone_without_a_word(run: RunDirectory) -> None:
    change_identity(run, state="training", pid=4711)
    finding = only_finding(run)
    assert (finding.severity, finding.subject) == ("remark", "run.json")
    assert finding.fix == "Go on: gan-tui resume horse"


def test_a_run_that_no_engine_has_begun(tmp_path: Path) -> None:
    assert findings_of(make_run(tmp_path)) == []


@pytest.mark.parametrize("name", ["metrics.jsonl", "events.jsonl"])
def test_a_file_of_the_record_that_is_gone_or_cannot_be_read_is_one_finding(run: RunDirectory, name: str) -> None:
    last = max(seq_of(line) for path in (run.metrics, run.events) if path.name != name for line in lines_in(path))
    lost = sum(seq_of(line) < last for line in lines_in(run.root / name))
    (run.root / name).unlink()
    assert findings_of(run) == [("problem", name, f"is gone, and with it at least {lost} lines")]
    (run.root / name).mkdir()
    assert findings_of(run) == [("problem", name, "cannot be read (Is a directory)")]


def lines_in(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines()


def test_a_record_that_is_gone_is_two(run: RunDirectory) -> None:
    run.metrics.unlink()
    run.events.unlink()
    assert findings_of(run) == [("problem", name, "is gone") for name in ("metrics.jsonl", "events.jsonl")]


def test_a_configuration_of_other_networks_than_were_trained(run: RunDirectory) -> None:
    text = run.config.read_text()
    assert text.count("init_gain = 0.02") == 2
    run.config.write_text(text.replace("init_gain = 0.02", "init_gain = 0.5"))
    assert findings_of(run) == [], "the first weights are long gone"
    run.config.write_text(text.replace("width = 4", "width = 16"))
    assert findings_of(run) == [
        ("problem", "config.toml", f"{section}.width is 16, and checkpoint step-00000009 was trained with 4")
        for section in ("generator", "discriminator")
    ]
    for step in (9, 12):
        rewrite_manifest(run.checkpoints / f"step-{step:08d}", networks={})
    assert findings_of(run) == [], "older checkpoints do not say"


@pytest.mark.parametrize("content", [None, b"", b"{}", b'{"id": "\xff"}'])
def test_an_identity_that_cannot_be_read_does_not_end_the_verifying(run: RunDirectory, content: bytes | None) -> None:
    run.identity.unlink()
    if content is not None:
        run.identity.write_bytes(content)
    (run.checkpoints / "step-00000009" / "training.pt").unlink()
    assert [(severity, subject) for severity, subject, _ in findings_of(run)] == [
        ("problem", "run.json"),
        ("problem", "checkpoints/step-00000009"),
    ]


def test_an_identity_of_a_newer_version(run: RunDirectory) -> None:
    change_identity(run, schema=2)
    finding = only_finding(run)
    assert (finding.severity, finding.subject, finding.fix) == ("problem", "run.json", "Update gan-tui.")


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("[optim]\nlr_q = 1.0\n", "optim.lr_q is not a preset key"),
        ("[optim", "is not valid TOML"),
        (None, "cannot be read (No such file or directory)"),
    ],
)
def test_a_configuration_that_does_not_resolve(run: RunDirectory, text: str | None, fact: str) -> None:
    run.config.unlink()
    if text is not None:
        run.config.write_text(text)
    finding = only_finding(run)
    assert (finding.severity, finding.subject) == ("problem", "config.toml")
    assert finding.fact.startswith(fact)


def test_event_files_for_other_tools_are_no_strangers(run: RunDirectory) -> None:
    run.tensorboard.mkdir()
    assert verify_run(run).findings == ()


def test_what_a_user_has_remarked_is_no_stranger(run: RunDirectory) -> None:
    write_remarks(run, Remarks(starred=True, note="the one to keep"))
    assert verify_run(run).findings == ()


@pytest.mark.parametrize("name", ["notes.txt", "wandb", ".DS_Store", "a\x1b[31m"])
def test_strangers_in_the_run_directory(run: RunDirectory, name: str) -> None:
    (run.root / name).mkdir()
    finding = only_finding(run)
    assert (finding.severity, finding.topic, finding.subject) == ("remark", "files", name)


def test_a_file_where_a_folder_should_be(run: RunDirectory) -> None:
    shutil.rmtree(run.samples)
    run.samples.touch()
    assert ("problem", "samples", "is no folder") in findings_of(run)


# ------------------------------------------------------------------------------------------------------------ lineage


@pytest.fixture
def branch(run: RunDirectory) -> RunDirectory:
    """A branch of the run at step 9 that has done two steps; it holds its own copy of that checkpoint."""
    [seq] = [manifest.seq for _, manifest in list_checkpoints(run) if manifest.step == 9]
    return branch_at_9(run, "branch", seq=seq)


def branch_at_9(parent: RunDirectory, name: str, *, seq: int) -> RunDirectory:
    origin = Parent(run=str(parent.root), step=9, id=read_identity(parent).id, seq=seq)
    made = make_run(parent.root.parent, "run.steps=20", name=name, parent=origin)
    train_here(made, script=after_step(11, Stop()))
    return made


def test_a_branch_has_no_finding_and_neither_does_it_without_its_parent(
    branch: RunDirectory, run: RunDirectory
) -> None:
    assert (branch.checkpoints / "step-00000009").is_dir()
    assert findings_of(branch) == []
    change_identity(run, id="another")
    assert only_finding(branch).fact.endswith("and the run there is another, another")
    shutil.rmtree(run.root)
    finding = only_finding(branch)
    assert (finding.severity, finding.topic) == ("remark", "lineage")
    assert "names its parent" in finding.fact
    assert "is gone or cannot be read" in finding.fact


def test_a_branch_of_a_branch_may_hold_what_its_grandparent_wrote(branch: RunDirectory, run: RunDirectory) -> None:
    twig = branch_at_9(branch, "twig", seq=0)
    adopted = twig.checkpoints / "step-00000009"
    assert read_manifest(adopted).run == read_identity(run).id
    assert findings_of(twig) == []
    rewrite_manifest(twig.checkpoints / "step-00000011", run=read_identity(run).id)
    assert "was written by another run" in findings_of(twig)[0][2], "only what it grew from may be of another run"


def test_a_branch_that_does_not_name_its_parents_id(branch: RunDirectory, run: RunDirectory) -> None:
    parent = read_identity(branch).parent
    assert parent is not None
    change_identity(branch, parent=msgspec.structs.replace(parent, id=""))
    assert findings_of(branch) == []
    shutil.rmtree(run.root)
    assert only_finding(branch).topic == "lineage"


def test_a_parent_is_found_where_their_folder_has_been_moved_to(branch: RunDirectory, run: RunDirectory) -> None:
    moved = run.root.parent.rename(run.root.parent.with_name("elsewhere"))
    assert findings_of(RunDirectory(moved / branch.name)) == []


def test_a_branch_that_has_nothing_of_its_own_cannot_be_begun_without_its_parent(
    branch: RunDirectory, run: RunDirectory
) -> None:
    for path in (branch.checkpoints, branch.samples):
        shutil.rmtree(path, ignore_errors=True)
    branch.metrics.unlink()
    branch.events.unlink()
    change_identity(branch, state="starting", pid=None, versions={})
    assert findings_of(branch) == []
    shutil.rmtree(run.root)
    assert only_finding(branch).severity == "problem"


def test_the_keys_of_a_run_that_listens_are_its_own(run: RunDirectory) -> None:
    server_keys(run)
    run.door.write_text("{}")
    assert findings_of(run) == []


def test_the_changes_that_a_replay_repeats_are_its_own(run: RunDirectory) -> None:
    write_nudges(run, [])
    finding = only_finding(run)
    assert (finding.subject, finding.fact) == ("replay.json", "belongs to nothing here"), "it is no replay"
    change_identity(run, replays=Replay(run=str(run.root), id=read_identity(run).id, last_step=3))
    assert findings_of(run) == []


def test_a_replay_whose_original_is_gone(run: RunDirectory) -> None:
    change_identity(run, replays=Replay(run=str(run.root.parent / "gone"), id="x", last_step=3))
    finding = only_finding(run)
    assert (finding.severity, finding.topic) == ("remark", "lineage")
    assert "names its original" in finding.fact
