"""A PostgreSQL server of the tests' own: on a socket in a folder, for as long as they run."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
UNPRIVILEGED = ("postgres", "nobody")  # the server refuses to be run by root


def server_program(name: str) -> str | None:
    """Where a program of PostgreSQL lies; None where there is none."""
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *map(str, PROGRAMS)]))


@contextmanager
def running_server(password: Path | None = None) -> Iterator[str]:
    """The URL of a server that is stopped and removed in the end; with the file of a password it asks for that."""
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as folder:
        user = _user()
        if user:
            shutil.chown(folder, user)
        data = f"{folder}/data"
        asked = ["--auth=trust"]
        if password is not None:
            known = shutil.copyfile(password, f"{folder}/password")
            if user:
                shutil.chown(known, user)
            asked = ["--auth=scram-sha-256", f"--pwfile={known}"]
        _run(user, "initdb", "--pgdata", data, "--username=fpverify", *asked, "--no-sync", "--encoding=UTF8")
        unsafe = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"  # it outlives no power cut here
        flags = f"-k {folder} -c listen_addresses='' -c max_connections=64 {unsafe}"
        _run(user, "pg_ctl", "start", "-w", "-D", data, "-l", f"{folder}/log", "-o", flags)
        try:
            yield f"postgresql://fpverify@/postgres?host={folder}"
        finally:
            _run(user, "pg_ctl", "stop", "-w", "-m", "immediate", "-D", data)


def _user() -> str | None:
    """Whom to run the server as; None is oneself."""
    if os.getuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in UNPRIVILEGED if name in known)


def _run(user: str | None, program: str, *words: str) -> None:
    command = [server_program(program) or program, *words]
    finished = subprocess.run(
        command, user=user, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        check=False, timeout=120,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr.decode()
