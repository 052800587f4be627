"""The golden trees: what is generated for five projects, kept so that every change of it is seen."""

import pytest

collect_ignore_glob = ["*/expected/*"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the expected trees anew")
