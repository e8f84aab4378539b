"""The host has no more to give than its control groups let a process take."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from engine.data.free_memory import free_host_memory

MEGABYTE = 10**6
GROUPS_2 = ("memory.max", "memory.current", "inactive_file")
GROUPS_1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")


def group(folder: Path, names: tuple[str, str, str], limit: object, used: int = 0, reclaimable: int = 0) -> None:
    """A control group as the kernel shows it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / names[0]).write_text(f"{limit}\n")
    (folder / names[1]).write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 1\n{names[2]} {reclaimable}\n")


def free(tmp_path: Path, own: str) -> int:
    (tmp_path / "own").write_text(own)
    return free_host_memory(tmp_path / "cgroup", tmp_path / "own")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty hierarchy."""
    (tmp_path / "cgroup").mkdir()
    return tmp_path / "cgroup"


def test_a_process_in_no_group_has_what_the_machine_has(tmp_path: Path, root: Path) -> None:
    available = psutil.virtual_memory().available
    assert free(tmp_path, "0::/\n") == pytest.approx(available, rel=0.2)
    assert free_host_memory(root, tmp_path / "absent") == pytest.approx(available, rel=0.2)


def test_the_limit_of_its_group_leaves_what_is_not_used_or_can_be_reclaimed(tmp_path: Path, root: Path) -> None:
    group(root / "job", GROUPS_2, 9 * MEGABYTE, 5 * MEGABYTE, 2 * MEGABYTE)
    assert free(tmp_path, "0::/job\n") == 6 * MEGABYTE


def test_the_tightest_of_the_groups_around_it_counts(tmp_path: Path, root: Path) -> None:
    group(root / "slice" / "job", GROUPS_2, "max")
    group(root / "slice", GROUPS_2, 7 * MEGABYTE, 3 * MEGABYTE)
    assert free(tmp_path, "0::/slice/job\n") == 4 * MEGABYTE


def test_a_container_that_sees_its_own_group_as_the_top(tmp_path: Path, root: Path) -> None:
    group(root, GROUPS_2, 8 * MEGABYTE, 3 * MEGABYTE)
    assert free(tmp_path, "0::/\n") == 5 * MEGABYTE
    assert free(tmp_path, "0::/a/name/outside\n") == 5 * MEGABYTE


def test_groups_of_the_first_version(tmp_path: Path, root: Path) -> None:
    group(root / "memory" / "job", GROUPS_1, 6 * MEGABYTE, 2 * MEGABYTE)
    assert free(tmp_path, "9:cpu,cpuacct:/job\n4:memory:/job\n") == 4 * MEGABYTE


def test_a_group_that_takes_more_than_it_may_has_nothing_left(tmp_path: Path, root: Path) -> None:
    group(root / "job", GROUPS_2, 2 * MEGABYTE, 3 * MEGABYTE)
    assert free(tmp_path, "0::/job\n") == 0
