"""Files over HTTP: what the farm lacks, sending, fetching; refusals in one plain line."""

import json
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import urllib3

from farm.client import Client
from farm.files.content import ContentStore
from farm.files.hashing import hash_bytes
from farm.model.errors import NotFound, UploadElsewhere, WrongDigest, WrongOffset
from farm.policy.access import Role
from farm.store import Store
from farm.wire import FileWire
from tests.sending import DIGEST, WOOD, age, parts, send
from tests.serving import raw, serving
from tests.store.service.access import a_token, asked, bearer

HERON = "/productions/heron/files"
KEY = {"Idempotency-Key": "k"}


@pytest.fixture
def wire(client: Client) -> FileWire:
    return FileWire(client.wire, HERON)


@pytest.fixture
def wood(tmp_path: Path) -> Path:
    path = tmp_path / "wood.png"
    path.write_bytes(WOOD)
    return path


def test_a_file_is_sent_once_and_comes_back_the_same(
    wire: FileWire, wood: Path, tmp_path: Path, content: ContentStore
) -> None:
    assert wire.missing([(DIGEST, len(WOOD)), (DIGEST, len(WOOD))]) == {DIGEST: 0}
    moved: list[int] = []
    wire.send(wood, digest=DIGEST, size_bytes=len(WOOD), on_bytes=moved.append)
    wire.fetch(DIGEST, tmp_path / "back.png", size_bytes=len(WOOD))

    assert wire.missing([(DIGEST, len(WOOD))]) == {}
    assert sum(moved) == len(WOOD)
    assert (tmp_path / "back.png").read_bytes() == WOOD
    assert content.owned("heron", DIGEST)


def test_who_asks_for_a_file_keeps_it(
    wire: FileWire, content: ContentStore, tmp_path: Path
) -> None:
    send(content)
    age(content.path_of(DIGEST))
    old = content.path_of(DIGEST).stat().st_mtime
    wire.missing([(DIGEST, len(WOOD))])

    assert content.path_of(DIGEST).stat().st_mtime > old


def test_a_file_of_another_size_than_told_is_missing_and_refused_when_it_is_sent(
    wire: FileWire, content: ContentStore, wood: Path
) -> None:
    send(content)

    assert wire.missing([(DIGEST, 7)]) == {DIGEST: 0}
    with pytest.raises(WrongDigest, match="has 4000 bytes, not 7: hash it again"):
        wire.send(wood, digest=DIGEST, size_bytes=7)


def test_a_production_learns_nothing_of_what_others_have_sent(
    client: Client, content: ContentStore, wood: Path, tmp_path: Path
) -> None:
    send(content, production="kite")
    heron = FileWire(client.wire, HERON)

    assert heron.missing([(DIGEST, len(WOOD))]) == {DIGEST: 0}
    with pytest.raises(NotFound, match="production heron has no file"):
        heron.fetch(DIGEST, tmp_path / "back.png", size_bytes=len(WOOD))
    heron.send(wood, digest=DIGEST, size_bytes=len(WOOD))
    assert content.path_of(DIGEST).stat().st_nlink == 3


def test_a_file_that_comes_by_another_connection_or_from_elsewhere_is_told_apart(
    wire: FileWire, content: ContentStore, wood: Path
) -> None:
    with content.receive("heron", DIGEST, len(WOOD)) as upload:
        upload.write(WOOD[:100])
        with pytest.raises(UploadElsewhere, match="ask again in a moment"):
            wire.send(wood, digest=DIGEST, size_bytes=len(WOOD), offset=100)

    assert wire.missing([(DIGEST, len(WOOD))]) == {DIGEST: 100}
    with pytest.raises(WrongOffset, match="has its first 100 bytes, not 0"):
        wire.send(wood, digest=DIGEST, size_bytes=len(WOOD))
    wire.send(wood, digest=DIGEST, size_bytes=len(WOOD), offset=100)
    assert wire.missing([(DIGEST, len(WOOD))]) == {}


