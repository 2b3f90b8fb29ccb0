"""A publication that was refused or failed is noted in the catalog, for who looks there and not into a log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fsnb.catalog import Catalog
from fsnb.errors import CatalogError, FsnbError
from fsnb.identity import fingerprint
from fsnb.model import FeatureView, moments
from fsnb.publish.target import Target

KIND = "failed_publication"


@contextmanager
def failures_noted(catalog: Catalog, view: FeatureView, target: Target) -> Iterator[None]:
    """Put what goes wrong inside into the catalog: which error, what it says (never a password), when, where to."""
    try:
        yield
    except CatalogError:  # the catalog is what is wrong
        raise
    except FsnbError as error:
        body = {
            "target": target.name,
            "error": type(error).__name__,
            "message": str(error),
            "when": moments.utc_now().isoformat(),
            "definition": view.fingerprint,
        }
        catalog.put(KIND, view.name, body, fingerprint=fingerprint(body))
        raise
