"""Files of weights: of all ages, damaged, and made to do harm."""

from __future__ import annotations

import io
import os
import pickle
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.errors import RequestError
from engine.exchange.importing.pickled import read_weights, tidied

STATE = {"model.1.weight": torch.arange(12.0).reshape(3, 4), "model.1.bias": torch.ones(3)}


class Bomb:
    """Makes a folder when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.mark),)


def equal(found: dict[str, torch.Tensor]) -> bool:
    return found.keys() == STATE.keys() and all(torch.equal(found[key], STATE[key]) for key in STATE)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "before 1.6"])
def test_a_state_dict_of_any_age(tmp_path: Path, zipped: bool) -> None:
    path = tmp_path / "latest_net_G.pth"
    torch.save(STATE, path, _use_new_zipfile_serialization=zipped)
    assert equal(read_weights(path))


def test_a_link_to_a_file_is_followed(tmp_path: Path) -> None:
    torch.save(STATE, tmp_path / "there.pth")
    (tmp_path / "here.pth").symlink_to(tmp_path / "there.pth")
    assert equal(read_weights(tmp_path / "here.pth"))


def refusal(path: Path) -> str:
    with pytest.raises(RequestError) as refused:
        read_weights(path)
    assert refused.value.subject == str(path)
    return refused.value.fact


@pytest.mark.parametrize("form", ["zip", "before 1.6", "bare pickle", "newer pickle"])
def test_a_file_that_would_run_code_is_refused_and_runs_none(tmp_path: Path, form: str) -> None:
    mark, path = tmp_path / "mark", tmp_path / "bomb.pth"
    if form.endswith("pickle"):
        path.write_bytes(pickle.dumps(Bomb(mark), protocol=2 if form == "bare pickle" else 5))
    else:
        torch.save({"model.1.weight": Bomb(mark)}, path, _use_new_zipfile_serialization=form == "zip")
    assert "to load it could run code, and it was not loaded" in refusal(path)
    assert not mark.exists()
    if form != "newer pickle":  # it is a bomb: who loads all that there may be sets it off
        with pytest.raises(Exception, match=""):
            torch.load(path, weights_only=False)["absent"]
        assert mark.exists()


def test_a_whole_module_is_refused(tmp_path: Path) -> None:
    torch.save(torch.nn.Conv2d(1, 1, 1), tmp_path / "module.pth")
    assert "to load it could run code" in refusal(tmp_path / "module.pth")


def test_pytorchs_oldest_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tar.pth"
    with tarfile.open(path, "w") as archive:
        for name in ("sys_info", "pickle", "storages", "tensors"):
            entry = tarfile.TarInfo(name)
            entry.size = 3
            archive.addfile(entry, io.BytesIO(b"abc"))
    assert "oldest format" in refusal(path)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "before 1.6"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.97])
def test_a_file_that_was_cut_is_refused(tmp_path: Path, zipped: bool, share: float) -> None:
    path = tmp_path / "cut.pth"
    torch.save({"a": torch.rand(100, 100)}, path, _use_new_zipfile_serialization=zipped)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    assert "is no file of weights that PyTorch wrote, or is damaged" in refusal(path)


@pytest.mark.parametrize("content", [b"hello", b"<!DOCTYPE html><html>", b"PK\x03\x04 and no more", bytes(1000)])
def test_what_is_no_file_of_pytorchs_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other.pth").write_bytes(content)
    assert "is no file of weights that PyTorch wrote, or is damaged" in refusal(tmp_path / "other.pth")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ([1, 2], "holds a list and no state dict"),
        ({}, "holds a dict and no state dict"),
        (torch.ones(3), "no state dict"),
        ({"state_dict": dict(STATE)}, "holds a dict as 'state_dict'"),
        ({"a": 1.0}, "holds a float as 'a'"),
        ({"a": torch.ones(2, 2).to_sparse()}, "holds a Tensor as 'a'"),
        ({"a": torch.ones(2, dtype=torch.complex64)}, "holds 'a' as torch.complex64"),
    ],
    ids=["list", "empty", "tensor", "nested", "number", "sparse", "complex"],
)
def test_what_is_no_state_dict_is_refused(tmp_path: Path, content: Any, told: str) -> None:
    torch.save(content, tmp_path / "other.pth")
    assert told in refusal(tmp_path / "other.pth")


def test_shapes_that_the_file_cannot_hold_are_refused(tmp_path: Path) -> None:
    """Four bytes, as a matrix of a million rows and columns."""
    torch.save({"model.1.weight": torch.ones(1).expand(10**6, 10**6)}, tmp_path / "huge.pth")
    assert "declares 4,000,000,000,000 bytes of weights" in refusal(tmp_path / "huge.pth")


def test_an_archive_that_unpacks_to_more_than_it_is_is_refused(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(1000, 1000)}, tmp_path / "plain.pth")
    with (
        zipfile.ZipFile(tmp_path / "plain.pth") as plain,
        zipfile.ZipFile(tmp_path / "packed.pth", "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for entry in plain.infolist():
            packed.writestr(entry.filename, plain.read(entry))
    assert "is packed, and would unpack to 4,0" in refusal(tmp_path / "packed.pth")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path) == "is no file"
    assert refusal(tmp_path / "none") == "does not exist"
    (tmp_path / "dangling").symlink_to(tmp_path / "none")
    assert refusal(tmp_path / "dangling") == "does not exist"
    os.mkfifo(tmp_path / "pipe")
    assert refusal(tmp_path / "pipe") == "is no file"
    (tmp_path / "around").symlink_to(tmp_path / "around")
    assert "around" in str(tmp_path / "around")
    assert refusal(tmp_path / "around")


def test_keys_of_several_gpus_and_half_precision_are_brought_to_form() -> None:
    state = {f"module.{key}": value.half() for key, value in STATE.items()}
    assert equal(tidied(state))


def test_a_layer_called_module_stays_where_not_every_key_begins_so() -> None:
    assert set(tidied({"module.a": torch.ones(1), "b": torch.ones(1)})) == {"module.a", "b"}


def test_statistics_that_instance_normalisation_once_kept_are_left_out() -> None:
    old = {**STATE, "model.2.running_mean": torch.zeros(3), "model.2.running_var": torch.ones(3)}
    assert equal(tidied(old))


def test_batch_normalisation_that_did_not_count_is_given_a_count() -> None:
    statistics = {"2.running_mean": torch.zeros(3), "2.running_var": torch.ones(3)}
    old = {"2.weight": torch.ones(3), "2.bias": torch.zeros(3), **statistics}
    network = torch.nn.Sequential(torch.nn.Identity(), torch.nn.Identity(), torch.nn.BatchNorm2d(3))
    assert tidied(old).keys() == network.state_dict().keys()
