"""Making a replay: a new run that begins as another did and is nudged at the same steps."""

from __future__ import annotations

from pathlib import Path

from engine.config.load import Tree, read_toml, with_settings
from engine.config.sentinels import SentinelConfig
from engine.errors import RequestError, WorkError
from engine.protocol.course import Outline, outline_of, write_nudges
from engine.protocol.imported import is_imported, require_weights
from engine.protocol.record import last_metrics
from engine.protocol.rundir import Replay, RunDirectory, create_run, read_identity, unused_name
from gan_tui.client.prepare import checked

_BY_THE_CLOCK = ("starved", "stuck", "disk", "throttled")


def make_replay(original: RunDirectory, folder: Path, *, name: str | None, steps: int | None) -> RunDirectory:
    """A new run in a folder that is to repeat another's course, to its newest line of metrics or to an earlier step.

    Raises:
        RequestError: it was imported; nothing is recorded up to that step; or the data or the device are not there any
            more.
        WorkError: the record or the new run's directory cannot be read or written.
    """
    identity = read_identity(original)
    require_weights(original)
    if is_imported(identity):
        fix = f"Train on in a branch, and replay that: gan-tui resume {original.name} --branch"
        raise RequestError(f"run {original.name}", "was imported, and another program took its steps", fix)
    course = outline_of(original)
    last_step = _last_step(original, course, steps)
    written = read_toml(original.config)
    tree = with_settings(written, [f"run.steps={last_step}", *_unguarded(written)])
    prepared = checked(identity.preset, tree, {}, origin=str(original.config))
    replay = create_run(
        folder,
        name=unused_name(folder, f"{original.name}-replay") if name is None else name,
        method=prepared.method,
        preset=identity.preset,
        preset_path=identity.preset_path,
        config_toml=prepared.toml,
        parent=identity.parent,
        ranks=identity.ranks,
        threads=identity.threads,
        replays=Replay(run=str(original.root), id=identity.id, last_step=last_step),
    )
    try:
        write_nudges(replay, [nudge for nudge in course.nudges if nudge.at_step <= last_step])
    except OSError as error:
        raise _unwritable(replay, error) from error
    return replay


def step_to_compare(original: RunDirectory, other: RunDirectory, steps: int | None) -> int:
    """The last step up to which two runs are to be compared: as asked for, or as far as the other is a replay, or as
    far as the original has come.

    Raises:
        RequestError: nothing is recorded up to that step, or the two are one run.
        WorkError: as make_replay.
    """
    if original.root == other.root:
        raise RequestError(f"run {original.name}", "is always equal to itself", "Name another run to compare it with.")
    replays = read_identity(other).replays
    if steps is None and replays is not None and replays.id == read_identity(original).id:
        return replays.last_step
    return _last_step(original, outline_of(original), steps)


def has_repeated(replay: RunDirectory, last_step: int) -> bool:
    """Whether a replay has recorded the numbers of the last step that it is to repeat."""
    newest = last_metrics(replay)
    return newest is not None and newest.step >= last_step


def _unguarded(tree: Tree) -> list[str]:
    """Settings by which a replay comes as far as the original did: no sentinel holds it, nor ends it a step earlier or
    later than that. Those that go by the numbers may still tell."""
    told = {name: tree.get("sentinel", {}).get(name, {}).get("action") for name in SentinelConfig.__struct_fields__}
    return [
        f"sentinel.{name}.action={'off' if name in _BY_THE_CLOCK or action == 'off' else 'warn'}"
        for name, action in told.items()
    ]


def _unwritable(replay: RunDirectory, error: OSError) -> WorkError:
    fact = f"cannot be written ({error.strerror})"
    return WorkError(str(replay.root), fact, "Make room, remove it, and try again.")


def _last_step(original: RunDirectory, course: Outline, steps: int | None) -> int:
    if course.last_line == 0:
        fact = "has no line of metrics to compare with"
        raise RequestError(f"run {original.name}", fact, "Replay it when it has trained a while.")
    if steps is None:
        return course.last_line
    if not course.first_line <= steps <= course.last_line:
        fact = f"is outside of what run {original.name} has recorded"
        fix = f"Its lines of metrics go from step {course.first_line:,} to {course.last_line:,}."
        raise RequestError(f"--steps {steps}", fact, fix)
    return steps
