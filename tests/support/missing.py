"""What a test needs and this machine may not have."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import pytest


@contextlib.contextmanager
def skipped_without(*missing: type[Exception]) -> Iterator[None]:
    """A program that is not there skips the test, with the error's line that says what to install.

    In CI nothing may be skipped (tools/ensure_services installs it all), so there the error stands.
    """
    try:
        yield
    except missing as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
