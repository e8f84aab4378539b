"""What a control amounts to once a schedule has had its say."""

from __future__ import annotations

from gan_tui.state.run_view import RunView


def effective_values(view: RunView) -> dict[str, float]:
    """The effective learning rate of each control that sets a base rate."""
    return {view.rates[name]: rate for name, rate in view.lr.items() if name in view.rates}
