"""A visit to the service's page by keyboard alone, as tests and pictures of it make one."""

from __future__ import annotations

import json
from pathlib import Path

from browser import Browser

MOST_TABS = 80  # of a page, there and round again
NAME = """(() => { const one = document.activeElement;
  if (one === document.body) return '';
  const named = (one.getAttribute('aria-labelledby') ?? '').split(' ');
  const labels = [...named.map((id) => document.getElementById(id)?.textContent), one.getAttribute('aria-label'),
    ...[...(one.labels ?? [])].map((label) => label.textContent), one.textContent];
  return `${one.localName} ${labels.filter(Boolean).join(' ').trim()}`; })()"""
IDLE = "!document.querySelector('button:disabled')"


class Visit:
    """A visit.

    Attributes:
        browser: that it is made with.
        url: of the service.
    """

    def __init__(self, browser: Browser, url: str, language: str = "en") -> None:
        self.browser = browser
        self.url = f"{url}/?lang={language}"
        browser.open(self.url, "!!document.querySelector('h1')")

    @property
    def focus(self) -> str:
        """What has the focus: its kind and its name, such as `button Sign in`."""
        return str(self.browser.value(NAME))

    @property
    def text(self) -> str:
        """All that is seen."""
        return str(self.browser.value("document.body.innerText"))

    def tab_to(self, name: str) -> None:
        """Presses Tab until something of this name has the focus.

        Raises:
            LookupError: nothing has it.
        """
        seen: list[str] = []
        for _ in range(MOST_TABS):
            if name in self.focus:
                return
            seen.append(self.focus)
            self.browser.press("Tab")
        raise LookupError(f"Tab never comes to {name!r}, but to {seen}")

    def press(self, name: str, key: str = "Enter") -> None:
        """Goes to a button or a link and presses it."""
        self.tab_to(name)
        self.browser.press(key)

    def write(self, name: str, text: str) -> None:
        """Goes to a field, and puts text in place of what is there."""
        self.tab_to(name)
        self.browser.value("document.activeElement.select()")
        self.browser.type(text)

    def give(self, name: str, *files: Path) -> None:
        """Goes to a field for files and chooses some, as its dialog would, which is the system's own."""
        self.tab_to(name)
        self.browser.give("document.activeElement", *files)

    def until(self, text: str) -> None:
        """Waits until a text is to be seen, and nothing is under way."""
        self.browser.until(f"document.body.innerText.includes({json.dumps(text)}) && {IDLE}")

    def sign_in(self, key: str) -> None:
        """Signs in, from the page's start."""
        self.browser.until("!!document.querySelector('.sign-in input, header nav')")
        self.browser.value("document.querySelector('.sign-in input').focus()")
        self.browser.type(key)
        self.browser.press("Enter")
        self.browser.until("!!document.querySelector('header nav')")
