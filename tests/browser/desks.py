"""Several people at their own screens."""

from __future__ import annotations

from playwright.sync_api import Browser, BrowserContext, Page

from tests.web.seed import PASSWORD


class Desks:
    """Browsers of people who are signed in."""

    def __init__(self, browser: Browser, url: str) -> None:
        """Open none yet."""
        self._browser, self._url = browser, url
        self._open: list[BrowserContext] = []

    def sign_in(self, name: str, *, width: int = 1280, touch: bool = False) -> Page:
        page = self._page(width, touch=touch)
        page.goto("/sign-in")
        page.fill("#email", f"{name}@example.org")
        page.fill("#password", PASSWORD)
        page.click("main button")
        page.wait_for_url("**/today")
        page.goto("/inbox")
        return page

    def stranger(self, *, width: int) -> Page:
        """A phone on which nobody is signed in."""
        return self._page(width, touch=True)

    def _page(self, width: int, *, touch: bool) -> Page:
        view = {"width": width, "height": 860}
        context = self._browser.new_context(viewport=view, base_url=self._url, has_touch=touch, is_mobile=touch)  # type: ignore[arg-type]
        self._open.append(context)
        return context.new_page()

    def close(self) -> None:
        for context in self._open:
            context.close()
