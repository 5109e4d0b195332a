"""Requests that clients may send again: a header `Idempotency-Key` names each of them, for a day.

Sent again with the same key of the service and the same fields, it gets the same answer and nothing is done; with
other fields it is refused. The answer is kept in the change that it is about, so there is none without the other.
Refusals are not kept: they have changed nothing.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import Header, Request
from starlette.datastructures import UploadFile

from fpverify.service.refusals import Refused
from fpverify.store import Store
from fpverify.store.api_keys import ApiKey
from fpverify.store.repeats import AnsweredMeanwhile, Repeat

LIFETIME_S = 86_400.0  # a day: whoever lost an answer asks again within minutes, a queue that was stuck by tomorrow
RETRY_S = 1.0  # an enrollment takes a tenth of it
REPLAYED = "Idempotent-Replayed"  # header of an answer that was given before

RepeatHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="A word for this request alone, such as a UUID. Sent again within a day with the same fields, it "
        "gets the same answer, and nothing is enrolled twice.",
        min_length=1,
        max_length=255,
        pattern=r"^[!-~]+$",
    ),
]

Answer = list[dict[str, Any]]


class UnderWay:
    """Requests with such a header that this process is about to answer."""

    def __init__(self) -> None:
        self._words: set[tuple[str, str]] = set()

    @contextmanager
    def alone(self, repeat: Repeat | None) -> Iterator[None]:
        """A block in which the same request is answered once.

        Raises:
            Refused: 409, it is under way.
        """
        word = None if repeat is None else (repeat.holder, repeat.word)
        if word in self._words:
            message = "a request with this Idempotency-Key is under way; ask for its answer in a moment"
            raise Refused.after(409, "RequestUnderWay", message, RETRY_S)
        if word is None:
            yield
            return
        self._words.add(word)
        try:
            yield
        finally:
            self._words.discard(word)


async def repeat_of(request: Request, key: ApiKey, word: str | None) -> Repeat | None:
    """The request as one that may be sent again; None for one that may not.

    Args:
        request: whose form was read.
        key: of the service, that came with it.
        word: its Idempotency-Key.
    """
    if word is None:
        return None
    form = await request.form()
    parts = [request.url.path.encode()]
    for name, value in sorted(form.multi_items(), key=lambda item: item[0]):  # of one name in their order
        if isinstance(value, UploadFile):
            content = await value.read()
            await value.seek(0)
        else:
            content = value.encode("utf-8", "surrogatepass")
        parts += [name.encode("utf-8", "surrogatepass"), content]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return Repeat(key.sha256, word, digest.hexdigest())


def remembered(store: Store, repeat: Repeat | None) -> Answer | None:
    """The answer that a request was given before; None if it was not.

    Raises:
        Refused: 422, it was another one.
    """
    found = None if repeat is None else store.repeats.of(repeat, time.time())
    if found is None:
        return None
    answer, is_same = found
    if not is_same:
        message = "this Idempotency-Key was sent with other fields before; give each request one of its own"
        raise Refused(422, "IdempotencyKeyReused", message)
    given: Answer = json.loads(answer)
    return given


def done_once(store: Store, repeat: Repeat | None, work: Callable[[], Answer]) -> tuple[Answer, bool]:
    """The answer of some work, or that of the same request, if another process has done it meanwhile.

    Returns:
        The answer, and whether it was given before.
    """
    try:
        return work(), False
    except AnsweredMeanwhile:
        pass
    except Exception:
        if (known := remembered(store, repeat)) is not None:  # such as a finger that is enrolled by now
            return known, True
        raise
    known = remembered(store, repeat)
    assert known is not None  # noqa: S101 - that is what stopped the work
    return known, True


def keep(store: Store, repeat: Repeat | None, subject: str, answer: Answer) -> None:
    """Remembers an answer, within the change that it is about."""
    if repeat is not None:
        now_s = time.time()
        store.repeats.keep(repeat, subject, json.dumps(answer), now_s, now_s + LIFETIME_S)
