"""gan-tui checkpoints: what a run can be resumed from."""

from __future__ import annotations

from gan_tui.cli.options import AsJson, RunArgument, RunsFolder
from gan_tui.cli.output import age, losses_in_words, put, put_json, say


def checkpoints(run: RunArgument, runs_dir: RunsFolder = None, as_json: AsJson = False) -> None:
    """List a run's checkpoints, oldest first."""
    import msgspec

    from engine.protocol.checkpoints import list_checkpoints
    from gan_tui.client.locate import find_run, runs_folder
    from gan_tui.state.journal import size_text

    found = list_checkpoints(find_run(run, runs_folder(runs_dir)))
    if as_json:
        put_json([{"path": str(path), "size": item.size, **msgspec.to_builtins(item)} for path, item in found])
        return
    if not found:
        say("No checkpoint yet.")
    for _, item in found:
        when = f"{age(item.time)} ago"
        what = f"{item.step:>9,}  epoch {item.epoch:<4} {size_text(item.size):>8}  {when:>10}  {item.reason:8}"
        put(f"{what}  {losses_in_words(item.losses)}")