def test_other_bytes_than_they_are_called_are_refused_and_gone(
    wire: FileWire, content: ContentStore, wood: Path
) -> None:
    other = hash_bytes(b"other")
    with pytest.raises(WrongDigest, match=f"have the digest {DIGEST}"):
        wire.send(wood, digest=other, size_bytes=len(WOOD))

    assert wire.missing([(other, len(WOOD))]) == {other: 0}
    assert not content.has(other)
    assert parts(content) == []


def test_a_file_that_became_shorter_while_it_was_read_is_not_sent(
    wire: FileWire, content: ContentStore, wood: Path
) -> None:
    with pytest.raises(WrongDigest, match="has become shorter"):
        wire.send(wood, digest=DIGEST, size_bytes=len(WOOD) + 1)

    assert not content.has(DIGEST)


@pytest.mark.parametrize(
    ("path", "body", "code", "said"),
    [
        (f"{DIGEST}?size_bytes=4000", WOOD[:-1], 400, "4000 are left from offset 0 on, and"),
        (f"{DIGEST}?size_bytes=3999", WOOD, 400, "the request has 4000: send exactly the rest"),
        (f"{DIGEST}?size_bytes=10&offset=11", b"", 400, "0 are left from offset 11 on"),
        (f"{DIGEST}?size_bytes=-1", WOOD, 400, "size_bytes '-1'"),
        (
            f"{DIGEST}?size_bytes=99999999999999999999",
            WOOD,
            400,
            "size_bytes '99999999999999999999'",
        ),
        (DIGEST, WOOD, 400, "size_bytes is missing"),
        (f"{DIGEST.upper()}?size_bytes=4000", WOOD, 400, "write BLAKE3's 256 bits as 64 digits"),
        ("..%2f..%2fetc%2fpasswd?size_bytes=4000", WOOD, 404, "Not Found"),
        (f"%00{DIGEST[1:]}?size_bytes=4000", WOOD, 400, "write BLAKE3's 256 bits"),
    ],
)
def test_a_file_that_is_told_wrong_is_refused_in_one_line(
    *, url: str, content: ContentStore, path: str, body: bytes, code: int, said: str
) -> None:
    got, answer = raw(url, "PUT", f"{HERON}/{path}", body=body, headers=KEY)

    assert got == code
    assert said in answer["error"]["message"]
    assert "\n" not in answer["error"]["message"]
    assert parts(content) == []


@pytest.mark.parametrize("production", ["..", "a%2fb", ".x", "%F0%A0%80%80" * 64, "%00"])
def test_a_production_that_is_no_name_is_refused(
    url: str, content: ContentStore, production: str
) -> None:
    for method, path in (
        ("PUT", f"{DIGEST}?size_bytes=4000"),
        ("GET", DIGEST),
        ("POST", "missing"),
    ):
        asked: dict[str, Any] = {"json": {"files": []}} if method == "POST" else {}
        code, answer = raw(
            url, method, f"/productions/{production}/files/{path}", headers=KEY, **asked
        )
        assert code in {200, 400, 404}, answer

    assert not content.uploads.exists()


def test_too_many_or_too_long_is_refused(store: Store, content: ContentStore) -> None:
    with serving(store, content=content, most_upload_bytes=3000) as url:
        large, _ = raw(url, "PUT", f"{HERON}/{DIGEST}?size_bytes=4000", body=WOOD, headers=KEY)
        _, of_parts = raw(
            url, "PUT", f"{HERON}/{DIGEST}?size_bytes=4000&offset=3999", body=b"d", headers=KEY
        )
    with serving(store, content=content) as url:
        file = {"digest": DIGEST, "size_bytes": 1}
        many, _ = raw(url, "POST", f"{HERON}/missing", json={"files": [file] * 10_001}, headers=KEY)
        most, answer = raw(
            url, "POST", f"{HERON}/missing", json={"files": [file] * 10_000}, headers=KEY
        )
        pack, _ = raw(url, "POST", f"{HERON}/pack", body=bytes(64 * 1024**2 + 1), headers=KEY)

    assert (large, many, most, pack) == (413, 400, 200, 413)
    assert "this farm takes 2.9 KiB at most (farm service --most-upload)" in str(of_parts)
    assert answer["missing"] == [{"digest": DIGEST, "offset": 0}]


