"""Certificates for one test, made by openssl: an authority, and whom it vouches for."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

_EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def openssl(*words: str | Path) -> None:
    done = subprocess.run(
        ("openssl", *words), capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == 0, done.stderr


@dataclass(frozen=True)
class Authority:
    """Vouches for others; cert: its own certificate, for whoever is to trust it."""

    folder: Path
    name: str

    @property
    def cert(self) -> Path:
        return self.folder / f"{self.name}.pem"

    @property
    def key(self) -> Path:
        return self.folder / f"{self.name}.key"

    def certify(self, name: str, *, host: str = "IP:127.0.0.1", days: int = 2) -> tuple[Path, Path]:
        """Return a certificate and its key; one of less than 0 days has expired."""
        cert, key, asked = (self.folder / f"{name}.{end}" for end in ("pem", "key", "csr"))
        whose = ("-subj", f"/CN={name}", "-addext", f"subjectAltName={host}")
        openssl("req", *_EC, "-keyout", key, *whose, "-out", asked)
        by = ("-CA", self.cert, "-CAkey", self.key, "-set_serial", "7")
        openssl("x509", "-req", "-in", asked, *by, "-copy_extensions", "copy", "-days", str(days),
                "-out", cert)  # fmt: skip
        key.chmod(0o600)
        return cert, key


def authority(folder: Path, name: str = "authority") -> Authority:
    made = Authority(folder, name)
    whose = ("-subj", f"/CN={name}", "-days", "2", "-addext", "keyUsage=keyCertSign")
    openssl("req", "-x509", *_EC, "-keyout", made.key, "-out", made.cert, *whose)
    return made
