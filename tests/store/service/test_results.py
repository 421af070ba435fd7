"""What comes of frames: images, thumbnails and logs, of sent jobs and of those in place."""

import io
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import urllib3
from PIL import Image

from farm.client import Client
from farm.files.content import ContentStore
from farm.files.hashing import hash_bytes
from farm.model.errors import NotFound
from farm.policy.access import Role
from farm.store import Store
from farm.wire import FileWire
from tests.makers import a_node, begin, result
from tests.sending import DIGEST, WOOD
from tests.serving import fail, raw
from tests.store.service.access import a_token, asked, bearer
from tests.store.service.projects import a_project, a_sent_job, render

KEY = {"Idempotency-Key": "k"}


@pytest.fixture
def job(client: Client, content: ContentStore, scenes: Path) -> str:
    """A sent job of four frames."""
    return a_sent_job(client, a_project(content, scenes / "shot.blend"), output="//out/木_####")


@pytest.fixture
def in_place(client: Client, request_of: dict[str, Any]) -> str:
    return str(client.submit(request_of)["id"])


def get(url: str, path: str, **headers: str) -> urllib3.BaseHTTPResponse:
    return urllib3.request("GET", url + path, headers=headers, timeout=20)


def a_jpeg() -> bytes:
    kept = io.BytesIO()
    Image.new("RGB", (64, 36)).save(kept, "JPEG")
    return kept.getvalue()


def test_an_image_that_a_node_sent_is_listed_by_its_digest_and_given(
    url: str, client: Client, store: Store, content: ContentStore, job: str
) -> None:
    digest = render(store, content, job, b"an image")[0]
    first, second = client.frames(job)[:2]
    answer = get(url, f"/jobs/{job}/frames/1/image")

    assert (first["image_digest"], second["image_digest"]) == (digest, "")
    assert (answer.status, answer.data) == (200, b"an image")
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["ETag"] == f'"{digest}"'
    assert answer.headers["X-Karst-Digest"] == digest
    assert answer.headers["X-Karst-Name"] == quote("木_0001.png")
    assert get(url, f"/jobs/{job}/frames/1/image", Range="bytes=3-").data == b"image"
    known = get(url, f"/jobs/{job}/frames/1/image", **{"If-None-Match": "*"})
    assert (known.status, known.headers["X-Karst-Digest"]) == (304, digest)


def test_a_frame_without_an_image_says_why(
    url: str, store: Store, content: ContentStore, job: str
) -> None:
    def said(frame: int) -> str:
        code, answer = raw(url, "GET", f"/jobs/{job}/frames/{frame}/image")
        assert code == 404
        return str(answer["error"]["message"])

    assert said(1) == f"frame 1 of job {job} has no image: it is ready"
    assert "has no frame 99" in said(99)
    fail(store, job, reason="no light")
    assert said(1).endswith("it is failed")
    digest = render(store, content, job, b"an image")[0]
    content.path_of(digest).unlink()
    assert said(2) == f"file {digest} is not there any more: it was collected or removed"


def test_an_image_in_place_is_given_with_its_digest(
    url: str, store: Store, in_place: str, tmp_path: Path
) -> None:
    epoch = store.nodes.register(a_node())
    lease, tasks = begin(store, epoch=epoch, layer=f"{in_place}.1", want=2)
    store.leases.settle(lease, [result(task) for task in tasks], want=0)
    image = tmp_path / "out" / "shot_0001.png"
    image.write_bytes(b"an image")
    first = get(url, f"/jobs/{in_place}/frames/1/image")
    image.write_bytes(b"another image")
    second = get(url, f"/jobs/{in_place}/frames/1/image")

    assert (first.data, first.headers["X-Karst-Digest"]) == (b"an image", hash_bytes(b"an image"))
    assert second.data == b"another image"
    assert second.headers["X-Karst-Digest"] == hash_bytes(b"another image")
    code, answer = raw(url, "GET", f"/jobs/{in_place}/frames/2/image")
    assert code == 404
    assert "the image of frame 2" in answer["error"]["message"]
    image.unlink()
    image.symlink_to("/etc")
    assert raw(url, "GET", f"/jobs/{in_place}/frames/1/image")[0] == 404


def test_a_node_sends_results_and_fetches_only_what_the_jobs_production_has_sent(
    url: str, client: Client, content: ContentStore, job: str, tmp_path: Path
) -> None:
    files = FileWire(client.wire, f"/jobs/{job}/files")
    image = tmp_path / "image.png"
    image.write_bytes(WOOD)
    assert files.missing([(DIGEST, len(WOOD))]) == {DIGEST: 0}
    files.send(image, digest=DIGEST, size_bytes=len(WOOD))
    scene = client.job(job)["layers"][0]
    manifest = client.manifest("heron", scene["manifest"])
    for entry in manifest.entries:
        files.fetch(entry.digest, tmp_path / "back", size_bytes=entry.size_bytes)
        assert hash_bytes((tmp_path / "back").read_bytes()) == entry.digest

    assert files.missing([(DIGEST, len(WOOD))]) == {}
    assert not content.owned("heron", DIGEST)
    with pytest.raises(NotFound, match="has no file"):
        files.fetch(DIGEST, tmp_path / "wood", size_bytes=len(WOOD))
    for path in ("/jobs/99/files/missing", "/jobs/..%2f/files/missing"):
        assert raw(url, "POST", path, json={"files": []}, headers=KEY)[0] in {400, 404}


