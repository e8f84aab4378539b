"""Batch jobs and containers, by what they leave in a process's environment and files."""

from __future__ import annotations

from pathlib import Path

import pytest

from gan_tui.doctor.allocation import examine
from tests.gan_tui.doctor.sites import by_subject, site


def test_outside_of_both_nothing_takes_engines_along(tmp_path: Path) -> None:
    assert by_subject(examine(site(tmp_path, {"/proc/1/comm": "systemd\n"}), 0.0))["surroundings"].mark == "ok"


def test_a_batch_job_is_told_with_its_end(tmp_path: Path) -> None:
    finding = by_subject(examine(site(tmp_path, SLURM_JOB_ID="17", SLURM_JOB_END_TIME="12000"), 0.0))["batch job"]
    assert finding.mark == "note"
    assert finding.fact.startswith("SLURM job 17, which ends in 3h 20m: ")
    assert "--signal=B:TERM@120" in finding.fix


@pytest.mark.parametrize(("variable", "system"), [("PBS_JOBID", "PBS"), ("LSB_JOBID", "LSF")])
def test_other_batch_systems_are_known_by_their_variable(tmp_path: Path, variable: str, system: str) -> None:
    finding = by_subject(examine(site(tmp_path, **{variable: "9"}), 0.0))["batch job"]
    assert finding.fact.startswith(f"{system} job 9: ")


def test_a_shell_that_was_adopted_by_a_job_is_known_by_its_control_group(tmp_path: Path) -> None:
    files = {"/proc/self/cgroup": "0::/system.slice/slurmstepd.scope/job_42/step_extern/user\n"}
    assert "SLURM job 42" in by_subject(examine(site(tmp_path, files), 0.0))["batch job"].fact


@pytest.mark.parametrize(
    ("first", "mark"), [("tini", "ok"), ("docker-init", "ok"), ("bash", "note"), ("python3", "note")]
)
def test_a_containers_first_process_is_looked_at(tmp_path: Path, first: str, mark: str) -> None:
    files = {"/.dockerenv": "", "/proc/1/comm": f"{first}\n"}
    finding = by_subject(examine(site(tmp_path, files), 0.0))["container"]
    assert finding.mark == mark
    assert f"Its first process is {first}" in finding.fact
    assert bool(finding.fix) == (mark == "note")


def test_other_containers_are_known(tmp_path: Path) -> None:
    assert "Podman" in by_subject(examine(site(tmp_path / "a", {"/run/.containerenv": ""}), 0.0))["container"].fact
    found = by_subject(examine(site(tmp_path / "b", KUBERNETES_SERVICE_HOST="10.0.0.1"), 0.0))
    assert "Kubernetes" in found["container"].fact