def chunked(url: str, path: str, *chunks: bytes) -> dict[str, Any]:
    """The error of a PUT whose length nobody tells before it ends."""
    parts = urlsplit(url)
    assert parts.hostname
    with socket.create_connection((parts.hostname, parts.port or 0), timeout=20) as line:
        head = f"PUT {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nIdempotency-Key: k\r\n"
        line.sendall(head.encode() + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n")
        for chunk in (*chunks, b""):
            line.sendall(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        answer = b""
        while block := line.recv(65_536):
            answer += block
    told: dict[str, Any] = json.loads(answer.rpartition(b"\r\n\r\n")[2])
    return told


def test_a_body_of_untold_length_is_held_to_what_the_file_has(
    url: str, content: ContentStore
) -> None:
    path = f"{HERON}/{DIGEST}?size_bytes=4000"

    assert "goes on after the 4000 bytes" in str(chunked(url, path, WOOD, b"more"))
    content.part_of("heron", DIGEST).unlink(missing_ok=True)
    assert "ended after 10 of the 4000 bytes" in str(chunked(url, path, WOOD[:10]))
    assert chunked(url, f"{path}&offset=10", WOOD[10:99], WOOD[99:])["size_bytes"] == 4000
    assert content.owned("heron", DIGEST)


def test_parts_of_a_file_are_given_as_asked(url: str, content: ContentStore) -> None:
    send(content)
    address = f"{url}{HERON}/{DIGEST}"

    def get(**headers: str) -> urllib3.BaseHTTPResponse:
        return urllib3.request("GET", address, headers=headers, timeout=20)

    whole = get()
    assert (whole.status, whole.data) == (200, WOOD)
    assert whole.headers["ETag"] == f'"{DIGEST}"'
    assert whole.headers["X-Content-Type-Options"] == "nosniff"
    for asked_for, start, end in (
        ("bytes=0-0", 0, 1),
        ("bytes=3998-", 3998, 4000),
        ("bytes=-5", 3995, 4000),
        ("bytes=10-99999", 10, 4000),
    ):
        part = get(Range=asked_for)
        assert (part.status, part.data) == (206, WOOD[start:end])
        assert part.headers["Content-Range"] == f"bytes {start}-{end - 1}/4000"
    for passed_over in ("bytes=0-1,5-6", "bytes=5-1", "bytes=-", "lines=1-2", "bytes=a-"):
        assert get(Range=passed_over).status == 200
    beyond = get(Range="bytes=4000-")
    assert (beyond.status, beyond.headers["Content-Range"]) == (416, "bytes */4000")
    assert "has 4000 bytes" in json.loads(beyond.data)["error"]["message"]
    assert get(**{"If-None-Match": f'"x", "{DIGEST}"'}).status == 304
    assert get(**{"If-None-Match": '"x"'}).status == 200
    assert get(**{"If-Range": '"x"', "Range": "bytes=1-2"}).status == 200
    assert get(**{"If-Range": f'"{DIGEST}"', "Range": "bytes=1-2"}).status == 206


def test_files_are_sent_and_fetched_only_by_those_who_may(
    url: str, store: Store, content: ContentStore
) -> None:
    heron, node = a_token(store), a_token(store, Role.NODE)
    kite = a_token(store, production="kite")
    send(content)
    put = f"{HERON}/{DIGEST}?size_bytes=4000"

    assert asked(url, "PUT", put, kite, body=WOOD)[0] == 403
    assert asked(url, "POST", f"{HERON}/pack", kite, body=b"")[0] == 403
    assert asked(url, "POST", f"{HERON}/missing", kite, json={"files": []})[0] == 403
    assert asked(url, "GET", f"{HERON}/{DIGEST}", kite)[0] == 403
    assert asked(url, "POST", "/files/collect", heron, json={})[0] == 403
    assert asked(url, "PUT", put, node, body=WOOD)[0] == 403
    assert raw(url, "PUT", put, headers=KEY, body=WOOD)[0] == 401
    assert asked(url, "PUT", put, heron, body=WOOD)[0] == 201
    fetched = urllib3.request("GET", f"{url}{HERON}/{DIGEST}", headers=bearer(node), timeout=20)
    assert fetched.data == WOOD
