"""Tokens in the store: who holds one may do what its role may, until it ends or is revoked.

The store keeps the hash of a secret, never the secret. A secret has 256 random bits, so a plain
SHA-256 is as good as a slow hash: there is nothing to guess.
"""

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from farm.model.errors import BadRequest, NotFound
from farm.model.names import check_name, check_title
from farm.policy.access import ALL, Role
from farm.store import keys
from farm.store.connection import Connection

LONGEST_SECONDS = 10 * 365 * 86_400.0
_MARK = "karst"
_ID_CHARACTERS = 12
_NOBODY = hashlib.sha256(b"").hexdigest()  # compared with when there is no such token


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What is known of a token; its secret is not."""

    id: str
    role: Role
    production: str  #: a name, or "*" for all
    note: str
    created_at: float  #: seconds since 1970, the store's clock
    expires_at: float | None
    ended: bool = False  #: its time is over


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the store says of somebody who asks."""

    token: Token | None  #: None: no token that counts
    asks: bool  #: was any token ever made? From then on the farm asks everybody
    ended: bool = field(default=False)  #: it was a token once, and its time is over


class TokenStore:
    """Make, list, revoke and recognise tokens."""

    def __init__(self, connection: Connection) -> None:
        """Use `connection`."""
        self._connection = connection

    def create(
        self,
        role: Role,
        production: str,
        *,
        note: str = "",
        lasts_seconds: float | None = None,
        request: str = "",
    ) -> tuple[Token, str]:
        """Make a token: what is known of it, and its text, which nobody can tell again.

        The same `request` again makes the same token anew: the first text counts no more, it was
        lost with the answer. Raises BadRequest, BadName.
        """
        _check(production, note, lasts_seconds)
        token_id = new_token_id(request)
        secret = secrets.token_hex(32)
        now = self._now()
        record = {
            "hash": _hash(secret),
            "role": role,
            "production": production,
            "note": note,
            "created": now,
            "expires": None if lasts_seconds is None else now + lasts_seconds,
        }
        with self._connection.guard():
            pipeline = self._connection.client.pipeline(transaction=True)
            pipeline.hset(keys.TOKENS, token_id, json.dumps(record))
            pipeline.set(keys.TOKENS_EVER, 1)
            pipeline.execute()
        return _token(token_id, record, now), f"{_MARK}_{token_id}_{secret}"

    def list(self) -> list[Token]:
        """All tokens, ended ones too, oldest first."""
        with self._connection.guard():
            found = self._connection.client.hgetall(keys.TOKENS)
        now = self._now()
        tokens = [_token(name, json.loads(record), now) for name, record in found.items()]
        return sorted(tokens, key=lambda token: (token.created_at, token.id))

    def get(self, token_id: str) -> Token:
        """One token. Raises NotFound."""
        with self._connection.guard():
            found = self._connection.client.hget(keys.TOKENS, token_id)
        if found is None:
            raise no_token(token_id)
        return _token(token_id, json.loads(found), self._now())

    def revoke(self, token_id: str) -> None:
        """Let a token count no more. Raises NotFound."""
        with self._connection.guard():
            if not self._connection.client.hdel(keys.TOKENS, token_id):
                raise no_token(token_id)

    def ever_made(self) -> bool:
        """Was any token ever made, be it revoked since?"""
        with self._connection.guard():
            return bool(self._connection.client.exists(keys.TOKENS_EVER))

    def know(self, text: str) -> Known:
        """Who holds the token `text`; one round trip."""
        mark, _, rest = text.partition("_")
        token_id, _, secret = rest.partition("_")
        with self._connection.guard():
            pipeline = self._connection.client.pipeline(transaction=False)
            pipeline.exists(keys.TOKENS_EVER)
            pipeline.hget(keys.TOKENS, token_id)
            pipeline.time()
            ever, found, time = pipeline.execute()
        record = json.loads(found) if found and mark == _MARK else {"hash": _NOBODY}
        # Compared in constant time, so that nobody learns a hash by how long a wrong guess takes.
        good = hmac.compare_digest(record["hash"], _hash(secret)) and "role" in record
        token = _token(token_id, record, _seconds(time)) if good else None
        if token is None or token.ended:
            return Known(token=None, asks=bool(ever), ended=token is not None)
        return Known(token=token, asks=bool(ever))

    def _now(self) -> float:
        with self._connection.guard():
            return _seconds(self._connection.client.time())


def new_token_id(request: str = "") -> str:
    """An id that nobody else will have; the same one for the same `request`."""
    if not request:
        return secrets.token_hex(_ID_CHARACTERS // 2)
    return hashlib.sha256(request.encode()).hexdigest()[:_ID_CHARACTERS]


def no_token(token_id: str) -> NotFound:
    """What somebody is told who names a token that is not, or not theirs to see."""
    return NotFound(f"no token {token_id!r:.80}; `farm tokens ls` shows the tokens there are")


def _check(production: str, note: str, lasts_seconds: float | None) -> None:
    if production != ALL:
        check_name("production", production)
    if note:
        check_title("note", note)
    if lasts_seconds is not None and not 0 < lasts_seconds <= LONGEST_SECONDS:
        raise BadRequest(
            f"a token for {lasts_seconds:g} seconds: give more than 0, at most 10 years"
        )


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _seconds(time: tuple[int, int]) -> float:
    return time[0] + time[1] / 1_000_000


def _token(token_id: str, record: dict[str, Any], now: float) -> Token:
    expires = record["expires"]
    return Token(
        id=token_id,
        role=Role(record["role"]),
        production=record["production"],
        note=record["note"],
        created_at=record["created"],
        expires_at=expires,
        ended=expires is not None and now >= expires,
    )
