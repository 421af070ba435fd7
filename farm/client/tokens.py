"""Tokens as Python methods: `client.tokens`."""

from urllib.parse import quote

from farm.wire import Answer, Wire


class Tokens:
    """Who may do what, for operators."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def list(self) -> list[Answer]:
        """Those of the caller's production, or all; never their texts."""
        return self._wire.rows("/tokens", {})

    def create(
        self, role: str, production: str, *, note: str = "", lasts_seconds: float | None = None
    ) -> Answer:
        """Make a token; its text is `["token"]`, told this once."""
        asked = {
            "role": role,
            "production": production,
            "note": note,
            "lasts_seconds": lasts_seconds,
        }
        return self._wire.change("POST", "/tokens", asked)

    def revoke(self, token: str) -> Answer:
        """Let the token of this id count no more."""
        return self._wire.change("DELETE", f"/tokens/{quote(token, safe='')}", {})
