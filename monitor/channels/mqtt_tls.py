"""TLS towards a broker: the files it rests on, and what fails of it in plain words."""

import re
import ssl
import stat
from pathlib import Path
from typing import Final

from monitor.channels.settings import TlsSettings

_CERTIFICATE: Final = "-----BEGIN CERTIFICATE-----"
_KEY: Final = "PRIVATE KEY-----"
_LOCKED: Final = "ENCRYPTED"
_UNTRUSTED: Final = re.compile(r"certificate verify failed: (.*?)(?: \(_ssl|$)")


def tls_context(tls: bool | TlsSettings) -> ssl.SSLContext | None:
    """Return a verifying context, None without TLS; raise ValueError naming a bad file."""
    if tls is False:
        return None
    files = tls if isinstance(tls, TlsSettings) else TlsSettings()
    if files.ca is not None:
        _check(files.ca, "tls.ca", holds=_CERTIFICATE, what="certificate")
    try:
        context = ssl.create_default_context(cafile=files.ca)
    except (OSError, ssl.SSLError) as error:
        raise ValueError(f"tls.ca {files.ca} cannot be used: {error}") from error
    if files.cert is not None:
        _load(context, files.cert, files.key or files.cert)
    return context


def _load(context: ssl.SSLContext, cert: str, key: str) -> None:
    _check(cert, "tls.cert", holds=_CERTIFICATE, what="certificate")
    text = _check(key, "tls.key", holds=_KEY, what="private key")
    if _LOCKED in text:  # or the passphrase would be asked for at the terminal
        raise ValueError(f"tls.key {key} is locked by a passphrase: give it without one")
    if Path(key).stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
        raise ValueError(f"tls.key {key} is readable by everyone: chmod 600 it")
    try:
        context.load_cert_chain(cert, key)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise ValueError(f"tls.key {key} is not the key of tls.cert {cert}") from error
        raise ValueError(f"tls.cert {cert} with tls.key {key}: {error}") from error


def _check(file: str, name: str, *, holds: str, what: str) -> str:
    """Return the text of a PEM file; raise ValueError unless it holds what it should."""
    try:
        text = Path(file).read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise ValueError(f"{name} {file} cannot be read: {error.strerror}") from error
    if holds not in text:
        raise ValueError(f"{name} {file} holds no {what} in PEM form")
    return text


def in_words(trouble: str, *, host: str, tls: bool | TlsSettings) -> str:
    """Return what keeps us from a broker in one clear sentence, where TLS has a part in it."""
    files = tls if isinstance(tls, TlsSettings) else TlsSettings()
    trust = f"in {files.ca}" if files.ca else "this machine trusts"
    unknown = f"its certificate is vouched for by nobody {trust}: see tls.ca"
    ours = files.cert or "that we show"
    told = {
        "certificate has expired": "its certificate has expired",
        "certificate is not yet valid": "its certificate is not valid yet: is the clock right?",
        "not valid for": f"its certificate is not made out to {host}",
        "local issuer": unknown,
        "self-signed": unknown,
        "self signed": unknown,
        "ALERT_CERTIFICATE_REQUIRED": "it wants a certificate of ours: see tls.cert",
        "ALERT_HANDSHAKE_FAILURE": "it wants a certificate of ours, or another TLS: see tls.cert",
        "ALERT_CERTIFICATE_EXPIRED": f"it says that the certificate {ours} has expired",
        "ALERT_CERTIFICATE_REVOKED": f"it says that the certificate {ours} is revoked",
        "ALERT_UNKNOWN_CA": f"it does not trust who vouches for the certificate {ours}",
        "ALERT_BAD_CERTIFICATE": f"it does not take the certificate {ours}",
        "WRONG_VERSION_NUMBER": "it does not speak TLS on this port",
    }
    if tls:
        told |= {"Connection reset by peer": "it hung up at once: does it speak TLS on this port?"}
    found = [words for sign, words in told.items() if sign in trouble]
    if not found and (why := _UNTRUSTED.search(trouble)):
        return f"its certificate is not to be trusted: {why[1]}"
    return found[0] if found else trouble
