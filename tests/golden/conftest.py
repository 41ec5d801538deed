"""`--update-golden` writes the golden models anew instead of comparing with them."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden models in tests/golden anew")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    # The option is known only where this folder is named on the command line; elsewhere goldens are compared.
    return bool(request.config.getoption("--update-golden", default=False))
