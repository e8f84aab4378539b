"""The checkpoints of a run: each file as its manifest has it, each folder known to the journal, none lost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from engine.config.image_files import path_text
from engine.protocol.checkpoints import (
    MANIFEST,
    NOTE,
    STAR,
    Manifest,
    check_files,
    digest,
    folder_name,
    kind_of,
    read_manifest,
)
from engine.protocol.codec import DecodeError
from engine.protocol.rundir import Identity, RunDirectory
from engine.protocol.verify.findings import Findings
from engine.protocol.verify.journal import Journal
from engine.protocol.verify.pictures import list_folder


class SavedStates:
    """A run's folder of checkpoints.

    Args:
        run: whose.
        identity: the run's, where it can be read.
        journal: what the run's record tells.
        alive: whether an engine is at work, which may be writing or deleting some of what is here.
        findings: where what is found goes.
    """

    def __init__(
        self, run: RunDirectory, identity: Identity | None, journal: Journal, *, alive: bool, findings: Findings
    ) -> None:
        self._run = run
        self._identity = identity
        self._journal = journal
        self._alive = alive
        self._findings = findings
        self._digests: dict[tuple[int, int], str] = {}
        """Of files by device and inode: branches and their parents share theirs."""
        self.manifests: dict[Path, Manifest] = {}
        """Those that can be read."""
        self.folders: dict[Path, int] = {}
        """Folders of checkpoints, set aside or yet to be put back among them, and the steps in their names."""
        self.bytes_hashed = 0
        self._list()

    def _list(self) -> None:
        listed = list_folder(self._run.checkpoints)
        for path in listed:
            match kind_of(path.name):
                case ("checkpoint" | "aside", step) if path.is_dir() or self._is_being_removed(path):
                    self.folders[path] = step
                case ("replaced", step) if path.with_name(folder_name(step)) not in listed:
                    self._list_replaced(path, step)
                case ("draft" | "doomed" | "replaced", _):
                    if not self._alive:
                        fact = "is what a killed engine was writing or deleting"
                        self._remark("files", path, fact, "Nothing to do: the next engine removes it.")
                case _:
                    self._remark("files", path, "belongs to nothing here", "Delete it, if it is not yours.")

    def _list_replaced(self, path: Path, step: int) -> None:
        """The only checkpoint of a step: for an instant, before a newer copy takes its name, or since a kill then."""
        self.folders[path] = step
        if not self._alive:
            fact = f"is the checkpoint of step {step:,}: a newer copy was to take its name, and never did"
            self._remark("checkpoints", path, fact, f"The next engine puts it back: gan-tui resume {self._run.name}")

    @property
    def whole(self) -> bool:
        """Whether some checkpoint has a manifest that can be read."""
        return bool(self.manifests)

    # ------------------------------------------------------------------------------------------- manifests and files

    def read_manifests(self, last_seq: float) -> int:
        """Read every manifest and hold it against the run; returns the bytes of all files that they name.

        Args:
            last_seq: the newest number of the record; infinity where that is not known.
        """
        for path, step in self.folders.items():
            try:
                manifest = read_manifest(path)
            except (OSError, DecodeError) as error:
                if not self._is_being_removed(path):
                    self._report_damage(path, f"has no readable {MANIFEST} ({_reason(error)})")
                continue
            self.manifests[path] = manifest
            self._check_manifest(path, step, manifest, last_seq)
        return sum(manifest.size for manifest in self.manifests.values())

    def _check_manifest(self, path: Path, step: int, manifest: Manifest, last_seq: float) -> None:
        if manifest.step != step:
            self._report_step(path, step, manifest)
        if self._is_adopted(manifest):
            return
        if not self._is_own(manifest):
            fix = "Move it out: resume would take it for this run's."
            self._problem(path, f"was written by another run, {manifest.run}", fix)
        elif manifest.seq > last_seq and not self._alive:
            fact = f"was copied after event {manifest.seq:,}, and the record ends with {last_seq:,}"
            self._problem(path, fact, "The record's last lines are lost; the checkpoint itself may be whole.")

    def _report_step(self, path: Path, step: int, manifest: Manifest) -> None:
        """Of a name and a manifest that disagree, the one is right that the journal knows; else nobody can say."""
        fact = f"is of step {step:,} by its name and of step {manifest.step:,} by its {MANIFEST}"
        announced = self._journal.checkpoints
        if announced.get(step):
            fix = f"The journal has step {step:,}: the {MANIFEST} was changed. {self._instead()}"
        elif announced.get(manifest.step):
            fix = f"The journal has step {manifest.step:,}: it was renamed. Name it {folder_name(manifest.step)} again."
        else:
            fix = f"One of the two was changed, and the journal has neither. {self._instead()}"
        self._problem(path, fact, fix)

    def _is_adopted(self, manifest: Manifest) -> bool:
        """Whether it is a branch's own copy of the checkpoint that it grew from.

        Its parent need not have written that: it may have it from its own parent.
        """
        parent = self._identity.parent if self._identity else None
        return parent is not None and manifest.step == parent.step and not self._is_own(manifest)

    def _is_own(self, manifest: Manifest) -> bool:
        return self._identity is None or manifest.run == self._identity.id

    def check_files(self, advance: Callable[[int], None]) -> None:
        """Hash every file; ``advance`` is told the bytes of each when it is done."""
        for path, manifest in self.manifests.items():
            clauses = check_files(path, manifest, self._digest)
            for stored, fact in zip(manifest.files.values(), clauses, strict=True):
                if fact and not self._is_being_removed(path):
                    self._report_damage(path, fact)
                advance(stored.size)
            known = {*manifest.files, MANIFEST, STAR, NOTE}
            for other in list_folder(path):
                if other.name not in known:
                    self._remark("files", other, f"is not in the {MANIFEST}", "Delete it, if it is not yours.")

    def _digest(self, path: Path) -> str:
        """SHA-256 of a file, which is read once under whatever names it has."""
        status = path.stat()
        inode = (status.st_dev, status.st_ino)
        if inode not in self._digests:
            self._digests[inode] = digest(path)
            self.bytes_hashed += status.st_size
        return self._digests[inode]

    def _report_damage(self, path: Path, fact: str) -> None:
        """Damage that an engine has found, and has set the checkpoint aside for, is dealt with."""
        manifest = self.manifests.get(path)
        found = self._journal.found_damaged.get(self.folders[path], 0)
        if kind_of(path.name) == ("aside", self.folders[path]) and found > (manifest.seq if manifest else 0):
            fix = "Nothing to do: the journal tells of it, and an older one was taken up. Delete it, if you like."
            self._remark("checkpoints", path, fact, fix)
        else:
            self._problem(path, fact, self._instead())

    def _is_being_removed(self, folder: Path) -> bool:
        """Whether a live engine has deleted or renamed the folder since it was listed."""
        return self._alive and not folder.exists()

    def _instead(self) -> str:
        return f"Go on from another: gan-tui checkpoints {self._run.name}"

    # ------------------------------------------------------------------------------------------------ and the journal

    def compare_with_journal(self) -> None:
        """Find checkpoints that the journal announced and that are gone, and such as it never announced.

        An engine deletes surplus ones once a new one is complete, and journals both afterwards. Where a kill came in
        between, the new one is there unannounced, or was resumed from, and the older ones are gone without a word.
        """
        present = self._present()
        journal, announced = self._journal, self._journal.checkpoints
        unannounced = [paths[-1] for step, paths in present.items() if len(paths) > len(announced.get(step, ()))]
        own = [path for path in unannounced if path in self.manifests and self._is_own(self.manifests[path])]
        if not self._alive:
            for path in own:
                fix = "Nothing to do: an engine was killed just after writing it. Resume takes it up like any other."
                self._remark("checkpoints", path, "is announced by no event", fix)
        excused = max((self.manifests[path].seq for path in own), default=0)
        excused = max(excused, journal.resumed_unannounced)
        for step, numbers in announced.items():
            if len(numbers) - journal.replaced[step] > len(present.get(step, ())):
                damaged = journal.found_damaged.get(step, 0) > numbers[0]
                self._report_gone(step, surplus=numbers[0] <= excused, damaged=damaged)

    def _present(self) -> dict[int, list[Path]]:
        """The folders of each step, one that a branch adopted left out: its journal does not announce it."""
        present: defaultdict[int, list[Path]] = defaultdict(list)
        for path, step in self.folders.items():
            manifest = self.manifests.get(path)
            if manifest is None or not self._is_adopted(manifest):
                present[step].append(path)
        return present

    def _report_gone(self, step: int, *, surplus: bool, damaged: bool) -> None:
        path = self._run.checkpoints / folder_name(step)
        which = "an older copy is gone" if path in self.folders else "is gone"
        fact = f"{which}, and no event says that it was deleted"
        if damaged:
            self._remark("checkpoints", path, fact, "Nothing to do: an engine had found it damaged.")
        elif not surplus:
            self._problem(path, fact, "Nothing to do if you deleted or moved it; else look for it.")
        elif not self._alive:
            fix = "Nothing to do: it was surplus when an engine was killed, just before it could journal the deletion."
            self._remark("checkpoints", path, fact, fix)

    # ------------------------------------------------------------------------------------------------------ findings

    def _problem(self, path: Path, fact: str, fix: str) -> None:
        self._findings.problem("checkpoints", self._subject(path), fact, fix)

    def _remark(self, topic: Literal["checkpoints", "files"], path: Path, fact: str, fix: str) -> None:
        self._findings.remark(topic, self._subject(path), fact, fix)

    def _subject(self, path: Path) -> str:
        return path_text(path.relative_to(self._run.root))


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
