"""Browsers that are signed in: for the page alone, by a cookie in place of a key.

Whoever signs in shows a key once. The browser gets a random word in a cookie that no script can read; what is kept of
it here, in memory, is its hash, with the hash of the key. So a key that is revoked ends its sessions, and no file or
storage of the browser holds a key.

What the server's reader captured for a session goes with it (`captures`).

A cookie comes by itself with whatever asks, so it counts only where the page's own script asked: browsers let no page
of elsewhere send the header `PAGE` without asking first, which `origins` never grants; and they say where a request
comes from.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Lock
from types import MappingProxyType
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from fpverify.service.api_keys import Scope, digest
from fpverify.service.refusals import Refused
from fpverify.store.api_keys import ApiKey

COOKIE = "fpverify-session"
SECURE_COOKIE = "__Host-fpverify-session"  # which browsers take over TLS alone, and from this very host
PATH = "/v1/"  # where browsers send the plain one: not with pages, scripts and pictures
SECURE_PATH = "/"  # which that name asks for
PAGE = "X-Fpverify-Page"
WORD_BYTES = 32
MOST = 1000  # sessions; beyond, the one ends that was unused for longest
MOST_OF_KEY = 100  # likewise, so that nobody signs others out by signing in
HOUR_S = 3600.0
# Without a request, and in all. A door stays signed in over a weekend; who sees people signs in each day.
LASTS_S = MappingProxyType({Scope.VERIFY.word: (72 * HOUR_S, 30 * 24 * HOUR_S)})
OTHERS_LAST_S = (HOUR_S, 12 * HOUR_S)
SAFE = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that is signed in.

    Attributes:
        name: the hash of its word, in hex.
        sha256: of the key, in hex.
        scope: what it allows, in a word.
        begun_s, used_s: when it began, and when it was last asked with, by the clock of `Sessions`.
        kiosk: it was narrowed to decisions, and shows nothing else until it ends.
    """

    name: str
    sha256: str
    scope: str
    begun_s: float
    used_s: float
    kiosk: bool = False

    def ends_s(self) -> float:
        """When it ends, if nothing is asked until then."""
        idle_s, whole_s = LASTS_S.get(self.scope, OTHERS_LAST_S)
        return min(self.used_s + idle_s, self.begun_s + whole_s)

    def narrowed(self, key: ApiKey) -> ApiKey:
        """The key, with no more than the session allows."""
        return replace(key, scope=self.scope) if self.kiosk else key


class Sessions:
    """All sessions of one service; they end with it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[str, Session] = {}  # by the hash of their word, the latest used last
        self._lock = Lock()

    def begin(self, key: ApiKey) -> str:
        """A session of a key; its word, which is known to nobody else."""
        word, now_s = secrets.token_urlsafe(WORD_BYTES), self._clock()
        with self._lock:
            self._kept = {name: one for name, one in self._kept.items() if one.ends_s() > now_s}
            name = digest(word)
            self._kept[name] = Session(name, key.sha256, key.scope, now_s, now_s)
            own = [one.name for one in self._kept.values() if one.sha256 == key.sha256]
            for idle in own[:-MOST_OF_KEY]:
                del self._kept[idle]
            while len(self._kept) > MOST:
                del self._kept[next(iter(self._kept))]
        return word

    def of(self, request: Request) -> Session | None:
        """The session that a request comes with; None for none, or one that has ended.

        Raises:
            Refused: 403, the cookie came with a request that the page did not make.
        """
        if not {SECURE_COOKIE, COOKIE} & request.cookies.keys():
            return None
        require_page(request)
        if (word := _word(request)) is None:
            return None
        name, now_s = digest(word), self._clock()
        with self._lock:
            found = self._kept.pop(name, None)
            if found is None or found.ends_s() <= now_s:
                return None
            self._kept[name] = used = replace(found, used_s=now_s)
            return used

    def are_open(self, session: Session) -> bool:
        """Whether a session is still there, and as wide as it was."""
        with self._lock:
            found = self._kept.get(session.name)
            return found is not None and found.ends_s() > self._clock() and found.kiosk == session.kiosk

    def end(self, request: Request) -> str | None:
        """Ends the one that a request comes with; its name, if there was one."""
        if (word := _word(request)) is None:
            return None
        with self._lock:
            found = self._kept.pop(digest(word), None)
        return None if found is None else found.name

    def narrow(self, request: Request) -> None:
        """Lets the one that a request comes with allow decisions alone, from now on."""
        if (word := _word(request)) is None:
            return
        with self._lock:
            if found := self._kept.get(digest(word)):
                self._kept[digest(word)] = replace(found, scope=Scope.VERIFY.word, kiosk=True)

    def __len__(self) -> int:
        return len(self._kept)


def require_page(request: Request) -> None:
    """Returns if a request comes from a script of this service's own page.

    Raises:
        Refused: 403.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    own = urlsplit(origin).netloc == request.headers.get("host", "").lower() if origin else request.method in SAFE
    if request.headers.get(PAGE) != "1" or site not in {None, "same-origin"} or not own:
        message = (
            "only the service's own page may ask without a key; a proxy in front of it has to pass on the header Host"
        )
        raise Refused(403, "ForeignPage", message)


def set_cookie(request: Request, response: Response, word: str) -> None:
    """Lets a browser keep the word of a session until it is closed."""
    secure = _is_secure(request)
    name, path = (SECURE_COOKIE, SECURE_PATH) if secure else (COOKIE, PATH)
    response.set_cookie(name, word, path=path, secure=secure, httponly=True, samesite="strict")


def drop_cookie(request: Request, response: Response) -> None:
    """Lets a browser forget it."""
    for name, path in ((SECURE_COOKIE, SECURE_PATH), (COOKIE, PATH)):
        if name in request.cookies:
            secure = name == SECURE_COOKIE
            response.delete_cookie(name, path=path, secure=secure, httponly=True, samesite="strict")


def _word(request: Request) -> str | None:
    """The word of a cookie. Over TLS none but the secure one counts: the other, whoever is on the way can plant."""
    plain = None if _is_secure(request) else request.cookies.get(COOKIE)
    return request.cookies.get(SECURE_COOKIE) or plain or None


def _is_secure(request: Request) -> bool:
    """Whether the browser speaks TLS, to this service or to a proxy in front of it."""
    return request.url.scheme == "https" or request.headers.get("origin", "").startswith("https://")
