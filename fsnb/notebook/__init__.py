"""What `%load_ext fsnb` brings to a notebook: magics, completion, rich output.

    session     the notebook's current store, and the names in its namespace
    arguments   what each magic takes: one parser each (`parsing`), which also writes its help and feeds completion;
                `options`, `options_defining` and `options_keeping` have them by what they are for
    magics      parse, call, answer: a few lines over the store's method each, in `defining`, `doing`, `keeping`
    body        the cell under `%%feature_view`: compiled so that an error points to its line
    watching, checking, publishing, cataloguing   cards of quality, checks, publications, the catalog
    examples    the cell under `%%feature_test`, in its sections
    catalogued  what the catalog knows by a name, for `%fs show`
    progress    what takes a while, one line updated in place
    completion  names after TAB
    cards       value -> Card, the one description (`card`) that text and HTML are both made of
    html        Card -> self-contained HTML; `drawing` adds the rules of time as a picture
    richly      what a value shows beyond its own HTML
    drift       the widget that looks into a drift report
    browsing    the widget that looks through a catalog

Errors need nothing from here: an FsnbError renders itself in two lines (`_render_traceback_`) and the cell still fails.
"""

from __future__ import annotations

import threading
from importlib import import_module
from typing import Any

from fsnb.notebook import completion, magics, progress, richly

# What ibis imports on its first call (1.3 s and more). Imports alone, no query: a thread in the middle of a native
# query could not end with the process. Not a daemon, for the same reason; it ends by itself.
FIRST_CALL = ("pandas", "pyarrow.dataset", "pyarrow.pandas_compat", "ibis.backends.duckdb.converter")


def load(shell: Any) -> None:
    """Register magics, completers and formatters with an IPython shell; loading again replaces them."""
    unload(shell)
    ours = magics.FsnbMagics(shell)
    shell.register_magics(ours)
    completion.register(shell, ours.session)
    richly.register(shell, ours.session)
    progress.register(shell, ours)
    threading.Thread(target=_warm, name="fsnb-warm").start()


def unload(shell: Any) -> None:
    """Take out again what `load` brought; nothing when it is not loaded."""
    progress.unregister()
    richly.unregister(shell)
    completion.unregister(shell)
    magics.unregister(shell)


def _warm() -> None:
    for name in FIRST_CALL:
        import_module(name)
