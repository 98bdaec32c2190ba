"""What the tests of browsers' clients share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.builders.browser import chromium
from tests.builders.clients import build_pages, pages_served


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The clients' pages, at an origin of their own."""
    folder = tmp_path_factory.mktemp("pages")
    build_pages(folder)
    with pages_served(folder) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser; of one module alone, for its event loop is in the way of asynchronous tests."""
    with chromium() as running:
        yield running
