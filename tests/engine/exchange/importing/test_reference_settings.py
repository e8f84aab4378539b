"""Options of the reference implementation as settings, of all ages."""

from __future__ import annotations

from engine.exchange.importing.reference_settings import settings_of


def test_older_names_mean_the_same() -> None:
    old = {"niter": "7", "niter_decay": "3", "batchSize": "4", "loadSize": "70", "fineSize": "64", "no_lsgan": "False"}
    tree, unknown = settings_of({**old, "which_direction": "BtoA", "identity": "0.1"}, "cyclegan")
    assert unknown == ()
    assert tree["optim"] == {"epochs": 7, "decay_epochs": 3}
    assert tree["run"] == {"batch": 4}
    assert tree["data"] == {"resize": 70, "crop": 64, "direction": "BtoA"}
    assert tree["loss"] == {"identity": 0.1, "gan": "lsgan"}


def test_what_another_method_has_is_passed_over_and_what_nobody_understands_is_told() -> None:
    tree, unknown = settings_of({"lambda_L1": "100", "lr": "fast", "preprocess": "none", "gan_mode": "new"}, "cyclegan")
    assert tree == {}
    assert sorted(unknown) == ["gan_mode new", "lr fast", "preprocess none"]
