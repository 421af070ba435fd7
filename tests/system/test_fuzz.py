"""Every route that the service describes, asked in ways nobody would, by callers of all kinds.

None may meet an error of the service's own, show another production's secrets, or lead out of the
folders of the farm. FUZZ_EXAMPLES says with how many requests each caller asks each route.
"""

import http.client
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from farm.store import Store
from farm.up.store import StoreProcess
from tests.lengths import IS_SOAK, how_many
from tests.serving import raw
from tests.system.fuzz_stage import OF_HERON, OUTSIDE, Stage, a_stage

EXAMPLES = how_many("FUZZ_EXAMPLES", short=6, long=240)
pytestmark = [pytest.mark.system, pytest.mark.timeout(60 + 10 * EXAMPLES)]

CALLERS = ("nobody", "node", "artist", "operator")  #: who may remove what is there comes last
STREAM = "GET /events"  #: it never ends, and so has a test of its own
#: A node of all productions fetches the files of every job.
OF_NODES = {f"GET /{of}/files/{{digest}}" for of in ("productions/{production}", "jobs/{job}")}
_SHUT = "place-of-"
_QUICK = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize="CI" in os.environ or not (IS_SOAK or "FUZZ_EXAMPLES" in os.environ),
    database=None,
)


@dataclass(kw_only=True)
class Answer:
    """What came back, as it came."""

    status: int
    headers: str
    body: bytes

    def tells(self, word: str) -> bool:
        return word in self.headers or word.encode() in self.body


@dataclass(kw_only=True)
class Fuzz:
    """Asks, looks at every answer, and counts."""

    stage: Stage
    tried: int = 0
    statuses: dict[str, set[int]] = field(default_factory=dict)

    def ask(self, label: str, caller: str, request: tuple[Any, ...]) -> None:
        """Send it as `caller`, and check what comes back."""
        method, target, headers, body = request
        answer = _send(self.stage.url, method, target, _as(self.stage, caller, headers), body)
        self.tried += 1
        self.statuses.setdefault(caller, set()).add(answer.status)
        what = f"{caller}: {method} {target} {body!r:.300} -> {answer}"
        assert answer.status < 500, what
        if answer.status >= 400:
            told = json.loads(answer.body)["error"]
            assert set(told) == {"kind", "message"}, what
        assert not answer.tells(OUTSIDE), what
        if caller != "operator" and not (caller == "node" and label in OF_NODES):
            assert not answer.tells(OF_HERON), what


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with StoreProcess.start(tmp_path_factory.mktemp("store")) as server:
        store = Store.open(server.url)
        with a_stage(store, tmp_path_factory.mktemp("stage")) as stage:
            yield stage
        assert store.audit() == []
        store.close()


def test_who_may_see_the_secrets_sees_them(stage: Stage) -> None:
    places = ["/jobs", f"/jobs/{stage.heron}", "/tokens", "/webhooks", "/nodes"]
    files = f"/productions/heron/files/{stage.scene}", f"/jobs/{stage.heron}/frames/1/image"
    for place in (*places, *files):
        answer = _send(stage.url, "GET", place, _as(stage, "operator", {}), None)
        assert answer.status == 200
        assert answer.tells(OF_HERON), place


@pytest.mark.parametrize("what", ["image", "thumbnail", "log"])
def test_what_a_link_leads_out_to_is_told_to_nobody(stage: Stage, what: str) -> None:
    for caller in ("operator", "artist"):
        place = f"/jobs/{stage.lynx}/frames/1/{what}"
        answer = _send(stage.url, "GET", place, _as(stage, caller, {}), None)
        assert answer.status == 403
        assert not answer.tells(OUTSIDE)


def test_no_request_breaks_the_service_or_shows_what_it_must_not(stage: Stage) -> None:
    fuzz = Fuzz(stage=stage)
    description = raw(stage.url, "GET", "/openapi.json")[1]
    described: Any = schemathesis.openapi.from_dict(description).get_all_operations()
    operations = [one.ok() for one in described]
    operations = [one for one in operations if one.label != STREAM]
    for operation in operations:
        _each(operation, stage, partial(fuzz.ask, operation.label))

    on = f"{len(operations)} operations as {len(CALLERS)} callers"
    sys.stdout.write(f"tried {fuzz.tried} requests on {on}: {fuzz.statuses}\n")
    assert fuzz.statuses["nobody"] == {200, 401}
    assert {200, 400, 404} <= fuzz.statuses["operator"]


@pytest.mark.parametrize(
    ("caller", "status"), [("operator", 200), ("artist", 200), ("node", 403), ("nobody", 401)]
)
def test_what_happens_is_told_to_those_it_concerns(stage: Stage, caller: str, status: int) -> None:
    connection = http.client.HTTPConnection(urlsplit(stage.url).netloc, timeout=10)
    connection.request("GET", "/events?after=0", headers=_as(stage, caller, {}))
    answer = connection.getresponse()
    begins = answer.read1(4096)
    if status == 200:
        begins += answer.read1(65_536)  # the facts of old
    connection.close()

    assert answer.status == status
    assert begins.startswith(b": listening" if status == 200 else b'{"error"')
    if caller != "operator":
        assert OF_HERON.encode() not in begins


