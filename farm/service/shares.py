"""Routes of productions: what each is due and books in each pool, and bounds of their groups."""

from fastapi import APIRouter

from farm.model.errors import BadRequest, NotFound
from farm.model.names import check_group, check_name
from farm.policy.access import ALL, Right
from farm.policy.entitled import Entitlement, entitlements
from farm.service import answers
from farm.service.access import (
    Caller,
    GroupedProduction,
    SharedProduction,
    VisibleProduction,
)
from farm.service.link import TheStore
from farm.service.requests import Key
from farm.service.share_schemas import (
    GroupIn,
    GroupOut,
    ProductionDetail,
    ShareIn,
    ShareOut,
    ShareSetOut,
)
from farm.service.tokens import on_disk
from farm.store import Store

router = APIRouter(prefix="/productions", tags=["productions"], responses=answers.DESCRIBED)


@router.get("", summary="List productions, pool by pool")
def ls(store: TheStore, caller: Caller) -> list[ShareOut]:
    """What each is set, books and is due: the caller's own production, or all."""
    caller.must_somewhere(Right.READ_JOBS)
    of = None if caller.production == ALL else [caller.production]
    return [ShareOut.of(one) for one in _standing(store, of)]


@router.get("/{production}", summary="Look at a production")
def show(store: TheStore, production: VisibleProduction) -> ProductionDetail:
    """Its shares by pool, and its groups."""
    return ProductionDetail(
        name=production,
        shares=[ShareOut.of(one) for one in _of(store, production)],
        groups=[GroupOut.model_validate(one) for one in store.groups.list(production)],
    )


@router.put("/{production}/share", summary="Set what a production is due of a pool")
def set_share(
    store: TheStore, production: SharedProduction, asked: ShareIn, _key: Key
) -> ShareSetOut:
    """Its weight among others, what it is guaranteed, and what it never exceeds."""
    if asked.pool:
        check_name("pool", asked.pool)
    _check(asked)
    store.productions.set_share(
        production,
        asked.pool,
        weight=asked.weight,
        guarantee_cores=asked.guarantee_cores,
        ceiling_cores=asked.ceiling_cores,
        no_ceiling=asked.no_ceiling,
    )
    on_disk(store, f"the share of {production} is set")
    all_of_them = _standing(store)
    after = next(
        one for one in all_of_them if (one.production, one.pool) == (production, asked.pool)
    )
    warnings = _warnings(after, [one for one in all_of_them if one.pool == asked.pool])
    return ShareSetOut(**ShareOut.of(after).model_dump(), warnings=warnings)


@router.get("/{production}/groups", summary="List groups of a production")
def groups(store: TheStore, production: VisibleProduction) -> list[GroupOut]:
    """Those that have a bound, or hold a slot now."""
    if production not in [one.name for one in store.productions.list()]:
        raise no_production(production)
    return [GroupOut.model_validate(one) for one in store.groups.list(production)]


@router.put("/{production}/groups", summary="Bound what a group may have at once")
def set_group(
    store: TheStore, production: GroupedProduction, asked: GroupIn, _key: Key
) -> GroupOut:
    """It counts for all jobs in the group, and in groups within it, from the next frame on."""
    if asked.most_tasks is None and asked.most_cores is None:
        raise BadRequest("nothing to set: give most_tasks or most_cores")
    check_group(asked.group)
    store.groups.set(
        production, asked.group, most_tasks=asked.most_tasks, most_cores=asked.most_cores
    )
    on_disk(store, f"the bound of group {asked.group} is set")
    for one in store.groups.list(production):
        if one.name == asked.group:
            return GroupOut.model_validate(one)
    return GroupOut(  # nothing bounds it and nothing is held of it: it is forgotten
        production=production,
        name=asked.group,
        most_tasks=0,
        most_cores=0,
        held_tasks=0,
        held_cores=0,
    )


def _standing(store: Store, of: list[str] | None = None) -> list[Entitlement]:
    """Where productions stand. One layer of each tells that it wants something."""
    return entitlements(store.leader.snapshot(layers_per_production=1), of)


def _of(store: Store, production: str) -> list[Entitlement]:
    found = _standing(store, [production])
    if not found:
        raise no_production(production)
    return found


def no_production(production: str) -> NotFound:
    """What somebody is told who names a production that never had a job."""
    return NotFound(
        f"no production {production!r}; it appears with its first job, and `farm productions ls` "
        "shows those there are"
    )


def _check(asked: ShareIn) -> None:
    told = (asked.weight, asked.guarantee_cores, asked.ceiling_cores)
    if not asked.no_ceiling and all(one is None for one in told):
        raise BadRequest("nothing to set: give a weight, a guarantee or a ceiling")
    if asked.no_ceiling and asked.ceiling_cores is not None:
        raise BadRequest("give a ceiling, or none, not both")


def _warnings(after: Entitlement, pool: list[Entitlement]) -> list[str]:
    """What its setter should know: it may be what was meant, and is worth a second look."""
    share, where = after.share, f"pool {after.pool}" if after.pool else "the nodes without a pool"
    told = []
    if not after.pool_cores:
        told.append(f"no node online is in {where}" if after.pool else "no node online has no pool")
    if share.ceiling_cores is not None and share.ceiling_cores < share.guarantee_cores:
        told.append(
            f"the ceiling of {share.ceiling_cores:g} cores is below the guarantee of "
            f"{share.guarantee_cores:g}: the ceiling counts"
        )
    promised = sum(one.share.guarantee_cores for one in pool)
    if share.guarantee_cores and after.pool_cores and promised > after.pool_cores:
        told.append(
            f"guarantees of {where} add up to {promised:g} cores, and {after.pool_cores:g} are "
            "online: not all can be kept at once"
        )
    return told
