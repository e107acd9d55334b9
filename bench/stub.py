"""The stub of `stub.c`: built, started, and asked what it truly did."""

import shutil
import struct
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).with_name("stub.c")
_LOG = "/log"


@dataclass(frozen=True, slots=True)
class Truth:
    """One answer as the stub wrote it; seconds of CLOCK_MONOTONIC."""

    arrived_s: float
    """When the kernel had the last bytes of the request."""
    events_s: tuple[float, ...]
    """Just before the write of each token event, or of the whole document."""

    @property
    def ttft_s(self) -> float:
        """From the request to the first event."""
        return self.events_s[0] - self.arrived_s

    @property
    def gap_max_s(self) -> float:
        """The longest time between two events; 0 for a single one."""
        pairs = zip(self.events_s, self.events_s[1:], strict=False)
        return max((b - a for a, b in pairs), default=0.0)


@dataclass(frozen=True, slots=True)
class Stub:
    """A running stub."""

    port: int
    pid: int
    ca_file: Path | None = None
    """What to trust, where it speaks TLS."""

    @property
    def base_url(self) -> str:
        """The root of its API, as OpenAI's clients want it."""
        scheme = "https" if self.ca_file else "http"
        return f"{scheme}://127.0.0.1:{self.port}/v1"

    def truth(self) -> dict[str, Truth]:
        """What it did since it was last asked, by the `id` of the answer."""
        if self.ca_file is None:
            url = f"http://127.0.0.1:{self.port}{_LOG}"
            with urllib.request.urlopen(url, timeout=30) as answer:
                return read_truth(answer.read())
        import ssl

        context = ssl.create_default_context(cafile=str(self.ca_file))
        url = f"https://127.0.0.1:{self.port}{_LOG}"
        with urllib.request.urlopen(url, timeout=30, context=context) as answer:
            return read_truth(answer.read())


def read_truth(log: bytes) -> dict[str, Truth]:
    """The stub's log: records of int64 `id, arrived, n` and n times, nanoseconds.

    An answer without any event, since its client had left, is left out.
    """
    numbers = struct.unpack(f"<{len(log) // 8}q", log)
    found: dict[str, Truth] = {}
    at = 0
    while at < len(numbers):
        number, arrived_ns, n = numbers[at : at + 3]
        events_ns = numbers[at + 3 : at + 3 + n]
        at += 3 + n
        if n:
            events_s = tuple(event_ns / 1e9 for event_ns in events_ns)
            found[f"stub-{number}"] = Truth(arrived_ns / 1e9, events_s)
    return found


def build(folder: Path) -> tuple[Path, bool]:
    """The compiled stub, and whether it knows TLS (OpenSSL's headers are needed).

    SystemExit without gcc.
    """
    gcc = shutil.which("gcc")
    if gcc is None:
        raise SystemExit(
            "The bench's stub is C: install gcc (Debian: apt install gcc)."
        )
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "stub"
    command = [gcc, "-O2", "-Wall", "-Wextra", "-o", str(program), str(SOURCE)]
    with_tls = [*command, "-DWITH_TLS", "-lssl", "-lcrypto"]
    if subprocess.run(with_tls, capture_output=True).returncode == 0:
        return program, True
    built = subprocess.run(command, capture_output=True, text=True)
    if built.returncode:
        raise SystemExit(f"gcc refused {SOURCE.name}: {built.stderr.strip()}")
    return program, False


@contextmanager
def stub(program: Path, *options: str, ca_file: Path | None = None) -> Iterator[Stub]:
    """A stub on a free port, on our core, for as long as the block lasts."""
    command = [str(program), *options]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        yield Stub(int(child.stdout.readline()), child.pid, ca_file)
    finally:
        child.terminate()
        child.wait(10)
        if child.stdout is not None:
            child.stdout.close()


@contextmanager
def tls_stub(program: Path, folder: Path, *options: str) -> Iterator[Stub]:
    """The same behind TLS, with a certificate made for this run."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"]
    make += ["-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", "/CN=stub"]
    make += ["-addext", "subjectAltName=IP:127.0.0.1"]
    make += ["-addext", "keyUsage=critical,digitalSignature,keyCertSign"]
    make += ["-keyout", str(key), "-out", str(cert)]
    subprocess.run(make, check=True, capture_output=True)
    trust = ("--cert", str(cert), "--key", str(key))
    with stub(program, *trust, *options, ca_file=cert) as running:
        yield running
