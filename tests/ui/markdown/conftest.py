"""A view on an empty page."""

import pytest

from tests.support.dom import Page
from tests.ui.markdown.shown import Shown


@pytest.fixture
def shown(page: Page) -> Shown:
    """A view with nothing in it."""
    return Shown(page)
