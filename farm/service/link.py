"""The service's hold on the store: it comes up without one, keeps trying, and says so."""

import logging
import threading
from collections.abc import Callable
from typing import Annotated, Self

from fastapi import Depends, Request

from farm.model.errors import FarmError, StoreUnavailable
from farm.store import Store

log = logging.getLogger("farm.service")

RETRY_SECONDS = 1.0


class StoreLink:
    """Tries to open the store until that succeeds; from then on the store reconnects by itself."""

    def __init__(
        self, connect: Callable[[], Store], *, stopping: threading.Event | None = None
    ) -> None:
        self._connect = connect
        self._store: Store | None = None
        self._trouble = "not tried yet"
        #: Set once the service is to end: watchers go home.
        self.stopping = stopping or threading.Event()
        self._thread = threading.Thread(target=self._run, name="store-link", daemon=True)

    @classmethod
    def to(cls, store: Store) -> Self:
        """A link to a store that is open already."""
        link = cls(lambda: store)
        link._store = store
        return link

    def start(self) -> None:
        """Begin to try. The first try is made here, so that a store at hand serves at once."""
        if not self._try():
            self._thread.start()

    def stop(self) -> None:
        """Give up trying."""
        self.stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def get(self) -> Store:
        """The store. Raises StoreUnavailable while it has not been reached yet."""
        if self._store is None:
            raise StoreUnavailable(self._trouble)
        return self._store

    def _run(self) -> None:
        while not self.stopping.wait(RETRY_SECONDS) and not self._try():
            pass

    def _try(self) -> bool:
        if self._store is not None:
            return True
        try:
            self._store = self._connect()
        except FarmError as error:
            if str(error) != self._trouble:  # say each trouble once, not once a second
                log.warning("%s; trying on", error)
            self._trouble = str(error)
            return False
        log.info("the store is reached")
        return True


async def _store(request: Request) -> Store:
    link: StoreLink = request.app.state.link
    return link.get()


#: What a route declares to be given the store, or be answered 503 while there is none.
TheStore = Annotated[Store, Depends(_store)]
