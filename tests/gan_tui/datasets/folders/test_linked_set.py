"""A set made of links to two folders: what is linked, what is refused, and that nothing is left of a failure."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config.image_files import UnreadableImageError
from engine.errors import GanTuiError, RequestError, WorkError
from gan_tui.datasets.folders.layouts import recognise
from gan_tui.datasets.folders.linked_set import linked_set
from tests.engine.data.conftest import write_digit_folders, write_idx_set
from tests.gan_tui.datasets.image_folders import put_pictures


@pytest.fixture
def cats(tmp_path: Path) -> Path:
    put_pictures(tmp_path / "cats", 2)
    return tmp_path / "cats"


@pytest.fixture
def dogs(tmp_path: Path) -> Path:
    put_pictures(tmp_path / "dogs", 3)
    return tmp_path / "dogs"


def test_two_folders_become_domains(tmp_path: Path, cats: Path, dogs: Path) -> None:
    root = tmp_path / "new" / "set"
    with linked_set(root, cats, dogs, pairs=False) as digits:
        assert digits is None
    layout = recognise(root)
    assert (layout.kind, [(part.name, len(part.paths)) for part in layout.parts]) == (
        "unpaired", [("trainA", 2), ("trainB", 3)],
    )  # fmt: skip
    assert (root / "trainA").readlink() == cats
    put_pictures(dogs / "more", 1)
    assert len(recognise(root).parts[1].paths) == 4, "what comes later is in the set"


def test_files_of_one_name_become_pairs(tmp_path: Path, cats: Path, dogs: Path) -> None:
    (tmp_path / "set").mkdir()
    (dogs / "002.png").unlink()
    with linked_set(tmp_path / "set", cats, dogs, pairs=True):
        pass
    assert recognise(tmp_path / "set").kind == "matched"


def test_sets_of_digits_keep_their_names(tmp_path: Path) -> None:
    write_idx_set(tmp_path / "a" / "mine", 20)
    write_digit_folders(tmp_path / "b" / "yours" / "train", 1)
    with linked_set(tmp_path / "set", tmp_path / "b" / "yours", tmp_path / "a" / "mine", pairs=False) as digits:
        assert digits == ("yours", "mine")
    assert recognise(tmp_path / "set").kind == "digits"
    write_idx_set(tmp_path / "b" / "mine", 20)
    with (
        pytest.raises(RequestError, match="are sets of one name, mine"),
        linked_set(tmp_path / "other", tmp_path / "a" / "mine", tmp_path / "b" / "mine", pairs=False),
    ):
        pass


def refusal(root: Path, a: Path, b: Path) -> GanTuiError:
    with pytest.raises(GanTuiError) as caught, linked_set(root, a, b, pairs=False):
        pass
    return caught.value


def test_folders_that_do_not_suit(tmp_path: Path, cats: Path, dogs: Path) -> None:
    (tmp_path / "empty").mkdir()
    root = tmp_path / "set"
    assert refusal(root, cats, tmp_path / "absent").fact == "is not a folder"
    assert refusal(root, cats, cats / ".." / "cats").fact == "are the same folder"
    assert refusal(root, cats, tmp_path / "empty").fact == "holds no image"
    assert refusal(cats / "set", cats, dogs).fact == "would hold the set that is made of it"
    assert not root.exists()
    assert not (cats / "set").exists()


@pytest.mark.parametrize("there", ["file", "link", "full"])
def test_nothing_is_written_where_something_is(tmp_path: Path, cats: Path, dogs: Path, there: str) -> None:
    root = tmp_path / "set"
    if there == "file":
        root.write_text("mine")
    elif there == "link":
        root.symlink_to(tmp_path / "absent")
    else:
        (root / "trainA").mkdir(parents=True)
    error = refusal(root, cats, dogs)
    assert "is there already" in error.fact
    assert not (root / "trainB").exists()


def test_a_failure_takes_everything_away_again(tmp_path: Path, cats: Path, dogs: Path) -> None:
    root = tmp_path / "new" / "set"
    with pytest.raises(KeyboardInterrupt), linked_set(root, cats, dogs, pairs=False):
        assert (root / "trainA" / "000.png").is_file()
        raise KeyboardInterrupt
    assert not (tmp_path / "new").exists()
    assert len(list(cats.iterdir())) == 2, "images are never touched"


def test_a_folder_that_cannot_be_made(tmp_path: Path, cats: Path, dogs: Path) -> None:
    (tmp_path / "file").touch()
    error = refusal(tmp_path / "file" / "set", cats, dogs)
    assert isinstance(error, WorkError)
    assert "cannot be made" in error.fact


def test_what_fails_by_way_of_a_link_is_told_of_the_file(tmp_path: Path, cats: Path, dogs: Path) -> None:
    root = tmp_path / "set"
    with pytest.raises(RequestError) as refused, linked_set(root, cats, dogs, pairs=False):
        raise RequestError(str(root / "trainB" / "1.png"), "is no image", f"Look into {root / 'trainA'}.")
    assert refused.value.one_line() == f"{dogs / '1.png'}: is no image. Look into {cats}."


def test_a_link_whose_name_begins_anothers_is_not_taken_for_it(tmp_path: Path) -> None:
    root, plain, modified = tmp_path / "set", tmp_path / "x" / "mnist", tmp_path / "y" / "mnist_m"
    for folder in (plain, modified):
        write_idx_set(folder, 20)
    with pytest.raises(RequestError) as refused, linked_set(root, plain, modified, pairs=False):
        raise RequestError(str(root / "mnist_m" / "test"), "is not named like a digit", f"Look into {root / 'mnist'}.")
    assert refused.value.one_line() == f"{modified / 'test'}: is not named like a digit. Look into {plain}."


def test_a_failure_that_is_made_of_other_words_is_told_of_the_file_too(tmp_path: Path, cats: Path, dogs: Path) -> None:
    root = tmp_path / "set"
    with pytest.raises(WorkError) as failed, linked_set(root, cats, dogs, pairs=False):
        raise UnreadableImageError(root / "trainA" / "1.png", "is truncated")
    assert failed.value.one_line() == f"{cats / '1.png'}: is truncated. Replace the file or remove it."
