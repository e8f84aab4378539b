"""Processors, memory and limits, told from the files of a machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.protocol.control_groups import HostMemory
from gan_tui.doctor import limits, memory, processors
from gan_tui.doctor.site import Site
from tests.gan_tui.doctor.sites import by_subject, site

GIB = 2**30
CPU = "processor\t: {}\nmodel name\t: Some CPU\nflags\t\t: fpu {}\n\n"


def cpuinfo(flags: str, number: int = 4) -> dict[str, str]:
    return {"/proc/cpuinfo": "".join(CPU.format(each, flags) for each in range(number))}


def quota(text: str) -> dict[str, str]:
    return {"/proc/self/cgroup": "0::/job\n", "/sys/fs/cgroup/job/cpu.max": text}


def test_processors_with_all_that_is_fast(tmp_path: Path) -> None:
    found = by_subject(processors.examine(site(tmp_path, cpuinfo("avx2 avx512f avx512_bf16 amx_bf16")), cores=4))
    assert {finding.mark for finding in found.values()} == {"ok"}
    assert found["model"].fact == "Some CPU"
    assert found["instructions"].fact == "AVX2, AVX-512, bf16, AMX bf16"
    assert found["cores"].fact == "4 may be used"


def test_processors_that_are_slow_and_shared(tmp_path: Path) -> None:
    found = by_subject(processors.examine(site(tmp_path, cpuinfo("sse2")), cores=2))
    assert (found["instructions"].mark, found["bf16"].mark) == ("note", "note")
    assert found["cores"].fact == "2 of 4 may be used"


@pytest.mark.parametrize(
    ("limit", "mark", "words"),
    [("150000 100000", "note", "the time of 1.5 cores"), ("400000 100000", "ok", "the time of 4 cores")],
)
def test_a_quota_below_the_threads(tmp_path: Path, limit: str, mark: str, words: str) -> None:
    finding = by_subject(processors.examine(site(tmp_path, {**cpuinfo("avx2"), **quota(limit)}), cores=4))["quota"]
    assert finding.mark == mark
    assert words in finding.fact
    assert ("export OMP_NUM_THREADS=2" in finding.fix) == (mark == "note")


def test_no_quota_is_none(tmp_path: Path) -> None:
    assert "quota" not in by_subject(processors.examine(site(tmp_path, quota("max 100000")), cores=4))


@pytest.mark.parametrize(("number", "mark"), [("4", "ok"), ("9", "note"), ("1", "note"), ("", "ok")])
def test_threads_as_the_environment_has_them(tmp_path: Path, number: str, mark: str) -> None:
    found = by_subject(processors.examine(site(tmp_path, OMP_NUM_THREADS=number), cores=4))
    assert found["threads"].mark == mark


def test_threads_that_spin_are_told(tmp_path: Path) -> None:
    assert by_subject(processors.examine(site(tmp_path, OMP_WAIT_POLICY="ACTIVE"), cores=4))["waiting"].mark == "note"
    assert "waiting" not in by_subject(processors.examine(site(tmp_path, OMP_WAIT_POLICY="passive"), cores=4))


def test_memory_and_what_bounds_it(tmp_path: Path) -> None:
    files = {"/proc/meminfo": "MemTotal:       67108864 kB\nSwapTotal:             0 kB\n"}
    found = by_subject(memory.examine(site(tmp_path, files), HostMemory(6 * GIB, 8 * GIB)))
    assert found["memory"].mark == "ok"
    assert found["memory"].fact == "6.4 GB free of 8.6 GB, by a control group; the machine has 68.7 GB"
    assert found["swap"].fact.startswith("none")


def test_memory_that_is_not_enough_is_a_problem(tmp_path: Path) -> None:
    assert by_subject(memory.examine(site(tmp_path), HostMemory(GIB, 64 * GIB)))["memory"].mark == "problem"


LIMITS = """\
Limit                     Soft Limit           Hard Limit           Units
Max cpu time              unlimited            unlimited            seconds
Max file size             unlimited            unlimited            bytes
Max processes             {processes:<20} 96365                processes
Max open files            {files:<20} 20000                files
Max locked memory         8388608              8388608              bytes
Max address space         {space:<20} unlimited            bytes
"""


def said(processes: object = 96365, files: object = 1024, space: object = "unlimited") -> dict[str, str]:
    return {"/proc/self/limits": LIMITS.format(processes=processes, files=files, space=space)}


def test_usual_limits_are_no_matter(tmp_path: Path) -> None:
    found = by_subject(limits.examine(site(tmp_path, said())))
    assert {finding.mark for finding in found.values()} == {"ok"}
    assert found["unlimited"].fact == "processor time, file size, address space"


@pytest.mark.parametrize(
    ("files", "subject", "fix"),
    [
        (said(files=64), "open files", "ulimit -n 20000"),
        (said(processes=100), "processes", "ulimit -u 96365"),
        (said(space=8 * GIB), "address space", "ulimit -v unlimited"),
    ],
)
def test_a_limit_that_is_too_low(tmp_path: Path, files: dict[str, str], subject: str, fix: str) -> None:
    found = by_subject(limits.examine(site(tmp_path, files)))
    assert (found[subject].mark, found[subject].fix) == ("problem", fix)
    assert sum(finding.mark == "problem" for finding in found.values()) == 1


def test_another_system_tells_no_limits(tmp_path: Path) -> None:
    assert list(limits.examine(site(tmp_path))) == []


def test_this_machine_is_told_of() -> None:
    found = {**by_subject(processors.examine(Site())), **by_subject(memory.examine(Site()))}
    assert found["cores"].mark == "ok"
    assert "free of" in found["memory"].fact
