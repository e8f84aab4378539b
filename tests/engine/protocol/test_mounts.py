"""What the kernel's list of mounts says of the file system that a folder lies on."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.protocol.mounts import carries_locks

LIST = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
23 22 0:50 / /mnt/box rw,nosuid - fuse.sshfs me@box:/home rw,user_id=1000
24 22 0:51 / /mnt/nfs rw,relatime shared:2 - nfs4 filer:/runs rw,vers=4.2,hard,proto=tcp,local_lock=none,addr=10.0.0.1
25 22 0:52 / /mnt/alone rw,relatime - nfs4 filer:/runs rw,vers=4.0,local_lock=all,addr=10.0.0.1
26 22 0:53 / /mnt/old rw,relatime - nfs filer:/runs rw,vers=3,nolock,local_lock=none
27 24 0:54 / /mnt/nfs/fast rw - xfs /dev/sdb1 rw
28 22 0:55 / /mnt/two\\040words rw - fuse.sshfs me@box:/ rw
29 22 0:56 / /mnt/twice rw - fuse.sshfs me@box:/ rw
30 29 0:57 / /mnt/twice rw - tmpfs  rw,size=1k
"""


@pytest.fixture
def mounts(tmp_path: Path) -> Path:
    path = tmp_path / "mountinfo"
    path.write_text(LIST)
    return path


@pytest.mark.parametrize(
    ("folder", "seen"),
    [
        ("/home/me/runs", True), ("/mnt/box/runs", False), ("/mnt/boxes", True), ("/mnt/nfs", True),
        ("/mnt/alone/x", False), ("/mnt/old/x", False), ("/mnt/nfs/fast/x", True), ("/mnt/two words/x", False),
        ("/mnt/twice/x", True),
    ],
)  # fmt: skip
def test_it_is_told_by_what_is_mounted_there(mounts: Path, folder: str, seen: bool) -> None:
    assert carries_locks(Path(folder), mounts) is seen


def test_where_there_is_no_list_nothing_is_said(tmp_path: Path) -> None:
    assert not carries_locks(tmp_path, tmp_path / "none")