def _each(operation: Any, stage: Stage, ask: Callable[[str, tuple[Any, ...]], None]) -> None:
    """Let `ask` have requests for `operation`, each of every caller: good ones, wrong, and mean."""
    cases = operation.as_strategy()
    if operation.label != "GET /healthz":  # nothing can be wrong with a request for it
        cases |= operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)

    @_QUICK
    @given(case=cases, data=st.data())
    def every(case: Any, data: st.DataObject) -> None:
        stage.mend()
        request = _request(case, stage, data)
        for caller in CALLERS:
            ask(caller, request)

    every()


def _request(case: Any, stage: Stage, data: st.DataObject) -> tuple[Any, ...]:
    """Method, target, headers and body: half of its parts as schemathesis made them."""
    places = {}
    for name in case.path_parameters or {}:
        there = stage.known[name]
        if data.draw(st.booleans(), label=f"let {name} be real or mean"):
            places[_SHUT + name] = data.draw(
                st.sampled_from(there) | st.sampled_from([*there, *_mean(stage)])
            )
            case.path_parameters[name] = _SHUT + name
    _steer(case, stage, data)
    asked = case.as_transport_kwargs(base_url=stage.url)
    asked.pop("timeout", None)
    known = {name: asked[name] for name in asked.keys() & _TAKEN}
    prepared = requests.Request(**known).prepare()
    target = prepared.path_url
    for place, value in places.items():
        target = target.replace(place, value)
    return prepared.method, target, dict(prepared.headers), prepared.body


_TAKEN = {"method", "url", "headers", "params", "data", "json", "files", "cookies"}


def _mean(stage: Stage) -> list[str]:
    """Values that would lead elsewhere if a path were made of them; they go out as they are."""
    outside = str(stage.folder / "outside")
    climbs = ["..", "%2e%2e", "%2e%2e%2f" * 9 + quote(outside[1:], safe=""), "%00", "%ff", "%0a"]
    return [*climbs, outside, quote(outside, safe=""), "..%2f..%2foutside", "@nodes", "*", "-1"]


def _steer(case: Any, stage: Stage, data: st.DataObject) -> None:
    """Half of the time put names of what is there into the query and the body."""
    if not data.draw(st.booleans(), label="steer"):
        return
    if case.operation.label == "GET /jobs" and isinstance(case.query, dict):
        case.query["production"] = data.draw(st.sampled_from(["heron", "lynx"]))
    made = _bodies(stage).get(case.operation.label)
    if made is not None:
        case.body = data.draw(made)
        case.media_type = "application/json"


def _bodies(stage: Stage) -> dict[str, st.SearchStrategy[dict[str, Any]]]:
    """Bodies that reach for what is there."""
    production = st.sampled_from(["heron", "lynx", "*", "../heron"])
    digest = st.sampled_from([stage.scene, stage.manifest, "../../outside"])
    shared = stage.folder / "shared"
    scenes = [f"/{OF_HERON[:6]}.blend", f"{stage.folder}/outside", f"{shared}/link/outside", "../x"]
    files = st.lists(st.fixed_dictionaries({"digest": digest, "size_bytes": st.integers(0, 99)}))
    job = {"scene": st.sampled_from(scenes), "production": production}
    more = {"manifest": digest, "output": st.sampled_from([f"{shared}/o_##", "/../etc/o_##"])}
    urls = st.sampled_from(["http://[::1", "http://x:99999/", "file:///etc/passwd", "http://a\x00"])
    missing = st.fixed_dictionaries({"files": files})
    token = {"role": st.sampled_from(["artist", "node"]), "production": production}
    lasts = {"lasts_seconds": st.floats(width=64) | st.integers(), "note": st.text()}
    return {
        "POST /jobs": st.fixed_dictionaries(job, optional=more),
        "POST /productions/{production}/files/missing": missing,
        "POST /jobs/{job}/files/missing": missing,
        "POST /webhooks": st.fixed_dictionaries({"url": urls, "production": production}),
        "POST /tokens": st.fixed_dictionaries(token, optional=lasts),
    }


def _as(stage: Stage, caller: str, headers: dict[str, Any]) -> dict[str, Any]:
    """The headers, with the caller's own token or none."""
    others = {name: value for name, value in headers.items() if name.lower() != "authorization"}
    token = stage.tokens[caller]
    return others | ({"Authorization": f"Bearer {token}"} if token else {})


def _send(url: str, method: str, target: str, headers: dict[str, Any], body: Any) -> Answer:
    """The answer to exactly this: no client's tidying of paths comes between."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        connection.request(method, target, body=body, headers=headers)
        answer = connection.getresponse()
        return Answer(status=answer.status, headers=str(answer.headers), body=answer.read())
    finally:
        connection.close()
