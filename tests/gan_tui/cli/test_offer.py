"""What is missing and can be fetched: the Inception network's weights, from a server on the loopback."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest

from engine.config.evaluation_check import check_evaluation
from engine.config.inception_weights import MissingWeightsError, cached_weights
from engine.errors import WorkError
from gan_tui.cli.offer import fetch_weights_or_refuse, offering
from tests.end_to_end.terminal import Terminal
from tests.gan_tui.datasets.sets.conftest import server
from tests.gan_tui.datasets.sets.server import SetServer
from tests.runs import tiny_config

__all__ = ["server"]
BODY = b"weights" * 1000
NAME = f"inception-{hashlib.sha256(BODY).hexdigest()[:8]}.pth"


@pytest.fixture
def missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MissingWeightsError:
    """Of a machine that has none, where nobody sits at a terminal."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return MissingWeightsError(tmp_path / "torch" / NAME)


def test_weights_are_fetched_whole(server: SetServer, missing: MissingWeightsError) -> None:
    server.offer(NAME, BODY)
    fetch_weights_or_refuse(missing, asked=True, url=server.url(NAME))
    assert missing.path.read_bytes() == BODY
    assert [path.name for path in missing.path.parent.iterdir() if path.is_file()] == [NAME]


def test_a_mirror_is_tried_first(
    server: SetServer, missing: MissingWeightsError, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.offer(f"mirror/{NAME}", BODY)
    monkeypatch.setenv("GAN_TUI_DATA_MIRROR", server.url("mirror"))
    fetch_weights_or_refuse(missing, asked=True, url=server.url(NAME))
    assert [asked.path for asked in server.asked] == [f"mirror/{NAME}"]


def test_what_is_not_the_file_does_not_take_its_place(server: SetServer, missing: MissingWeightsError) -> None:
    server.offer(NAME, BODY[::-1])
    with pytest.raises(WorkError, match=r"has the SHA-256 .* or fetch the file elsewhere, and name it with --fid-weig"):
        fetch_weights_or_refuse(missing, asked=True, url=server.url(NAME))
    assert not missing.path.exists()


def test_without_a_terminal_nobody_is_asked(server: SetServer, missing: MissingWeightsError) -> None:
    with pytest.raises(MissingWeightsError) as refused:
        fetch_weights_or_refuse(missing, url=server.url(NAME))
    assert refused.value is missing
    assert server.asked == []


AT_A_TERMINAL = """
import sys
from pathlib import Path
from engine.config.inception_weights import MissingWeightsError
from gan_tui.cli.offer import fetch_weights_or_refuse
try:
    fetch_weights_or_refuse(MissingWeightsError(Path(sys.argv[1])), url=sys.argv[2])
except MissingWeightsError:
    print("refused")
"""


@pytest.mark.parametrize("answer", ["y", "n", ""])
def test_somebody_at_a_terminal_is_asked(server: SetServer, missing: MissingWeightsError, answer: str) -> None:
    server.offer(NAME, BODY)
    with Terminal([sys.executable, "-c", AT_A_TERMINAL, str(missing.path), server.url(NAME)]) as terminal:
        terminal.wait_for("for fid and kid, are not here (91 MB).", "Fetch them into", "[y/N]")
        terminal.press(f"{answer}\r")
        terminal.wait_for("weights are here" if answer == "y" else "refused")
    assert missing.path.exists() is (answer == "y")
    assert len(server.asked) == (answer == "y")


def test_a_run_that_measures_itself_without_weights_is_refused_with_the_command_that_fetches_them(
    missing: MissingWeightsError,
) -> None:
    config = tiny_config("evaluation.every=5", 'evaluation.figures=["fid"]')
    with pytest.raises(MissingWeightsError) as refused:
        offering(lambda: check_evaluation(config))
    assert f"curl -fL --create-dirs -o {cached_weights()} https://" in refused.value.one_line()
