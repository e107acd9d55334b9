"""A certificate authority of our own, for TLS servers in tests."""

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Authority:
    """A CA of our own and a certificate of it for 127.0.0.1."""

    ca: Path
    server: ssl.SSLContext


def own_authority(at: Path) -> Authority:
    """One made in the folder `at`."""
    new = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    usage = "basicConstraints=critical,CA:FALSE"
    for line in (
        f"{new} -keyout ca.key -out ca.pem -subj /CN=ca"
        " -addext keyUsage=critical,keyCertSign",
        f"{new} -keyout s.key -out s.pem -subj /CN=s -CA ca.pem -CAkey ca.key"
        f" -addext subjectAltName=IP:127.0.0.1,IP:::1 -addext {usage}",
    ):
        subprocess.run(
            ["openssl", *line.split()], cwd=at, check=True, capture_output=True
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(at / "s.pem", at / "s.key")
    return Authority(at / "ca.pem", context)
