"""Callers with tokens, for tests of who may do what."""

from typing import Any

from farm.client import Client
from farm.policy.access import Role
from farm.store import Store
from tests.serving import raw


def a_token(store: Store, role: Role = Role.ARTIST, production: str = "heron") -> str:
    """The text of a new token."""
    return store.tokens.create(role, production)[1]


def bearer(token: str, **more: str) -> dict[str, str]:
    return {"Idempotency-Key": "k", "Authorization": f"Bearer {token}", **more}


def asked(url: str, method: str, path: str, token: str, **more: Any) -> tuple[int, Any]:
    """The answer to a request with `token`."""
    return raw(url, method, path, headers=bearer(token), **more)


def client_with(url: str, token: str) -> Client:
    return Client(url, token=token)
