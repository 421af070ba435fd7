"""The first token, made on the server's own machine; and no start that would let nobody in."""

import ipaddress
import sys

from farm.model.errors import BadRequest, StoreUnavailable
from farm.model.sizes import parse_span
from farm.policy.access import ALL, Role
from farm.store import Store

_STORE_SECONDS = 5.0


def make_token(
    redis_url: str, role: str, *, production: str | None, expires: str | None, note: str
) -> None:
    """Print a new token to stdout, and what to know of it to stderr.

    Raises BadRequest, StoreUnavailable, StoreUnfit.
    """
    if role not in set(Role):
        raise BadRequest(f"role {role!r}: give one of {', '.join(Role)}")
    lasts = None if expires is None else parse_span(expires)
    store = Store.open(redis_url, timeout_seconds=_STORE_SECONDS)
    try:
        token, text = store.tokens.create(
            Role(role), production or ALL, note=note, lasts_seconds=lasts
        )
        if not store.wait_durable():
            sys.stderr.write(
                "farm service: warning: the store has not confirmed that the token is on disk; "
                "set `appendonly yes` in it\n"
            )
    finally:
        store.close()
    of = "all productions" if token.production == ALL else token.production
    sys.stderr.write(
        f"Token {token.id} for {role} of {of}. It is told this once: put it into FARM_TOKEN, or "
        "into a file named in FARM_TOKEN_FILE. From now on the farm asks everybody.\n"
    )
    sys.stdout.write(f"{text}\n")


def is_loopback(address: str) -> bool:
    """Is a socket bound to `address` reached from this machine only?"""
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


def check_somebody_may_enter(redis_url: str) -> None:
    """Raise BadRequest when the farm is to ask everybody, and nobody can have a token.

    A store that is away now is no reason not to start: nobody is let in before it is back.
    """
    try:
        store = Store.open(redis_url, timeout_seconds=_STORE_SECONDS)
    except StoreUnavailable:
        return
    try:
        if store.tokens.ever_made():
            return
    finally:
        store.close()
    raise BadRequest(
        "it would ask everybody for a token, and none was ever made: make the first one with "
        "`farm service --new-token operator`, or let in all who reach it with --open"
    )
