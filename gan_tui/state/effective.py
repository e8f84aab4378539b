"""What a control amounts to once a schedule has had its say."""

from __future__ import annotations

from gan_tui.state.run_view import RunView


def effective_values(view: RunView) -> dict[str, float]:
    """The effective learning rate of each control that sets a base rate.

    The engine reports rates by optimizer ("G") or by setting ("lr_g"); both belong to the control optim.lr_g.
    """
    found = {}
    for name, rate in view.lr.items():
        setting = name.lower()
        for control in (f"optim.{setting}", f"optim.lr_{setting}"):
            if control in view.values:
                found[control] = rate
    return found
