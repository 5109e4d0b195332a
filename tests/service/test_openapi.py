"""Requests made from the service's own description: never a fault, never an answer that it does not describe."""

from __future__ import annotations

from typing import Any

import pytest
from effort import tries
from hypothesis import HealthCheck, Phase, given, settings

schemathesis = pytest.importorskip("schemathesis")

EXAMPLES = tries(8, 20)  # of each operation
OPERATIONS = 19


@pytest.mark.slow
def test_the_service_keeps_to_its_description(service: Any) -> None:
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

    schemathesis.serializer.alias("application/x-ndjson", "text/plain")
    schema = schemathesis.openapi.from_dict(service.ask("GET", "/openapi.json", None).json())
    checks = [not_a_server_error, status_code_conformance, response_schema_conformance]
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) == OPERATIONS
    for operation in operations:
        keeps_to_it(operation, service, checks)


def keeps_to_it(operation: Any, service: Any, checks: list[Any]) -> None:
    headers = {"Authorization": f"Bearer {service.keys['admin']}"}

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def conforms(case: Any) -> None:
        case.call_and_validate(base_url=service.url, headers=headers, checks=checks)

    conforms()


def test_every_error_is_described_in_the_services_own_shape(service: Any) -> None:
    described = service.ask("GET", "/openapi.json", None).json()
    assert "HTTPValidationError" not in described["components"]["schemas"]
    for path, operations in described["paths"].items():
        for operation in operations.values():
            if path.startswith("/v1/"):
                assert {"401", "403", "422", "429", "503"} <= set(operation["responses"])
