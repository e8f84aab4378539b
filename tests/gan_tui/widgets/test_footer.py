"""The footer's remarks: shown for a while, and no longer than they are true."""

from __future__ import annotations

from textual.app import App, ComposeResult

from gan_tui.widgets.footer import FooterBar, Hint


class Foot(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.footer = FooterBar()
        self.state = "training"

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {"faint": "#888888"}

    def compose(self) -> ComposeResult:
        yield self.footer

    def is_paused(self) -> bool:
        return self.state == "paused"


async def test_a_remark_is_withdrawn_once_it_was_true_and_is_no_more() -> None:
    app = Foot()
    async with app.run_test(size=(60, 3)):
        app.footer.show([Hint(key="q", label="detach", action="x")])
        app.footer.say("paused after step 5", "good", app.is_paused)
        app.footer.review()
        assert app.footer.remark == "paused after step 5", "it is ahead of the news"
        app.state = "paused"
        app.footer.review()
        assert app.footer.remark == "paused after step 5"
        app.state = "training"
        app.footer.review()
        assert app.footer.remark == ""
        assert "detach" in app.footer.render_line(0).text


async def test_one_that_was_never_true_or_always_is_stays_for_its_time() -> None:
    app = Foot()
    async with app.run_test(size=(60, 3)):
        for remark, holds in (("saved already", app.is_paused), ("theme dark", None)):
            app.footer.say(remark, "plain", holds)
            app.footer.review()
            assert app.footer.remark == remark


async def test_a_later_remark_is_judged_by_its_own_state() -> None:
    app = Foot()
    async with app.run_test(size=(60, 3)):
        app.state = "paused"
        app.footer.say("paused", "good", app.is_paused)
        app.footer.say("theme dark")
        app.state = "training"
        app.footer.review()
        assert app.footer.remark == "theme dark"
