"""Who may do what. Pure: a table of rights per role, and one rule.

A token has a role and a production, or `ALL` of them. No token of one production has any right on
another, whatever its role; what concerns the farm as a whole takes a token of all productions.
"""

from collections.abc import Mapping
from enum import StrEnum

ALL = "*"  #: in place of a production's name: all of them


class Role(StrEnum):
    """What a token is for."""

    ARTIST = "artist"  #: submits, watches and steers jobs, sends files and fetches images
    OPERATOR = "operator"  #: the same, and tokens, webhooks, nodes, the farm as a whole
    NODE = "node"  #: a machine that renders: fetches what a job needs, returns results


class Right(StrEnum):
    """One thing that may be done; the value completes "may not …"."""

    READ_JOBS = "look at jobs"
    SUBMIT = "submit jobs"
    STEER = "steer jobs"
    SEND_FILES = "send files"
    READ_FILES = "fetch files"
    RETURN_RESULTS = "return results"
    READ_NODES = "look at nodes"
    STEER_NODES = "steer nodes"
    SET_SHARES = "set shares, limits and filters"
    SET_GROUPS = "bound groups of jobs"
    READ_FARM = "look at the whole farm"
    MANAGE = "manage tokens and webhooks"
    COLLECT = "collect unused files"


#: Rights on the farm as a whole: only a token of all productions has them.
FARM_RIGHTS = frozenset({Right.STEER_NODES, Right.SET_SHARES, Right.READ_FARM, Right.COLLECT})

RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.ARTIST: frozenset(
        {
            Right.READ_JOBS,
            Right.SUBMIT,
            Right.STEER,
            Right.SEND_FILES,
            Right.READ_FILES,
            Right.READ_NODES,
        }
    ),
    Role.OPERATOR: frozenset(Right),
    Role.NODE: frozenset({Right.READ_FILES, Right.RETURN_RESULTS, Right.READ_NODES}),
}


def allowed(role: Role, of: str, right: Right, production: str = ALL) -> bool:
    """May a token for `role`, of production `of`, use `right` on `production`?

    `ALL` as `production` asks for the right on everything: only a token of all has that.
    """
    if right not in RIGHTS[role]:
        return False
    return of == ALL or (of == production and right not in FARM_RIGHTS)


def refusal(role: Role, of: str, right: Right, production: str = ALL) -> str:
    """One line for somebody who is not allowed: what, and who could."""
    who = f"the token is for {_article(role)} of {_all_of(of)}, which may not {right}"
    roles = " or ".join(_article(one) for one in Role if right in RIGHTS[one])
    where = ALL if right in FARM_RIGHTS else production
    on = f" of {_all_of(production)}" if where != ALL and of != production else ""
    return f"{who}{on}: that takes {roles} of {_all_of(where)}"


def _all_of(production: str) -> str:
    return "all productions" if production == ALL else f"production {production!r:.80}"


def _article(role: Role) -> str:
    return f"an {role}" if role[0] in "ao" else f"a {role}"
