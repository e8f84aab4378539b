"""The process of a job: messages on stdout and nothing else there, refusals, failures, and being told to end."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import msgspec

from engine.protocol.evaluation import EvaluateJob
from engine.protocol.jobs import Job, Message, Progress, Refused, Remark, decode_message

ANY: Job = EvaluateJob(run="nowhere")
OTHER_WORK = """
import sys
from engine.jobs.__main__ import main
from engine.protocol.jobs import Progress, Remark
def work(job, tell):
    {}
sys.exit(main(work))
"""


def done(program: list[str], job: bytes) -> tuple[int, list[Message], str]:
    """How a process ended with a job on its stdin, what it said, and what it wrote to stderr."""
    finished = subprocess.run([sys.executable, *program], input=job, capture_output=True, timeout=120, check=False)
    return finished.returncode, [*map(decode_message, finished.stdout.splitlines())], finished.stderr.decode()


def doing(body: str) -> list[str]:
    return ["-c", OTHER_WORK.format(body.replace("\n", "\n    "))]


def test_a_wrong_request_is_refused_with_its_three_parts(tmp_path: Path) -> None:
    job = msgspec.json.encode(EvaluateJob(run=str(tmp_path)))
    status, [message], _ = done(["-m", "engine.jobs"], job)
    assert status == 2
    assert message == Refused(
        exit_code=2,
        subject=str(tmp_path),
        fact="is no run directory: it has no config.toml",
        fix="Name a run: gan-tui runs",
    )


def test_what_is_no_job_is_refused() -> None:
    status, [message], _ = done(["-m", "engine.jobs"], b'{"job": "dance"}')
    assert status == 2
    assert isinstance(message, Refused)
    assert "dance" in message.fact


def test_what_a_library_prints_is_no_message() -> None:
    body = 'print("noise")\nimport os; os.write(1, b"more noise\\n")\ntell(Remark(text="x"))\nraise SystemExit(3)'
    status, messages, complaints = done(doing(body), msgspec.json.encode(ANY))
    assert (status, messages) == (3, [Remark(text="x")])
    assert "noise" in complaints
    assert "more noise" in complaints


def test_an_unexpected_error_comes_with_its_traceback() -> None:
    status, [message], _ = done(doing("[][4]"), msgspec.json.encode(ANY))
    assert status == 1
    assert isinstance(message, Refused)
    assert message.fact == "failed by an unexpected IndexError: list index out of range"
    assert "in work" in message.traceback


def test_an_answer_that_cannot_be_told_is_a_failure_with_its_traceback() -> None:
    body = "return Remark(text=chr(0xDC80))"
    status, [message], complaints = done(doing(body), msgspec.json.encode(ANY))
    assert (status, complaints) == (1, "")
    assert isinstance(message, Refused)
    assert "failed by an unexpected UnicodeEncodeError" in message.fact
    assert "Traceback" in message.traceback


def test_a_refusal_that_names_what_is_no_text_is_told() -> None:
    body = "from engine.errors import RequestError\nraise RequestError(chr(0xDC80), 'is no text')"
    status, messages, complaints = done(doing(body), msgspec.json.encode(ANY))
    assert (status, complaints) == (2, "")
    assert messages == [Refused(exit_code=2, subject="\\udc80", fact="is no text", fix="")]


def test_whoever_asked_may_go_away() -> None:
    """The messages have nobody to go to: the work ends."""
    body = 'for n in range(10**9): tell(Progress(what="counting", done=n, total=0))'
    with subprocess.Popen(
        [sys.executable, *doing(body)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(msgspec.json.encode(ANY))
        process.stdin.close()
        assert decode_message(process.stdout.readline()) == Progress(what="counting", done=0, total=0)
        process.stdout.close()
        assert process.wait(60) == 1
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_who_is_told_to_end_takes_back_what_is_half_done(tmp_path: Path) -> None:
    """By SIGTERM, and by SIGINT on top of it."""
    draft = tmp_path / "draft"
    body = (
        f"from pathlib import Path; draft = Path({str(draft)!r})\n"
        'try:\n    draft.touch(); tell(Remark(text="begun"))\n    while True: pass\n'
        'finally:\n    tell(Remark(text="ending")); sys.stdin.buffer.read(); draft.unlink()'
    )
    with subprocess.Popen(
        [sys.executable, *doing(body)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(msgspec.json.encode(ANY))
        process.stdin.close()
        process.stdout.readline()
        assert draft.exists()
        process.send_signal(signal.SIGTERM)
        assert decode_message(process.stdout.readline()) == Remark(text="ending")
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    assert not draft.exists()
