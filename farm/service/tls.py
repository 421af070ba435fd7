"""A certificate and its key, looked at before the service starts: one line instead of a trace."""

import ssl
from pathlib import Path

from farm.model.errors import BadRequest


def check_tls(certificate: str | None, key: str | None) -> None:
    """Raise BadRequest unless both are there and belong together, or neither is given.

    The certificate's file may hold its key.
    """
    if certificate is None:
        if key is not None:
            raise BadRequest("--tls-key needs --tls-cert: the certificate that belongs to the key")
        return
    for option, path in (("--tls-cert", certificate), ("--tls-key", key)):
        if path is not None:
            _check_file(option, path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key, password=_refuse)
    except ssl.SSLError as error:
        raise BadRequest(_why(error, certificate, key or certificate)) from error


def _check_file(option: str, path: str) -> None:
    try:
        with Path(path).open("rb"):
            return
    except OSError as error:
        raise BadRequest(f"{option} {path} cannot be read: {error.strerror or error}") from error


def _refuse() -> str:
    raise BadRequest(
        "the TLS key is encrypted, and a service that starts by itself cannot be asked for its "
        "password: decrypt it with `openssl pkey -in KEY -out PLAIN`, for the service's eyes only"
    )


def _why(error: ssl.SSLError, certificate: str, key: str) -> str:
    if error.reason == "KEY_VALUES_MISMATCH":
        return f"the TLS key {key} is not of the certificate {certificate}: give the one it is of"
    if certificate == key:
        return f"{certificate} does not hold a certificate and its key in PEM: give --tls-key too"
    return f"{certificate} and {key} are no certificate and key in PEM ({error.reason or error})"