def test_a_thumbnail_comes_and_goes(url: str, job: str, content: ContentStore) -> None:
    path, jpeg = f"/jobs/{job}/frames/1/thumbnail", a_jpeg()
    assert raw(url, "GET", path)[0] == 404
    code, told = raw(url, "PUT", f"{path}?layer=render", body=jpeg, headers=KEY)
    answer = get(url, path)

    assert (code, told) == (200, {"digest": hash_bytes(jpeg), "size_bytes": len(jpeg)})
    assert (answer.data, answer.headers["Content-Type"]) == (jpeg, "image/jpeg")
    assert (content.jobs / job / "thumbnails" / "render.1.jpg").read_bytes() == jpeg
    for body, refused, said in (
        (b"<html>", 400, "is no JPEG"),
        (b"", 400, "is no JPEG"),
        (jpeg + bytes(4 * 1024**2), 413, "longer than 4194304 bytes"),
    ):
        code, told = raw(url, "PUT", path, body=body, headers=KEY)
        assert (code, said in told["error"]["message"]) == (refused, True)
    assert raw(url, "PUT", f"/jobs/{job}/frames/9/thumbnail", body=jpeg, headers=KEY)[0] == 404
    assert raw(url, "PUT", f"{path}?layer=none", body=jpeg, headers=KEY)[0] == 404
    assert get(url, path).data == jpeg


def test_results_of_a_job_in_place_are_written_beside_its_images_and_not_sent(
    url: str, in_place: str, tmp_path: Path
) -> None:
    path = f"/jobs/{in_place}/frames/1/thumbnail"
    code, answer = raw(url, "PUT", path, body=a_jpeg(), headers=KEY)
    beside = tmp_path / "out" / ".thumbnails" / "shot_0001.jpg"
    beside.parent.mkdir(parents=True)
    beside.write_bytes(a_jpeg())

    assert code == 400
    assert "lies on shared storage" in answer["error"]["message"]
    assert get(url, path).data == a_jpeg()


def test_a_log_that_a_node_sent_is_read_as_any_other(
    url: str, client: Client, store: Store, job: str
) -> None:
    path = f"/jobs/{job}/frames/1/log"
    assert raw(url, "PUT", f"{path}?attempt=1", body=b"x", headers=KEY)[0] == 404
    fail(store, job, reason="no light", tail=("kept",))
    assert client.log(job, 1)["lines"] == ["kept"]
    text = "one\ntwo\nthree 木\n".encode()
    code, _ = raw(url, "PUT", f"{path}?attempt=1&layer=render", body=text, headers=KEY)

    assert code == 200
    assert client.log(job, 1) == {
        "job": job,
        "frame": 1,
        "attempt": 1,
        "path": f"jobs/{job}/logs/render.1.attempt-1.log",
        "lines": ["one", "two", "three 木"],
        "whole": True,
    }
    assert client.log(job, 1, lines=1)["lines"] == ["three 木"]
    assert raw(url, "PUT", f"{path}?attempt=2", body=b"x", headers=KEY)[0] == 404
    assert raw(url, "PUT", f"{path}?attempt=0", body=b"x", headers=KEY)[0] == 400


def test_the_audit_looks_for_sent_images_where_they_are_kept(
    client: Client, store: Store, content: ContentStore, job: str
) -> None:
    good, lost = render(store, content, job, b"an image", b"a lost one")
    assert client.audit()["breaches"] == []
    content.path_of(lost).unlink()
    audit = client.audit()

    assert audit["images_checked"] == 2
    assert [breach["where"] for breach in audit["breaches"]] == [f"job {job}, frame 2"]
    assert audit["breaches"][0]["expected"] == str(content.path_of(lost))
    assert content.has(good)


def test_results_are_for_those_who_may(
    url: str, store: Store, content: ContentStore, job: str
) -> None:
    digest = render(store, content, job, b"an image")[0]
    heron, node = a_token(store), a_token(store, Role.NODE)
    kite, kites_node = a_token(store, production="kite"), a_token(store, Role.NODE, "kite")
    frame, files = f"/jobs/{job}/frames/1", f"/jobs/{job}/files"

    for token, code in ((heron, 200), (node, 403), (kite, 404), (kites_node, 404)):
        found = urllib3.request("GET", f"{url}{frame}/image", headers=bearer(token), timeout=20)
        assert found.status == code
    for token, code in ((node, 200), (heron, 403), (kite, 404), (kites_node, 404)):
        assert asked(url, "PUT", f"{frame}/thumbnail", token, body=a_jpeg())[0] == code
        assert asked(url, "PUT", f"{frame}/log?attempt=1", token, body=b"x")[0] == code
        assert asked(url, "POST", f"{files}/missing", token, json={"files": []})[0] == code
    for token, code in ((node, 200), (heron, 200), (kite, 404), (kites_node, 404)):
        found = urllib3.request("GET", f"{url}{frame}/thumbnail", headers=bearer(token), timeout=20)
        assert found.status == code
    assert asked(url, "GET", f"{files}/{digest}", kite)[0] == 404
    _, never = asked(url, "GET", f"/jobs/77/files/{digest}", kite)
    _, foreign = asked(url, "GET", f"{files}/{digest}", kite)
    assert never["error"]["message"].replace("77", job) == foreign["error"]["message"]
