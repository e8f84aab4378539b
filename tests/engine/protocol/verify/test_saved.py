"""Checkpoints: each file as it was written, each folder known to the journal, none lost."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import msgspec
import pytest

from engine.protocol import events as ev
from engine.protocol.checkpoints import MANIFEST, read_manifest, replaced_of, set_star
from engine.protocol.codec import encode
from engine.protocol.rundir import Parent, RunDirectory, read_identity, write_identity
from engine.protocol.verify import verify_run
from tests.engine.protocol.verify.damage import edit, findings_of, flip_bit, only_finding, rewrite_manifest, seq_of
from tests.engine.train.here import train_here
from tests.gan_tui.client.locked import locked
from tests.runs import record_of


def folder(run: RunDirectory, step: int = 9) -> Path:
    return run.checkpoints / f"step-{step:08d}"


def copied(run: RunDirectory, name: str, **changes: object) -> Path:
    """Another checkpoint, of the files of step 9."""
    copy = Path(shutil.copytree(folder(run), run.checkpoints / name))
    rewrite_manifest(copy, **changes)
    return copy


def test_every_file_is_read(run: RunDirectory) -> None:
    verdict = verify_run(run)
    sizes = [file.stat().st_size for file in run.checkpoints.glob("*/*") if file.name != MANIFEST]
    assert len(sizes) == 12, "four networks, the training state and a thumbnail each"
    assert (verdict.checkpoints, verdict.bytes_hashed) == (2, sum(sizes))


@pytest.mark.parametrize("name", ["G_A.safetensors", "training.pt"])
def test_one_changed_bit(run: RunDirectory, name: str) -> None:
    flip_bit(folder(run) / name)
    finding = only_finding(run)
    assert (finding.severity, finding.topic) == ("problem", "checkpoints")
    assert finding.subject == "checkpoints/step-00000009"
    assert finding.fact == f"has a damaged file {name} (its SHA-256 differs from the manifest's)"


def test_a_truncated_file(run: RunDirectory) -> None:
    path = folder(run) / "D_B.safetensors"
    size = path.stat().st_size
    os.truncate(path, 100)
    finding = only_finding(run)
    assert finding.subject == "checkpoints/step-00000009"
    assert finding.fact == f"has a truncated file D_B.safetensors (100 of {size:,} bytes)"


def test_a_missing_file_and_what_is_no_file(run: RunDirectory) -> None:
    (folder(run) / "D_B.safetensors").unlink()
    (folder(run) / "D_A.safetensors").unlink()
    (folder(run) / "D_A.safetensors").mkdir()
    assert findings_of(run) == [
        ("problem", "checkpoints/step-00000009", f"lacks its file {name}.safetensors") for name in ("D_A", "D_B")
    ]


@pytest.mark.parametrize(
    "content",
    [None, b"", b"{}", b"\xff", b'{"run": "\xff"}', b"[" * 100_000],
    ids=["gone", "empty", "lacks fields", "no text", "not UTF-8", "nested"],
)
def test_an_unreadable_manifest(run: RunDirectory, content: bytes | None) -> None:
    (folder(run) / MANIFEST).unlink()
    if content is not None:
        (folder(run) / MANIFEST).write_bytes(content)
    finding = only_finding(run)
    assert (finding.severity, finding.subject) == ("problem", "checkpoints/step-00000009")
    assert finding.fact.startswith("has no readable manifest.json (")


def test_a_manifest_of_a_newer_version(run: RunDirectory) -> None:
    rewrite_manifest(folder(run), schema=2)
    assert "it is of version 2 of the format, and this gan-tui reads 1" in only_finding(run).fact


@pytest.mark.parametrize("name", ["/etc/hostname", "../step-00000012/G_A.safetensors", "..", "a\0b"], ids=ascii)
def test_a_manifest_that_names_a_file_outside_its_folder(run: RunDirectory, name: str) -> None:
    stored = read_manifest(folder(run)).files
    rewrite_manifest(folder(run), files={**stored, name: stored["training.pt"]})
    finding = only_finding(run)
    assert (finding.severity, finding.subject) == ("problem", "checkpoints/step-00000009")
    assert finding.fact == "has no readable manifest.json (it names a file outside its folder)"


def test_a_manifest_that_names_a_file_which_cannot_be_one(run: RunDirectory) -> None:
    stored = read_manifest(folder(run)).files
    rewrite_manifest(folder(run), files={**stored, "a" * 300: stored["training.pt"]})
    finding = only_finding(run)
    assert (finding.severity, finding.subject) == ("problem", "checkpoints/step-00000009")
    assert finding.fact == f"has an unreadable file {'a' * 300} (File name too long)"


def test_files_that_the_manifest_does_not_know(run: RunDirectory) -> None:
    set_star(folder(run), True)
    (folder(run) / "notes.txt").write_text("mine")
    finding = only_finding(run)
    assert (finding.severity, finding.subject) == ("remark", "checkpoints/step-00000009/notes.txt")


def test_a_checkpoint_of_another_run_or_step(run: RunDirectory) -> None:
    rewrite_manifest(folder(run), run="somebody")
    assert only_finding(run).fact == "was written by another run, somebody"


def test_a_manifest_whose_step_was_changed(run: RunDirectory) -> None:
    rewrite_manifest(folder(run), step=8)
    finding = only_finding(run)
    assert (finding.severity, finding.subject) == ("problem", "checkpoints/step-00000009")
    assert finding.fact == "is of step 9 by its name and of step 8 by its manifest.json"
    assert finding.fix.startswith("The journal has step 9: the manifest.json was changed. Go on from another")


def test_a_checkpoint_that_was_renamed(run: RunDirectory) -> None:
    folder(run).rename(folder(run, 10))
    finding = verify_run(run).findings[0]
    assert (finding.severity, finding.subject) == ("problem", "checkpoints/step-00000010")
    assert finding.fix == "The journal has step 9: it was renamed. Name it step-00000009 again."


def test_a_checkpoint_that_knows_more_than_the_record(run: RunDirectory) -> None:
    last = record_of(run)[-1].seq
    rewrite_manifest(folder(run), seq=last + 5)
    finding = only_finding(run)
    assert finding.severity == "problem"
    assert finding.fact == f"was copied after event {last + 5}, and the record ends with {last}"


def test_deleting_by_retention_is_journaled_and_no_finding(run: RunDirectory) -> None:
    deleted = {step for event in record_of(run) if isinstance(event, ev.Checkpointed) for step in event.removed}
    assert deleted == {3, 6}
    assert not folder(run, 3).exists()
    assert findings_of(run) == []


def test_a_checkpoint_that_is_gone(run: RunDirectory) -> None:
    shutil.rmtree(folder(run))
    finding = only_finding(run)
    assert (finding.severity, finding.subject) == ("problem", "checkpoints/step-00000009")
    assert finding.fact == "is gone, and no event says that it was deleted"


def test_what_a_branch_adopted_does_not_stand_for_its_own_of_that_step(run: RunDirectory) -> None:
    parent = Parent(run=str(run.root), step=9, id="parent")
    write_identity(run, msgspec.structs.replace(read_identity(run), parent=parent))
    rewrite_manifest(folder(run), run="parent")
    folder(run).rename(run.checkpoints / "abandoned-1-step-00000009")
    checkpoints = [finding for finding in findings_of(run) if finding[1] != "run.json"]
    fact = "is gone, and no event says that it was deleted"
    assert checkpoints == [("problem", "checkpoints/step-00000009", fact)]


def test_all_checkpoints_are_gone(run: RunDirectory) -> None:
    shutil.rmtree(run.checkpoints)
    assert [(severity, subject) for severity, subject, _ in findings_of(run)] == [
        ("problem", "checkpoints/step-00000009"),
        ("problem", "checkpoints/step-00000012"),
    ]


def test_one_set_aside_is_still_there(run: RunDirectory) -> None:
    aside = folder(run).rename(run.checkpoints / "abandoned-1-step-00000009")
    assert findings_of(run) == []
    flip_bit(aside / "G_A.safetensors")
    finding = only_finding(run)
    assert (finding.severity, finding.subject) == ("problem", "checkpoints/abandoned-1-step-00000009")


def test_one_that_an_engine_found_damaged_and_set_aside_is_dealt_with(run: RunDirectory) -> None:
    write_identity(run, msgspec.structs.replace(read_identity(run), state="stopped"))
    flip_bit(folder(run, 12) / "G_A.safetensors")
    run.config.write_text(run.config.read_text().replace("steps = 12", "steps = 13"))
    train_here(run)
    aside = run.checkpoints / "abandoned-1-step-00000012"
    finding = next(each for each in verify_run(run).findings if "damaged" in each.fact)
    assert (finding.severity, finding.subject) == ("remark", f"checkpoints/{aside.name}")
    assert "problem" not in [severity for severity, _, _ in findings_of(run)]
    shutil.rmtree(aside)
    assert "problem" not in [severity for severity, _, _ in findings_of(run)]


def test_so_is_one_whose_manifest_an_engine_could_not_read_once_it_is_gone(run: RunDirectory) -> None:
    write_identity(run, msgspec.structs.replace(read_identity(run), state="stopped"))
    (folder(run, 12) / MANIFEST).write_bytes(b"{")
    run.config.write_text(run.config.read_text().replace("steps = 12", "steps = 11"))
    train_here(run)
    assert "problem" in [severity for severity, _, _ in findings_of(run)], "it is there, and cannot be read"
    shutil.rmtree(folder(run, 12))
    assert "problem" not in [severity for severity, _, _ in findings_of(run)]


def test_damage_that_came_later_is_not(run: RunDirectory) -> None:
    training = next(event for event in record_of(run) if isinstance(event, ev.Training))
    found = ev.Alert(seq=training.seq, step=3, time=0.0, subject="checkpoint step-00000009", fact="", damaged=9)
    replace_line(run, found)
    aside = folder(run).rename(run.checkpoints / "abandoned-1-step-00000009")
    flip_bit(aside / "G_A.safetensors")
    assert only_finding(run).severity == "problem", "that alert was about another, of the same step"


def test_an_alert_about_a_whole_checkpoint_does_not_excuse_its_loss(run: RunDirectory) -> None:
    fact = "holds no random state of cuda: it was written where that device was not to be seen"
    alert = ev.Alert(seq=record_of(run)[-1].seq + 1, step=12, time=0.0, subject="checkpoint step-00000009", fact=fact)
    edit(run.events, lambda lines: lines.append(encode(alert) + b"\n"))
    shutil.rmtree(folder(run))
    assert ("problem", "checkpoints/step-00000009") in [finding[:2] for finding in findings_of(run)]
    replace_line(run, msgspec.structs.replace(alert, damaged=9))
    assert ("remark", "checkpoints/step-00000009") in [finding[:2] for finding in findings_of(run)]


def test_one_written_just_before_a_kill_is_announced_by_no_event(run: RunDirectory) -> None:
    copied(run, "step-00000011", step=11)
    finding = only_finding(run)
    assert (finding.severity, finding.subject) == ("remark", "checkpoints/step-00000011")
    assert finding.fact == "is announced by no event"


def test_those_that_its_writing_made_surplus_may_be_gone_unannounced(run: RunDirectory) -> None:
    copied(run, "step-00000015", step=15, seq=record_of(run)[-1].seq)
    shutil.rmtree(folder(run))
    assert sorted((severity, subject) for severity, subject, _ in findings_of(run)) == [
        ("remark", "checkpoints/step-00000009"),
        ("remark", "checkpoints/step-00000015"),
    ]


def test_so_may_they_where_the_run_was_resumed_from_it(run: RunDirectory) -> None:
    announced = {event.saved_step: event for event in record_of(run) if isinstance(event, ev.Checkpointed)}
    sixth, ninth = announced[6], announced[9]
    assert 3 in ninth.removed
    replace_line(run, msgspec.structs.replace(ninth, removed=()))
    assert only_finding(run).severity == "problem", "nothing explains that step 3 is gone"
    replace_line(run, ev.Alert(seq=sixth.seq, step=sixth.step, time=0.0, subject="a", fact="b"))
    finding = only_finding(run)
    assert (finding.severity, finding.subject) == ("remark", "checkpoints/step-00000003")


def test_an_old_unannounced_one_does_not_excuse_a_newer_loss(run: RunDirectory) -> None:
    copied(run, "step-00000002", step=2, seq=1)
    shutil.rmtree(folder(run))
    assert ("problem", "checkpoints/step-00000009") in [finding[:2] for finding in findings_of(run)]


@pytest.mark.parametrize("name", [".step-00000015.4711.part", ".step-00000003.old"])
def test_leftovers_of_a_killed_engine_are_no_finding_while_another_is_at_work(run: RunDirectory, name: str) -> None:
    shutil.copytree(folder(run), run.checkpoints / name)
    finding = only_finding(run)
    assert (finding.severity, finding.subject) == ("remark", f"checkpoints/{name}")
    with locked(run):
        assert findings_of(run) == []


def test_a_live_engine_may_delete_a_checkpoint_as_soon_as_it_is_listed(run: RunDirectory) -> None:
    shutil.rmtree(folder(run))
    folder(run).symlink_to("nowhere")  # a name that is listed, and under which there is nothing
    with locked(run):
        assert findings_of(run) == []
    assert {finding[0] for finding in findings_of(run)} == {"problem", "remark"}


def test_one_that_a_newer_copy_was_to_replace_is_put_back(run: RunDirectory) -> None:
    waiting = folder(run).rename(replaced_of(folder(run)))
    finding = only_finding(run)
    assert (finding.severity, finding.topic) == ("remark", "checkpoints")
    assert finding.subject == "checkpoints/.step-00000009.replaced"
    assert finding.fix == "The next engine puts it back: gan-tui resume horse"
    with locked(run):
        assert findings_of(run) == []
    flip_bit(waiting / "G_A.safetensors")
    assert [finding[:2] for finding in findings_of(run)] == [
        ("problem", "checkpoints/.step-00000009.replaced"),
        ("remark", "checkpoints/.step-00000009.replaced"),
    ]


def test_one_that_a_newer_copy_has_replaced_is_a_leftover(run: RunDirectory) -> None:
    shutil.copytree(folder(run), replaced_of(folder(run)))
    flip_bit(replaced_of(folder(run)) / "G_A.safetensors")
    finding = only_finding(run)
    assert (finding.severity, finding.topic) == ("remark", "files")
    assert finding.fix == "Nothing to do: the next engine removes it."
    with locked(run):
        assert findings_of(run) == []


@pytest.mark.parametrize(("from_step", "gone"), [(9, False), (6, True)])
def test_a_newer_copy_takes_the_place_of_one_of_its_own_course_alone(
    run: RunDirectory, from_step: int, gone: bool
) -> None:
    events = record_of(run)
    ninth = next(event for event in events if isinstance(event, ev.Checkpointed) and event.saved_step == 9)
    resumed = next(event for event in events if isinstance(event, ev.Resumed) and event.seq > ninth.seq)
    training = next(event for event in events if isinstance(event, ev.Training) and event.seq > resumed.seq)
    replace_line(run, msgspec.structs.replace(resumed, from_step=from_step))
    replace_line(run, msgspec.structs.replace(ninth, seq=training.seq, removed=()))
    fact = "an older copy is gone, and no event says that it was deleted"
    facts = [("problem", "checkpoints/step-00000009", fact)]
    assert findings_of(run) == (facts if gone else [])


def replace_line(run: RunDirectory, event: ev.Event) -> None:
    """Let the journal tell of an event in place of the one with its number."""
    edit(
        run.events,
        lambda lines: lines.__setitem__([seq_of(line) for line in lines].index(event.seq), encode(event) + b"\n"),
    )


def test_a_live_engine_may_not_have_announced_what_it_wrote_and_deleted(run: RunDirectory) -> None:
    copied(run, "step-00000015", step=15, seq=record_of(run)[-1].seq + 3)
    shutil.rmtree(folder(run))
    with locked(run):
        assert findings_of(run) == []


@pytest.mark.parametrize("name", ["step-9", "notes.txt", "abandoned-step-00000009", ".hidden"])
def test_strangers_among_the_checkpoints(run: RunDirectory, name: str) -> None:
    (run.checkpoints / name).mkdir()
    finding = only_finding(run)
    assert (finding.severity, finding.topic, finding.subject) == ("remark", "files", f"checkpoints/{name}")


def test_files_that_checkpoints_share_are_read_once_and_damaged_in_both(run: RunDirectory) -> None:
    alone = verify_run(run).bytes_hashed
    shutil.copytree(folder(run), run.checkpoints / "abandoned-1-step-00000009", copy_function=os.link)
    assert verify_run(run).bytes_hashed == alone
    flip_bit(folder(run) / "G_A.safetensors")
    damaged = [subject for severity, subject, _ in findings_of(run) if severity == "problem"]
    assert damaged == [f"checkpoints/{name}step-00000009" for name in ("abandoned-1-", "")]
