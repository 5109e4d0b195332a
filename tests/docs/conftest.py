"""What tests of documents share: the service as its own tests start it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

Start = Callable[[Path, "str | None"], AbstractContextManager[Any]]


@pytest.fixture
def started() -> Start:
    """Starts a service in a folder, with a model or that of the release."""

    def running(folder: Path, model: str | None) -> AbstractContextManager[Any]:
        path = Path(__file__).parents[1] / "service" / "conftest.py"
        spec = importlib.util.spec_from_file_location("service_conftest", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        service: AbstractContextManager[Any] = module.running_service(folder / "service", model)
        return service

    return running
