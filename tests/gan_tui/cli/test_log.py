"""gan-tui log: the end of engine.log, followed until the engine has ended."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from tests.end_to_end.terminal import Terminal
from tests.gan_tui.cli.command import COMMAND, gan_tui_here, succeeded
from tests.gan_tui.client.locked import locked
from tests.runs import make_run


def test_the_end_of_the_log_made_harmless(tmp_path: Path) -> None:
    run = make_run(tmp_path / "runs", name="one")
    missing = gan_tui_here("log", "one", folder=tmp_path)
    assert missing.returncode == 1
    assert "engine.log: cannot be read (No such file or directory)" in missing.stderr
    run.log.touch()
    empty = gan_tui_here("log", "one", folder=tmp_path)
    assert succeeded(empty) == ""
    assert "is empty" in empty.stderr
    run.log.write_bytes(b"".join(b"line %d\n" % number for number in range(99)) + b"\x1b[31mlast\x1b[0m")
    assert succeeded(gan_tui_here("log", "one", folder=tmp_path)).splitlines()[0] == "line 50"
    assert succeeded(gan_tui_here("log", "one", "-n", "2", folder=tmp_path)) == "line 98\nlast\n"
    assert succeeded(gan_tui_here("log", "one", "-n", "0", folder=tmp_path)).count("\n") == 100
    assert succeeded(gan_tui_here("log", "one", "-n", "1", "--follow", folder=tmp_path)) == "last\n", "no engine writes"


def test_it_is_followed_until_the_engine_has_ended(tmp_path: Path) -> None:
    run = make_run(tmp_path / "runs", name="one")
    run.log.write_bytes(b"one\nhal")
    command = [*COMMAND, "log", "one", "-f", "--runs-dir", str(tmp_path / "runs")]
    with ExitStack() as engine, ExitStack() as shell:
        engine.enter_context(locked(run))
        terminal = shell.enter_context(Terminal(command, columns=80, rows=24))
        terminal.wait_for("one")
        with run.log.open("ab") as file:
            file.write(b"f and half\nlast wor")
        terminal.wait_for("half and half")
        assert "last" not in terminal.text, "that line may still go on"
        engine.close()
        assert terminal.wait_for_exit() == 0
        assert "last wor" in terminal.text
