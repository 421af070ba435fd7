"""Who asks, and what of the farm they may see and do.

The door stands before every route: whoever shows no token that counts is answered 401 before
anything of the request is read. Routes then say what they need: a right, or a job that the caller
may see. Another production's job is answered exactly as one that never was.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from farm.model.errors import NotAllowed
from farm.policy.access import ALL, Right, Role, allowed, refusal
from farm.service.answers import Stranger
from farm.service.link import StoreLink, TheStore
from farm.service.requests import JobId, ProductionName
from farm.store import Store
from farm.store.jobs import no_job


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who asks."""

    role: Role
    production: str  #: a name, or "*" for all
    token: str = ""  #: its id; "" while the farm asks nobody

    @property
    def is_anybody(self) -> bool:
        """Does the farm ask nobody who they are?"""
        return not self.token

    def may(self, right: Right, production: str = ALL) -> bool:
        """Has the caller `right` on `production`?"""
        return allowed(self.role, self.production, right, production)

    def must(self, right: Right, production: str = ALL) -> None:
        """Raise NotAllowed unless the caller has `right` on `production`."""
        if not self.may(right, production):
            raise NotAllowed(refusal(self.role, self.production, right, production))

    def must_somewhere(self, right: Right) -> None:
        """Raise NotAllowed unless the caller has `right` on its own production, or on all."""
        self.must(right, self.production)


#: While the farm asks nobody, everybody is this.
ANYBODY = Identity(role=Role.OPERATOR, production=ALL)


class Access:
    """Recognises callers by their token."""

    def __init__(self, link: StoreLink, *, asks: bool = False) -> None:
        """Ask everybody from the start when `asks`, else from the first token ever made on."""
        self._link = link
        self._asks = asks

    @property
    def asks(self) -> bool:
        """Does the farm ask everybody, as far as is known by now?"""
        return self._asks

    def caller(self, authorization: str) -> Identity:
        """Who sends this Authorization header. Raises Stranger, StoreUnavailable."""
        scheme, _, text = authorization.strip().partition(" ")
        bearer = text.strip() if scheme.lower() == "bearer" else ""
        known = self._link.get().tokens.know(bearer)
        self._asks |= known.asks
        if known.token is not None:
            token = known.token
            return Identity(role=token.role, production=token.production, token=token.id)
        if not self._asks:
            return ANYBODY
        raise Stranger(_who_are_you(bearer, ended=known.ended))


def _who_are_you(bearer: str, *, ended: bool) -> str:
    if not bearer:
        return (
            "this farm asks who you are: put a token into FARM_TOKEN or token_file; an operator "
            "makes one with: farm tokens create"
        )
    what = "the token's time is over" if ended else "the token is not known here, or was revoked"
    return f"{what}: ask an operator for a new one (farm tokens create)"


async def _caller(
    request: Request,
    _bearer: Annotated[object, Depends(HTTPBearer(auto_error=False, description="A token."))],
) -> Identity:
    """Whom the door let in."""
    caller: Identity = request.state.caller
    return caller


Caller = Annotated[Identity, Depends(_caller)]


def check_job(job: str, right: Right, *, store: Store, caller: Identity) -> str:
    """Raise unless the caller has `right` on the job's production; returns `job`.

    A job of another production is not found, as if it never was; lacking the right is told only
    to those who may know of the job. Raises NotFound, NotAllowed.
    """
    production = store.jobs.production(job)
    if caller.production not in (ALL, production):
        raise no_job(job)
    caller.must(right, production)
    return job


def _job_for(right: Right) -> Callable[..., str]:
    def job_id(job: JobId, store: TheStore, caller: Caller) -> str:
        return check_job(job, right, store=store, caller=caller)

    return job_id


VisibleJob = Annotated[str, Depends(_job_for(Right.READ_JOBS))]  #: to look at, with its images
SteeredJob = Annotated[str, Depends(_job_for(Right.STEER))]  #: to change
RenderedJob = Annotated[str, Depends(_job_for(Right.RETURN_RESULTS))]  #: to send results of
SuppliedJob = Annotated[str, Depends(_job_for(Right.READ_FILES))]  #: to fetch files of


def _production_for(right: Right) -> Callable[..., Awaitable[str]]:
    async def production_name(production: ProductionName, caller: Caller) -> str:
        caller.must(right, production)
        return production

    return production_name


VisibleProduction = Annotated[str, Depends(_production_for(Right.READ_JOBS))]
SharedProduction = Annotated[str, Depends(_production_for(Right.SET_SHARES))]  #: to set its shares
GroupedProduction = Annotated[str, Depends(_production_for(Right.SET_GROUPS))]
