"""What a terminal would obey is taken out of text, and nothing else."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.protocol import events as ev
from gan_tui.state.journal import journal_entry
from gan_tui.state.plain_text import printable, printable_json
from tests.gan_tui.hostile import HOSTILE, obeyed


@given(st.text())
def test_nothing_is_left_that_a_terminal_obeys(text: str) -> None:
    shown = printable(text)
    assert not obeyed(shown)
    assert len(shown) == len(text), "widths are measured before"


@pytest.mark.parametrize("text", ["", "a b", "naïve 画像 ▀→…", "family 👨‍👩‍👧", "[bold]markup[/bold]", "עברית"])
def test_what_people_write_stays(text: str) -> None:
    assert printable(text) == text


def test_line_breaks_become_blanks_and_other_controls_visible() -> None:
    assert printable("one\ntwo\tthree\r\n") == "one two three  "
    assert printable("\x1b]0;x\x07\x9b31m\u202e") == "�]0;x��31m�"


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"]))
    )
)
def test_json_says_the_same_without_controls(value: dict[str, str]) -> None:
    document = printable_json(json.dumps(value, ensure_ascii=False, indent=2))
    assert json.loads(document) == value
    assert not obeyed(document.replace("\n", ""))


@pytest.mark.parametrize(
    "event",
    [
        ev.Note(seq=1, step=1, time=0.0, text=HOSTILE, by="me"),
        ev.Note(seq=1, step=1, time=0.0, text="x", by=HOSTILE),
        ev.Nudged(seq=1, step=1, time=0.0, changes=(ev.Change(name=HOSTILE, old=1, new=2),), by="me", why=HOSTILE),
        ev.Staged(seq=1, step=1, time=0.0, values={HOSTILE: 1.0}, at_step=5, by=HOSTILE, why=HOSTILE),
        ev.Alert(seq=1, step=1, time=0.0, subject=HOSTILE, fact="f", fix="f"),
        ev.Failed(seq=1, step=1, time=0.0, reason=HOSTILE),
        ev.Started(seq=1, step=1, time=0.0, pid=1, host=HOSTILE),
        ev.Resumed(seq=1, step=1, time=0.0, from_step=1, checkpoint=HOSTILE),
    ],
    ids=lambda event: type(event).__name__,
)  # fmt: skip
def test_the_journal_is_printable(event: ev.Event) -> None:
    entry = journal_entry(event)
    assert entry is not None
    assert not obeyed(entry.text)
    assert "evil" in entry.text or isinstance(event, ev.Note)
