"""TLS without sockets: bytes in, bytes out, so that reads keep the kernel's stamps."""

import ssl
from functools import lru_cache
from pathlib import Path

_RECORD_BYTES = 65_536


@lru_cache(maxsize=4)
def tls_context(ca_file: Path | None = None) -> ssl.SSLContext:
    """A verifying client context that speaks HTTP/1.1; made once for each bundle.

    Loading the system's authorities takes tens of milliseconds: make it before a step.
    Raises OSError (ssl.SSLError is one) when `ca_file` cannot be read as PEM.
    """
    context = ssl.create_default_context(cafile=ca_file)
    context.set_alpn_protocols(["http/1.1"])
    return context


class Tls:
    """The TLS layer of one connection, over memory."""

    __slots__ = ("_incoming", "_object", "_outgoing")

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._object = context.wrap_bio(
            self._incoming, self._outgoing, server_hostname=host
        )

    def shake(self, received: bytes = b"") -> tuple[bytes, bool]:
        """One step of the handshake: (what is to be sent, whether it is done).

        Raises ssl.SSLError, among others when the certificate does not verify.
        """
        self._incoming.write(received)
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return self._outgoing.read(), False
        return self._outgoing.read(), True

    def seal(self, data: bytes) -> bytes:
        """Plain bytes to records."""
        self._object.write(data)
        return self._outgoing.read()

    def open(self, received: bytes) -> tuple[bytes, bytes, bool]:
        """(plain bytes, what is to be sent back, whether the peer said goodbye).

        Session tickets arrive among the records and are no plain bytes.
        Raises ssl.SSLError for a record that is broken.
        """
        self._incoming.write(received)
        plain: list[bytes] = []
        over = False
        while not over:
            try:
                part = self._object.read(_RECORD_BYTES)
            except ssl.SSLWantReadError:
                break
            except ssl.SSLZeroReturnError:
                part = b""
            over = not part
            plain.append(part)
        return b"".join(plain), self._outgoing.read(), over
