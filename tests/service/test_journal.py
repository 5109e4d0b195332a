from __future__ import annotations

from io import StringIO

from fpverify.service.journal import Journal


def test_a_log_that_cannot_be_written_refuses_nobody() -> None:
    class Full(StringIO):
        def write(self, _: str) -> int:
            raise OSError(28, "No space left on device")

    closed = StringIO()
    closed.close()
    for out in (Full(), closed):
        journal = Journal(out)
        journal.note_request("/v1/verify", "POST", 200, 0.1, "door")
        assert b'route="/v1/verify",status="200"} 1.0' in journal.exposed()
