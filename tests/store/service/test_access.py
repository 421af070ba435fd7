"""Who is let in, and what each token sees and may change."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from farm.client import Client
from farm.model.errors import NotAllowed, NotFound
from farm.model.node import NodeHealth
from farm.policy.access import ALL, Role
from farm.service.door import OPEN_PATHS
from farm.store import Store
from tests.makers import a_job, a_node, begin, result
from tests.serving import raw, serving
from tests.store.service.access import a_token, asked, bearer


@pytest.fixture
def job(store: Store) -> str:
    """A job of production heron."""
    return store.jobs.submit(a_job(), key="heron-job")


def routes(url: str) -> Iterator[tuple[str, str]]:
    """Every route there is: method and path."""
    for path, methods in raw(url, "GET", "/openapi.json")[1]["paths"].items():
        for method in methods:
            yield method.upper(), path


def filled(path: str, job: str) -> str:
    """`path` with something in each of its places."""
    for name, value in {"job": job, "frame": "1", "digest": "ab" * 32}.items():
        path = path.replace(f"{{{name}}}", value)
    return path.replace("{", "").replace("}", "")


def test_a_farm_without_tokens_asks_nobody(url: str, job: str) -> None:
    assert raw(url, "GET", "/whoami")[1] == {
        "role": "operator",
        "production": "*",
        "open": True,
        "shared": ["/"],
        "version": raw(url, "GET", "/healthz")[1]["version"],
    }
    assert raw(url, "GET", f"/jobs/{job}")[0] == 200


def test_from_the_first_token_on_every_route_asks_who_is_there(url: str, store: Store) -> None:
    a_token(store, Role.OPERATOR, ALL)
    open_ones = {path for _, path in routes(url)} & OPEN_PATHS
    answers = {
        (method, path): raw(url, method, filled(path, "1"), headers={"Idempotency-Key": "k"})
        for method, path in routes(url)
        if path not in OPEN_PATHS
    }

    assert open_ones == {"/healthz"}
    assert {code for code, _ in answers.values()} == {401}
    assert {told["error"]["kind"] for _, told in answers.values()} == {"NotAllowed"}
    assert raw(url, "GET", "/nothing/there")[0] == 401


def test_every_route_says_that_it_may_ask(url: str) -> None:
    described = raw(url, "GET", "/openapi.json")[1]
    schemes = described["components"]["securitySchemes"]

    assert {"type": "http", "scheme": "bearer"}.items() <= schemes["HTTPBearer"].items()
    for path, methods in described["paths"].items():
        for method, route in methods.items():
            assert {"401", "403"} <= route["responses"].keys(), (method, path)
            assert ("security" in route) == (path not in OPEN_PATHS), (method, path)


def test_the_door_is_shut_before_the_body_is_read(url: str, store: Store) -> None:
    a_token(store)

    assert raw(url, "POST", "/jobs", body=b" " * 2_000_000)[0] == 401


def test_health_stays_open_and_names_nobody(url: str, store: Store) -> None:
    store.leader.lead("scheduler-7f")
    before = raw(url, "GET", "/healthz")[1]
    a_token(store)
    assert raw(url, "GET", "/jobs")[0] == 401
    code, after = raw(url, "GET", "/healthz")

    assert code == 200
    assert before["scheduler"] == "scheduler-7f"
    assert after == before | {"scheduler": "one leads"}


def test_a_farm_goes_on_asking_after_its_last_token_is_revoked(url: str, store: Store) -> None:
    token = store.tokens.create(Role.OPERATOR, ALL)[0]
    store.tokens.revoke(token.id)

    assert raw(url, "GET", "/jobs")[0] == 401


def test_a_service_that_asks_lets_nobody_in_while_there_is_no_token(store: Store) -> None:
    with serving(store, asks=True) as url:
        code, told = raw(url, "GET", "/jobs")

    assert code == 401
    assert told["error"]["message"].startswith("this farm asks who you are: put a token into")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "karst",
        "karst_",
        "karst__",
        "karst_{id}_",
        "karst_{id}_{wrong}",
        "{good}x",
        "x{good}",
    ],
)
def test_what_is_not_the_whole_token_counts_for_nothing(url: str, store: Store, text: str) -> None:
    token, good = store.tokens.create(Role.OPERATOR, ALL)
    told = text.format(id=token.id, wrong="0" * 64, good=good)

    assert raw(url, "GET", "/jobs", headers={"Authorization": f"Bearer {told}"})[0] == 401
    assert raw(url, "GET", "/jobs", headers={"Authorization": f"Basic {good}"})[0] == 401
    assert raw(url, "GET", "/jobs", headers={"Authorization": f"bearer  {good} "})[0] == 200


def test_a_token_ends_when_its_time_is_over(url: str, store: Store) -> None:
    text = store.tokens.create(Role.ARTIST, "heron", lasts_seconds=0.001)[1]
    code, told = asked(url, "GET", "/jobs", text)

    assert code == 401
    assert told["error"]["message"].startswith("the token's time is over")
    assert [token.ended for token in store.tokens.list()] == [True]


def test_another_productions_job_is_answered_as_one_that_never_was(
    url: str, store: Store, job: str
) -> None:
    for role in Role:
        token = a_token(store, role, "lynx")
        for method, path in routes(url):
            if "{job}" not in path:
                continue
            foreign = asked(url, method, filled(path, job), token)
            none = asked(url, method, filled(path, "77"), token)

            assert foreign[0] == none[0] == 404, (method, path)
            assert str(foreign[1]).replace(f"job {job};", "job 77;") == str(none[1])


def test_another_productions_files_are_shut_whether_it_is_there_or_not(
    url: str, store: Store, job: str
) -> None:
    for role in Role:
        token = a_token(store, role, "lynx")
        for method, path in routes(url):
            if "{production}" not in path:
                continue
            answers = []
            for production in ("heron", "stork"):
                place = filled(path.replace("{production}", production), job)
                query = "?offset=0&size_bytes=1" if method == "PUT" else ""
                body: dict[str, Any] = {"json": {"files": []}} if method == "POST" else {}
                code, told = asked(url, method, place + query, token, **body)
                answers.append((code, str(told).replace(production, "it")))

            assert answers[0] == answers[1]
            assert answers[0][0] == 403, (method, path, answers)


def test_everybody_sees_their_own_production_only(url: str, store: Store, job: str) -> None:
    lynx = store.jobs.submit(a_job(production="lynx"), key="lynx-job")
    of_heron, of_all = a_token(store), a_token(store, Role.ARTIST, ALL)

    def listed(token: str, query: str = "") -> list[str]:
        return [row["id"] for row in asked(url, "GET", f"/jobs{query}", token)[1]]

    assert listed(of_heron) == [job]
    assert listed(of_heron, "?production=heron") == [job]
    assert listed(of_all) == [lynx, job]
    assert listed(of_all, "?production=lynx") == [lynx]
    assert asked(url, "GET", "/jobs?production=lynx", of_heron)[0] == 403
    assert asked(url, "GET", f"/jobs/{job}", of_heron)[1]["id"] == job


@pytest.mark.parametrize(
    ("role", "production", "method", "path", "code"),
    [
        (Role.ARTIST, "heron", "POST", "/jobs/{job}/pause", 200),
        (Role.ARTIST, "heron", "PUT", "/jobs/{job}/priority", 200),
        (Role.NODE, "heron", "GET", "/jobs", 403),
        (Role.NODE, "heron", "GET", "/jobs/{job}", 403),
        (Role.NODE, ALL, "POST", "/jobs/{job}/cancel", 403),
        (Role.NODE, "heron", "GET", "/events", 403),
        (Role.NODE, "heron", "GET", "/nodes", 200),
        (Role.ARTIST, "heron", "GET", "/nodes/n1", 200),
        (Role.ARTIST, "heron", "POST", "/nodes/n1/drain", 403),
        (Role.OPERATOR, "heron", "POST", "/nodes/n1/undrain", 403),
        (Role.OPERATOR, ALL, "POST", "/nodes/n1/undrain", 200),
        (Role.OPERATOR, "heron", "GET", "/farm", 403),
        (Role.ARTIST, ALL, "GET", "/audit", 403),
        (Role.OPERATOR, ALL, "GET", "/farm", 200),
        (Role.OPERATOR, ALL, "GET", "/audit", 200),
        (Role.ARTIST, "heron", "GET", "/tokens", 403),
        (Role.NODE, ALL, "GET", "/tokens", 403),
        (Role.OPERATOR, "heron", "GET", "/tokens", 200),
        (Role.NODE, "heron", "GET", "/whoami", 200),
    ],
)
def test_a_route_takes_the_right_it_is_for(
    *,
    url: str,
    store: Store,
    job: str,
    role: Role,
    production: str,
    method: str,
    path: str,
    code: int,
) -> None:
    store.nodes.register(a_node())
    body = {"json": {"priority": 7}} if "priority" in path else {}
    if "drain" in path and "un" not in path:
        body = {"json": {}}

    assert (
        asked(url, method, path.format(job=job), a_token(store, role, production), **body)[0]
        == code
    )


def test_a_job_is_submitted_for_the_tokens_own_production(
    store: Store, request_of: dict[str, Any], scenes: Path, tmp_path: Path
) -> None:
    folders = [str(scenes), str(tmp_path)]
    with serving(store, shared=folders) as url:
        artist = Client(url, token=a_token(store))
        job = artist.submit(request_of | {"production": "heron"}, key="same")["id"]
        with pytest.raises(NotAllowed, match="may not submit jobs of production 'lynx'"):
            artist.submit(request_of | {"production": "lynx"})
        other = Client(url, token=a_token(store, production="lynx"))
        own = other.submit(request_of | {"production": "lynx"}, key="same")["id"]
        with pytest.raises(NotFound, match=f"no job {job}; "):
            other.cancel(job)
        artist.close()
        other.close()

    assert own != job


def test_what_nodes_do_for_others_is_not_told(url: str, store: Store, job: str) -> None:
    epoch = store.nodes.register(a_node())
    lease, tasks = begin(store, epoch=epoch, layer=f"{job}.1")
    health = NodeHealth(warm_scenes=("/show/secret.blend",), unfit="folder /show/x is full")
    store.nodes.heartbeat("n1", epoch, health, {})
    whole = asked(url, "GET", "/nodes", a_token(store, Role.OPERATOR, ALL))[1][0]
    part = asked(url, "GET", "/nodes/n1", a_token(store, Role.OPERATOR))[1]
    store.leases.settle(lease, [result(tasks[0])], want=0)

    assert list(whole["leases"]) == [lease.id]
    assert whole["warm_scenes"] == ["/show/secret.blend"]
    assert part == whole | {
        "leases": {},
        "warm_scenes": [],
        "unfit": "it cannot render at present",
    }


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Host": "localhost:8420"}, 200),
        ({"Host": "[::1]:8420"}, 200),
        ({"Host": "127.0.0.1"}, 200),
        ({"Host": "evil.example:8420"}, 403),
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"X-Forwarded-For": "203.0.113.7"}, 403),
        ({"Forwarded": "for=203.0.113.7"}, 403),
    ],
)
def test_a_farm_that_asks_nobody_answers_this_machine_only(
    store: Store, headers: dict[str, str], code: int
) -> None:
    with serving(store, near=True) as url:
        open_answer = raw(url, "GET", "/jobs", headers=headers)[0]
        token = a_token(store)
        with_token = raw(url, "GET", "/jobs", headers={**headers, **bearer(token)})[0]

    assert open_answer == code
    assert with_token == 200
