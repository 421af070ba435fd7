"""Routes of tokens: who am I, make, list, revoke. A token's text is told once, when it is made."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from farm import __version__
from farm.model.errors import Conflict, StoreUnavailable
from farm.policy.access import ALL, Right, Role
from farm.service import answers
from farm.service.access import Caller
from farm.service.link import TheStore
from farm.service.requests import Key
from farm.service.shared import Shared
from farm.store import Store
from farm.store.tokens import no_token

router = APIRouter(tags=["access"], responses=answers.DESCRIBED)


class WhoOut(BaseModel):
    role: Role
    production: str = Field(description='A name, or "*" for all.')
    open: bool = Field(description="Does the farm ask nobody who they are?")
    shared: list[str] = Field(description="Folders that in-place jobs may lie in.")
    version: str = __version__


class TokenIn(BaseModel, extra="forbid"):
    role: Role
    production: str = Field(description='A name, or "*" for all.')
    note: str = Field("", description="Who holds it, for the list.")
    lasts_seconds: float | None = Field(None, description="It never ends when left out.")


class TokenOut(BaseModel, from_attributes=True):
    id: str
    role: Role
    production: str
    note: str
    created_at: float
    expires_at: float | None
    ended: bool = Field(description="Its time is over.")


class MadeTokenOut(TokenOut):
    token: str = Field(description="What to send as `Authorization: Bearer`; told this once.")


@router.get("/whoami", summary="Who am I?")
def whoami(caller: Caller, shared: Shared) -> WhoOut:
    """What the caller's token is for."""
    return WhoOut(
        role=caller.role, production=caller.production, open=caller.is_anybody, shared=list(shared)
    )


@router.get("/tokens", summary="List tokens")
def ls(store: TheStore, caller: Caller) -> list[TokenOut]:
    """Those of the caller's production, or all; ended ones too. Never their texts."""
    caller.must_somewhere(Right.MANAGE)
    found = [one for one in store.tokens.list() if caller.may(Right.MANAGE, one.production)]
    return [TokenOut.model_validate(token) for token in found]


@router.post("/tokens", status_code=201, summary="Make a token")
def post(store: TheStore, asked: TokenIn, key: Key, caller: Caller) -> MadeTokenOut:
    """From the first one on, the farm asks everybody who they are.

    The same Idempotency-Key again makes the same token with a new text: the first was lost with
    its answer, and counts no more.
    """
    caller.must(Right.MANAGE, asked.production)
    first = caller.is_anybody and not store.tokens.ever_made()
    if first and (asked.role, asked.production) != (Role.OPERATOR, ALL):
        raise Conflict(
            "the first token must be for an operator of all productions: from it on the farm asks "
            "everybody, and nobody else could make the next"
        )
    token, text = store.tokens.create(
        asked.role,
        asked.production,
        note=asked.note,
        lasts_seconds=asked.lasts_seconds,
        request=f"{caller.token}:{key}",
    )
    on_disk(store, f"token {token.id} is made")
    return MadeTokenOut(**TokenOut.model_validate(token).model_dump(), token=text)


@router.delete("/tokens/{token}", summary="Revoke a token")
def revoke(store: TheStore, token: str, _key: Key, caller: Caller) -> TokenOut:
    """It counts no more, at once; whoever follows events with it is cut off within seconds."""
    caller.must_somewhere(Right.MANAGE)
    found = store.tokens.get(token)
    if not caller.may(Right.MANAGE, found.production):
        raise no_token(token)
    store.tokens.revoke(token)
    on_disk(store, f"token {token} is revoked")
    return TokenOut.model_validate(found)


def on_disk(store: Store, what: str) -> None:
    """Raise StoreUnavailable unless the store has it on disk soon: a crash must not undo it."""
    if not store.wait_durable():
        raise StoreUnavailable(
            f"{what}, but the store has not confirmed that it is on disk: set `appendonly yes` in "
            "the store if it is off, and repeat the request"
        )
