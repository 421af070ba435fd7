"""Who may do what: a table, and a law that no role bends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.policy.access import ALL, FARM_RIGHTS, RIGHTS, Right, Role, allowed, refusal

names = st.text("abcß中-_.09", min_size=1, max_size=8)
roles = st.sampled_from(Role)
rights = st.sampled_from(Right)


@pytest.mark.parametrize(
    ("role", "of", "right", "production", "may"),
    [
        (Role.ARTIST, "heron", Right.SUBMIT, "heron", True),
        (Role.ARTIST, "heron", Right.STEER, "heron", True),
        (Role.ARTIST, "heron", Right.SUBMIT, "lynx", False),
        (Role.ARTIST, "heron", Right.MANAGE, "heron", False),
        (Role.ARTIST, "heron", Right.RETURN_RESULTS, "heron", False),
        (Role.ARTIST, ALL, Right.SUBMIT, "lynx", True),
        (Role.ARTIST, ALL, Right.READ_FARM, ALL, False),
        (Role.OPERATOR, "heron", Right.MANAGE, "heron", True),
        (Role.OPERATOR, "heron", Right.MANAGE, "lynx", False),
        (Role.OPERATOR, "heron", Right.MANAGE, ALL, False),
        (Role.OPERATOR, "heron", Right.STEER_NODES, "heron", False),
        (Role.OPERATOR, "heron", Right.COLLECT, ALL, False),
        (Role.OPERATOR, ALL, Right.STEER_NODES, ALL, True),
        (Role.OPERATOR, ALL, Right.READ_JOBS, "lynx", True),
        (Role.NODE, ALL, Right.RETURN_RESULTS, "lynx", True),
        (Role.NODE, ALL, Right.READ_FILES, "lynx", True),
        (Role.NODE, ALL, Right.READ_JOBS, "lynx", False),
        (Role.NODE, ALL, Right.SUBMIT, "lynx", False),
        (Role.NODE, "heron", Right.READ_FILES, "lynx", False),
    ],
)
def test_a_token_may_what_the_table_says(
    role: Role, of: str, right: Right, production: str, may: bool
) -> None:
    assert allowed(role, of, right, production) is may


@given(roles, names, rights, names | st.just(ALL))
def test_a_token_of_one_production_has_no_right_on_another(
    role: Role, of: str, right: Right, production: str
) -> None:
    if of != production:
        assert not allowed(role, of, right, production)


@given(roles, names, st.sampled_from(sorted(FARM_RIGHTS)), names | st.just(ALL))
def test_a_token_of_one_production_has_no_right_on_the_farm(
    role: Role, of: str, right: Right, production: str
) -> None:
    assert not allowed(role, of, right, production)


@given(roles, names, rights, names | st.just(ALL))
def test_a_token_of_all_productions_may_what_its_role_may_anywhere(
    role: Role, of: str, right: Right, production: str
) -> None:
    assert allowed(role, ALL, right, production) is (right in RIGHTS[role])
    assert allowed(role, of, right, of) <= allowed(role, ALL, right, production)


def test_every_role_has_rights_and_an_operator_all_of_them() -> None:
    assert set(RIGHTS) == set(Role)
    assert all(RIGHTS.values())
    assert RIGHTS[Role.OPERATOR] == set(Right)


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        (
            (Role.ARTIST, "heron", Right.STEER_NODES, ALL),
            (
                "the token is for an artist of production 'heron', which may not steer nodes: "
                "that takes an operator of all productions"
            ),
        ),
        (
            (Role.ARTIST, "heron", Right.SUBMIT, "lynx"),
            (
                "the token is for an artist of production 'heron', which may not submit jobs of "
                "production 'lynx': that takes an artist or an operator of production 'lynx'"
            ),
        ),
        (
            (Role.NODE, ALL, Right.MANAGE, "lynx"),
            (
                "the token is for a node of all productions, which may not manage tokens and "
                "webhooks of production 'lynx': that takes an operator of production 'lynx'"
            ),
        ),
    ],
)
def test_a_refusal_says_what_the_token_is_for_and_who_could(
    asked: tuple[Role, str, Right, str], line: str
) -> None:
    assert refusal(*asked) == line
