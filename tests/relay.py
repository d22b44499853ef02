"""A way to the engine that can be taken away and given back, plain or behind TLS."""

from __future__ import annotations

import contextlib
import socket
import threading


class Relay:
    """Listens, and passes each connection on to the engine's socket; use it in a ``with`` statement.

    Args:
        listener: where it listens.
        path: the engine's socket.
        wrap: makes of an accepted connection what is spoken on it.
    """

    def __init__(self, listener, path, wrap=lambda client: client):
        self._listener, self._path, self._wrap, self._open = listener, path, wrap, set()

    def __enter__(self):
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for each in list(self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _serve(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._relay, args=(client,), daemon=True).start()

    def _relay(self, client):
        with contextlib.suppress(OSError), client, self._wrap(client) as outer, socket.socket(socket.AF_UNIX) as inner:
            inner.connect(self._path)
            self._open |= {outer, inner}
            back = threading.Thread(target=_copy, args=(inner, outer), daemon=True)
            back.start()
            _copy(outer, inner)
            back.join()
            self._open -= {outer, inner}


def _copy(source, target):
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
