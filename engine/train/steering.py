"""Carrying out commands at a step boundary, in the order they came, each with an answer."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import Literal, assert_never

from engine.errors import GanTuiError, RequestError
from engine.link import Envelope
from engine.protocol import commands as cmd
from engine.protocol import events as ev
from engine.train.replay import take_repeats
from engine.train.reporting import enter, finish_line, refresh_report, tick
from engine.train.saving import finish_saves, save, settle_saves
from engine.train.session import Session
from engine.train.showing import settle_sheets, take_sample

SETTLE_SECONDS = 0.5
"""How often a paused loop looks whether a checkpoint has reached the disk."""
REPLIES_KEPT = 1000
"""Answers that are given again when their request comes again."""


class Steering:
    """What users have asked of the loop, beyond what each answer settles."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._paused_by: str | None = None
        self.stop: cmd.Stop | None = None
        self.stopped_by = ""
        self._replies: OrderedDict[tuple[str, str], cmd.Reply] = OrderedDict()
        """The newest answers, by sender's name and request id."""

    @property
    def must_end(self) -> bool:
        """Whether the loop is to end at this boundary."""
        if self.stop is None:
            return False
        at_epoch_end = self._session.progress.index == 0 and self._session.progress.step > 0
        return self.stop.how != "epoch" or at_epoch_end

    def obey(self) -> bool:
        """Make staged changes, carry out the commands that wait, hold while paused; False when the loop is to end."""
        session = self._session
        self._settle()
        if session.hold:
            finish_line(session)  # a line that is not finite is told of before the run is held, not after
            self._pause(session.hold)
            session.hold = ""
        self._end_if_found()
        for repeated in take_repeats(session):  # as they were made, be it that an undo moved what no longer acts
            self._make_staged(repeated)
        for staged in session.panel.take_due(session.progress.step):
            self._make_staged(staged, only_acting=True)
        self._answer(session.link.mailbox.take())
        while self._paused_by is not None and not self.must_end:
            begun = time.monotonic()
            session.steps.turn_to("held")
            session.followers.require_whole()
            self._answer(session.link.mailbox.wait(SETTLE_SECONDS))
            self._settle()
            tick(session)
            self._end_if_found()
            session.pace.held += time.monotonic() - begun
            session.steps.turn_to("other")
        refresh_report(session)
        return not self.must_end

    def _settle(self) -> None:
        settle_saves(self._session)
        settle_sheets(self._session)
        for holder, before in self._session.link.holding.take_news():
            stamp = self._session.stamp()
            self._session.record.write(ev.TakenOver(**stamp, by=holder.by, where=holder.where, before=before.words))

    def _answer(self, envelopes: list[Envelope]) -> None:
        if envelopes:
            finish_line(self._session)  # what was trained before is looked at before anything is asked of it
        for envelope in envelopes:
            key = (envelope.request.by, envelope.request.id)
            reply = self._replies.get(key) or self._reply_to(envelope.request)
            if envelope.request.id:
                self._replies[key] = reply
            if len(self._replies) > REPLIES_KEPT:
                self._replies.popitem(last=False)
            refresh_report(self._session)
            self._session.link.reply(envelope, reply)

    def _reply_to(self, request: cmd.Request) -> cmd.Reply:
        step = self._session.progress.step
        try:
            message = self._carry_out(request.command, request.by)
            return cmd.Reply(version=cmd.SCHEMA_VERSION, id=request.id, step=step, message=message)
        except GanTuiError as error:
            refusal = cmd.Refusal(subject=error.subject, fact=error.fact, fix=error.fix)
            return cmd.Reply(version=cmd.SCHEMA_VERSION, id=request.id, step=step, refusal=refusal)

    def _carry_out(self, command: cmd.Command, by: str) -> str:
        """Do what is asked; returns what was done, in words."""
        match command:
            case cmd.Status() | cmd.Hold() | cmd.Release():
                raise AssertionError("the link answers it")
            case cmd.Pause():
                return self._pause(by)
            case cmd.Continue():
                return self._continue(by)
            case cmd.SaveCheckpoint():
                return self._save()
            case cmd.TakeSample():
                if not take_sample(self._session):
                    raise RequestError("the sample", "before this one is still being written", "Ask again in a moment.")
                return f"sample of step {self._session.progress.step:,} taken"
            case cmd.SetControls():
                return self._set(command, by)
            case cmd.Undo():
                return self._undo(command, by)
            case cmd.WriteNote():
                return self._note(command.text, by)
            case cmd.Stop():
                return self._stop(command, by)
            case _:
                assert_never(command)

    # ---------------------------------------------------------------------------------------------- the step loop

    def _pause(self, by: str) -> str:
        if self._paused_by is not None:
            return f"paused already, by {self._paused_by}"
        self._paused_by = by
        self._session.record.write(ev.Paused(**self._session.stamp(), by=by))
        enter(self._session, "paused")
        return f"paused after step {self._session.progress.step:,}"

    def _continue(self, by: str) -> str:
        if self._paused_by is None:
            return "not paused"
        self._paused_by = None
        self._session.record.write(ev.Continued(**self._session.stamp(), by=by))
        enter(self._session, "stopping" if self.stop else "training" if self._session.begun else "starting")
        return f"goes on with step {self._session.progress.step + 1:,}"

    def _stop(self, command: cmd.Stop, by: str) -> str:
        if command.how == "save" and not self._session.link.interrupted_by:  # a signal leaves no time to make room
            self._save_first()
        if command.how == "epoch" and self._paused_by is not None:
            self._continue(by)  # or the epoch would never end
        self.stop, self.stopped_by = command, by
        enter(self._session, "stopping")
        how: dict[Literal["epoch", "save", "discard"], str] = {
            "epoch": f"stops after epoch {self._session.epoch}{self._doubt}",
            "save": f"saves step {self._session.progress.step:,} and stops",
            "discard": f"stops at step {self._session.progress.step:,} without saving",
        }
        return how[command.how]

    def _end_if_found(self) -> None:
        """Save and end where a sentinel asks for it; a user's stop goes before, and so does a save that needs room."""
        by, self._session.ending = self._session.ending, ""
        if not by or self.stop is not None:
            return
        try:
            self._stop(cmd.Stop(how="save"), by)
        except RequestError as error:
            self._session.alert(error.subject, error.fact, error.fix)
            self._pause(by)

    def _save(self) -> str:
        session = self._session
        if session.saved_step == session.progress.step:
            return f"step {session.saved_step:,} is {'being saved' if session.saves.busy else 'saved already'}"
        if session.saves.busy:
            raise RequestError("checkpoint", "is still being written", "Ask again when it is done.")
        save(session, "request")
        return f"step {session.progress.step:,} is being saved{self._doubt}"

    def _save_first(self) -> None:
        """A stop that could not save would lose steps: a user can make room first, and training goes on until then.

        Raises:
            RequestError: the state cannot be written.
        """
        session = self._session
        finish_saves(session)
        if session.saved_step != session.progress.step:
            save(session, "stop")
            finish_saves(session)
        failed = session.unsaved.error if session.unsaved else None
        if session.saved_step != session.progress.step and isinstance(failed, OSError):  # others no room would mend
            fact = f"is not obeyed, for step {session.progress.step:,} cannot be saved ({session.save_failure})"
            fix = f"Make room and ask again, or lose it: gan-tui ctl {session.run.name} stop --discard"
            raise RequestError("stop", fact, fix)

    @property
    def _doubt(self) -> str:
        """What is known to stand against a checkpoint, to be said with the promise of one."""
        record, failure = self._session.record, self._session.save_failure
        if record.trouble is not None:
            lines = f"{record.waiting:,} lines of the record wait for the disk ({record.trouble.strerror})"
            return f", but no checkpoint can be written while {lines}"
        return f", but the last save failed ({failure})" if failure else ""

    # --------------------------------------------------------------------------------------------------- controls

    def _set(self, command: cmd.SetControls, by: str) -> str:
        session = self._session
        values = session.panel.check(command.values)
        _check_reason(command.why)
        _require_acting(session, values)
        step = session.progress.step
        if command.at_step is None or command.at_step == step:
            return self._change(values, by=by, why=command.why)
        if not step < command.at_step < session.total_steps:
            fact = f"is not ahead: {step:,} of {session.total_steps:,} steps are done"
            if command.at_step > step:
                fact = f"leaves no step to train with it: the run ends with step {session.total_steps:,}"
            raise RequestError(f"step {command.at_step:,}", fact, "Name a step between, or none.")
        if len(session.panel.staged) >= cmd.MAX_STAGED:
            raise RequestError("set", f"finds {cmd.MAX_STAGED} changes staged already", "Wait until some are made.")
        session.saved_step = -1
        session.panel.stage(ev.StagedChange(at_step=command.at_step, values=values, by=by, why=command.why))
        staged = ev.Staged(**session.stamp(), values=values, at_step=command.at_step, by=by, why=command.why)
        session.record.write(staged)
        return f"staged for step {command.at_step:,}"

    def _make_staged(self, staged: ev.StagedChange, *, only_acting: bool = False) -> None:
        try:
            if only_acting:
                _require_acting(self._session, staged.values)
            self._change(staged.values, by=staged.by, why=staged.why)
        except GanTuiError as error:
            self._session.alert(error.subject, error.fact, f"The staged change is dropped. {error.fix}")

    def _change(self, values: dict[str, float], *, by: str, why: str) -> str:
        session = self._session
        changes = session.panel.changes_to(values)
        if not changes:
            return "already so"
        session.prepare(values)
        stamp = session.stamp()
        session.panel.make(changes, stamp["seq"])
        session.record.write(ev.Nudged(**stamp, changes=changes, by=by, why=why))
        session.take_effect({change.name: change.new for change in changes})
        return _in_words(changes, session.progress.step)

    def _undo(self, command: cmd.Undo, by: str) -> str:
        session = self._session
        why = command.why
        _check_reason(why)
        undone, changes = session.panel.reversal()
        if command.of is not None and command.of != undone:
            fix = "Look at what is newest now, then undo that."
            raise RequestError("undo", "takes nothing back: the nudge that was meant is not the newest any more", fix)
        session.prepare({change.name: change.new for change in changes})
        session.panel.unmake(changes)
        session.take_effect({change.name: change.new for change in changes})
        session.record.write(ev.Nudged(**session.stamp(), changes=changes, by=by, why=why, undoes=undone))
        return _in_words(changes, session.progress.step)

    def _note(self, text: str, by: str) -> str:
        words = text.strip()
        if not words or len(words) > cmd.MAX_TEXT:
            fact = "is too long" if words else "is empty"
            raise RequestError("note", fact, f"Write up to {cmd.MAX_TEXT:,} letters.")
        self._session.record.write(ev.Note(**self._session.stamp(), text=words, by=by))
        return "noted"


def _require_acting(session: Session, values: dict[str, float]) -> None:
    """Refuse to move what moves nothing.

    Raises:
        RequestError: a control that is to have another value does nothing any more.
    """
    for name, reason in session.method.idle_controls.items():
        if name in values and values[name] != session.panel.values[name]:
            raise RequestError(name, reason, "Leave it; it would change nothing.")


def _check_reason(why: str) -> None:
    if len(why) > cmd.MAX_TEXT:
        raise RequestError("the reason", "is too long", f"Write up to {cmd.MAX_TEXT:,} letters.")


def _in_words(changes: tuple[ev.Change, ...], step: int) -> str:
    moves = ", ".join(f"{change.name} {change.old:g} -> {change.new:g}" for change in changes)
    return f"{moves} after step {step:,}"
