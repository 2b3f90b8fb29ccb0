"""A disk that is full and a connection that is cut, in the middle of a publication."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from tests.crash import publisher


class NoMount(RuntimeError):
    """This user cannot mount a small disk."""


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A folder on a disk of that size, in memory."""
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=777", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise NoMount(f"needs the right to mount a tmpfs: {done.stderr.strip() or 'mount failed'}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextlib.contextmanager
def ballast(folder: Path, leave: int) -> Iterator[None]:
    """Fill the folder's disk but for some bytes."""
    stats = os.statvfs(folder)
    filler = folder / "ballast"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(1, stats.f_bavail * stats.f_bsize - leave))
    try:
        yield
    finally:
        filler.unlink()


def publish_within(bytes_: int, *args: Any) -> Any:
    """Publish in a process whose files may not grow beyond a size: as `ulimit -f`, a write fails there."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, resource.RLIM_INFINITY))
    return publisher.load_and_publish(*args)


def publish_without(server: int, *args: Any) -> Any:
    """Publish, and kill a process, the server's or Java's, when everything is proved and rows are to be written."""

    def kill(step: str) -> None:
        if step == "write":
            os.kill(server, signal.SIGKILL)

    return publisher.load_and_publish(*args, progress=kill)


def publish_struck(strike: str, place: Any, *args: Any) -> Any:
    """Publish, and `terminate` or `kill` the server's side of it when all is proved and rows are to be written."""

    def struck(step: str) -> None:
        if step == "write":
            getattr(place, strike)(place.backends()[0])

    return publisher.load_and_publish(place, *args, progress=struck)


class Proxy:
    """A way to a server that is cut when the client has said some words, in turn, from `with` until its end.

    `deliver` says whether the server still hears the last of them: then the answer is what is lost.
    """

    def __init__(self, url: str, words: Sequence[bytes], deliver: bool) -> None:
        self._server, self._words, self._deliver = urlsplit(url), list(words), deliver
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self.cut = threading.Event()

    @property
    def url(self) -> str:
        user, port = self._server.netloc.rpartition("@")[0], self._listener.getsockname()[1]
        return urlunsplit(self._server._replace(netloc=f"{user}@127.0.0.1:{port}"))

    def __enter__(self) -> Proxy:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *error: Any) -> None:
        for each in (self._listener, *self._sockets):
            _close(each)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection((self._server.hostname, self._server.port))
                self._sockets += [client, server]
                threading.Thread(target=self._forward, args=(client, server, self._words), daemon=True).start()
                threading.Thread(target=self._forward, args=(server, client, []), daemon=True).start()

    def _forward(self, source: socket.socket, sink: socket.socket, words: list[bytes]) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 20):
                if words and words[0] in data:
                    words.pop(0)
                    if not words:
                        self._cut(sink, source, data)
                        return
                sink.sendall(data)
        _close(source)
        _close(sink)

    def _cut(self, server: socket.socket, client: socket.socket, data: bytes) -> None:
        _close(client)
        if self._deliver:
            with contextlib.suppress(OSError):  # the other thread may have heard the answer, and hung up
                server.sendall(data)
                server.recv(65536)  # the server has answered, nobody hears it
        _close(server)
        self.cut.set()


def _close(each: socket.socket) -> None:
    with contextlib.suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()
