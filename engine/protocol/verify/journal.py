"""What a record tells, held against itself: its steps, its end, and the files that it names."""

from __future__ import annotations

from collections import Counter, defaultdict

from engine.protocol import events as ev
from engine.protocol.rundir import Identity
from engine.protocol.verify.findings import Findings
from engine.protocol.verify.gaps import Gaps
from engine.protocol.verify.lines import Line
from engine.protocol.verify.numbers import Numbers, RecordFile
from engine.protocol.verify.pictures import Pictures

ON_COURSE = (
    ev.Metrics, ev.Training, ev.Nudged, ev.Staged, ev.Paused, ev.Continued, ev.Checkpointed, ev.Note, ev.Stopped,
    ev.Finished,
)  # fmt: skip
"""Events whose step is where the loop stood. The others belong to start-up, which counts from 0, or are journaled later
than the step that they are about."""


class Journal:
    """Hears every event in order."""

    def __init__(self, numbers: Numbers, gaps: Gaps, pictures: Pictures, findings: Findings) -> None:
        self._numbers = numbers
        self._gaps = gaps
        self._pictures = pictures
        self._findings = findings
        self._step = 0
        """The highest step of the course so far."""
        self._measured = False
        """Whether there is a line of metrics: before the first, an engine begins anew without a word."""
        self._last: ev.Event | None = None
        """The newest event of the journal."""
        self.checkpoints: defaultdict[int, list[int]] = defaultdict(list)
        """Step to the numbers of the events that announced a checkpoint of it, those deleted later left out."""
        self.replaced: Counter[int] = Counter()
        """How many checkpoints of a step may have given way to a newer copy of it: those of one course."""
        self._on_course: set[int] = set()
        """Steps of the announced checkpoints that no resume has set aside."""
        self.found_damaged: dict[int, int] = {}
        """Step to the number of the newest event that says that its checkpoint was found damaged."""
        self.resumed_unannounced = 0
        """A number before which checkpoints may have been deleted unannounced; 0 for none."""

    def hear(self, file: RecordFile, line: Line) -> None:
        """Take in the next line."""
        event = line.event
        if isinstance(event, ON_COURSE):
            self._check_step(file, line, event.step)
        if event is None or isinstance(event, ev.Metrics):
            self._measured = self._measured or event is not None
            return
        self._last = event
        match event:
            case ev.Started():
                self._numbers.engine_started(event.seq)
                self._step = self._step if self._measured else 0
            case ev.Resumed():
                self._hear_resumed(event)
            case ev.Checkpointed():
                self._hear_checkpointed(event)
            case ev.Sampled():
                self._pictures.named(event.path, f"line {line.number:,} of {file.name}")
            case ev.Alert(damaged=int(step)):
                self.found_damaged[step] = event.seq
            case _:
                pass

    def _check_step(self, file: RecordFile, line: Line, step: int) -> None:
        if step < self._step and self._last is not None:  # else the journal is gone, and said nothing of resumes
            fact = f"line {line.number:,} is of step {step:,}, after step {self._step:,}, and no event says resumed"
            fix = "Curves may show two courses as one; the checkpoints are not concerned."
            self._findings.problem("steps", file.name, fact, fix)
        self._step = step

    def _hear_resumed(self, event: ev.Resumed) -> None:
        """A checkpoint that was taken up unannounced was written in the moment of a crash.

        Its engine may have deleted older ones by then, which no event tells either.
        """
        self._gaps.make_void(event.from_seq, event.seq)
        self._step = event.from_step
        self._on_course = {step for step in self._on_course if step <= event.from_step}
        if not self.checkpoints[event.from_step]:
            self.resumed_unannounced = max(self.resumed_unannounced, event.from_seq)

    def _hear_checkpointed(self, event: ev.Checkpointed) -> None:
        self.checkpoints[event.saved_step].append(event.seq)
        self.replaced[event.saved_step] += event.saved_step in self._on_course
        self._on_course.add(event.saved_step)
        for step in event.removed:
            self._on_course.discard(step)
            if self.checkpoints[step]:
                self.checkpoints[step].pop()

    def check_end(self, identity: Identity) -> None:
        """Hold the end of the journal against run.json; only once the engine is gone."""
        expected = {"finished": ev.Finished, "stopped": ev.Stopped}.get(identity.state)
        if expected is not None and not isinstance(self._last, expected):
            fact = f"does not end with the event {identity.state}, and run.json says that the run is {identity.state}"
            self._findings.problem(
                "lines", "events.jsonl", fact, "Its last lines are lost; resume goes on all the same."
            )
