"""The user's taste in a real terminal: file, locale and options, from the process's start to the bytes it writes."""

from __future__ import annotations

from pathlib import Path

import msgspec

from engine.protocol.codec import encode
from tests.end_to_end.terminal import Terminal
from tests.end_to_end.test_session import GAN_TUI
from tests.gan_tui.conftest import make_run
from tests.gan_tui.recorded import Recording


def test_a_terminal_of_the_locale_c_with_keys_of_the_users_own(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    recording = Recording()
    lines = [msgspec.structs.replace(recording.metrics(step), seq=step + 1) for step in range(1, 40)]
    run.metrics.write_bytes(b"".join(encode(line) + b"\n" for line in lines))
    file = tmp_path / "mine.toml"
    file.write_text('[keys]\ndetach = "k"\n')
    environment = {"GAN_TUI_CONFIG": str(file), "LC_ALL": "C", "NO_COLOR": ""}
    command = [*GAN_TUI, "attach", str(run.root), "--theme", "light", "--no-mouse"]
    with Terminal(command, columns=100, rows=30, env=environment) as terminal:
        terminal.wait_for("#= losses", "k leave", "cycle_A")
        assert terminal.text.isascii(), terminal.text
        terminal.press("t")
        terminal.wait_for('To keep it: theme = "colour-blind-dark" under [display] in /')
        terminal.resize(40, 10)
        terminal.wait_for("40 x 10 is too small")
        terminal.resize(60, 15)
        terminal.wait_for("1 Plot", "#= losses")
        assert terminal.text.isascii(), terminal.text
        terminal.press("q", "k")
        assert terminal.wait_for_exit() == 0
        assert terminal.written.isascii()
        assert b"\x1b[?1000h" not in terminal.written, "the mouse is the terminal's"
