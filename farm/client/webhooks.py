"""Webhooks as Python methods: `client.webhooks`."""

from collections.abc import Collection
from urllib.parse import quote

from farm.wire import Answer, Wire


class Webhooks:
    """Who hears of the ends of jobs, for operators."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def add(
        self, url: str, production: str, *, events: Collection[str] = (), note: str = ""
    ) -> Answer:
        """Tell `url` of the ends of jobs; what signs it is `["secret"]`, told this once."""
        asked: Answer = {"url": url, "production": production, "note": note}
        if events:
            asked["events"] = list(events)
        return self._wire.change("POST", "/webhooks", asked)

    def remove(self, hook: str) -> Answer:
        """Tell the webhook nothing more."""
        return self._wire.change("DELETE", _path(hook), {})

    def test(self, hook: str) -> Answer:
        """Send the webhook a test; the delivery, which is still on its way."""
        return self._wire.change("POST", _path(hook, "/test"), {})

    def deliveries(self, hook: str, *, limit: int = 100) -> list[Answer]:
        """What the webhook was, or will be, told, newest first."""
        return self._wire.rows(_path(hook, "/deliveries"), {"limit": limit})

    def list(self) -> list[Answer]:
        """Those of the caller's production, or all; never their secrets."""
        return self._wire.rows("/webhooks", {})


def _path(hook: str, rest: str = "") -> str:
    return f"/webhooks/{quote(hook, safe='')}{rest}"
