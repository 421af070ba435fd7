"""TLS, proxies, and a service that is never open to a network by accident."""

import json
import subprocess
from pathlib import Path

import pytest
import urllib3

from farm.client import Client
from farm.model.errors import BadRequest, ServiceUnavailable
from farm.policy.access import ALL, Role
from farm.service.__main__ import main
from farm.store import Store
from tests.serving import raw
from tests.store.service.access import a_token, bearer
from tests.store.service.process import running, service
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 with its key; the key encrypted; another key."""
    folder = tmp_path_factory.mktemp("keys")

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    names = ("-subj", "/CN=farm", "-addext", "subjectAltName=IP:127.0.0.1")
    openssl(
        *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
        *("-keyout", "key.pem", "-out", "cert.pem", *names),
    )
    openssl("pkey", "-in", "key.pem", "-aes256", "-passout", "pass:word", "-out", "locked.pem")
    openssl("genpkey", "-algorithm", "RSA", "-out", "other.pem")
    (folder / "both.pem").write_bytes(
        (folder / "cert.pem").read_bytes() + (folder / "key.pem").read_bytes()
    )
    return folder


@pytest.mark.parametrize("words", [("cert.pem", "--tls-key", "key.pem"), ("both.pem",)])
def test_a_service_with_a_certificate_speaks_tls_to_who_trusts_it(
    store: Store, store_url: str, keys: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    paths = [str(keys / word) if word.endswith(".pem") else word for word in words]
    token = a_token(store)
    with running(store_url, tmp_path, "--tls-cert", *paths) as farm:
        wait_until(lambda: farm.url, timeout_seconds=20)
        trusting = Client(farm.url, token=token, ca=str(keys / "cert.pem"))
        wait_until(lambda: _is_well(trusting), timeout_seconds=20)
        listed = trusting.jobs()
        with pytest.raises(ServiceUnavailable, match="its certificate is not trusted"):
            Client(farm.url, token=token).jobs()
        with pytest.raises(ServiceUnavailable):
            Client(farm.url.replace("https", "http"), token=token).jobs()
        trusting.close()

    assert farm.url.startswith("https://127.0.0.1:")
    assert listed == []


def test_certificates_to_trust_that_cannot_be_read_are_named() -> None:
    with pytest.raises(BadRequest, match=r"certificates '/nowhere/ca.pem' cannot be read"):
        Client("https://127.0.0.1:1", ca="/nowhere/ca.pem")


def _is_well(client: Client) -> bool:
    try:
        return bool(client.health()["status"] == "ok")
    except ServiceUnavailable:
        return False


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--tls-key", "key.pem"), "--tls-key needs --tls-cert: the certificate that belongs"),
        (("--tls-cert", "none.pem"), "--tls-cert {}/none.pem cannot be read: No such file"),
        (("--tls-cert", "cert.pem"), "{}/cert.pem does not hold a certificate and its key in PEM"),
        (
            ("--tls-cert", "cert.pem", "--tls-key", "other.pem"),
            "the TLS key {0}/other.pem is not of the certificate {0}/cert.pem",
        ),
        (("--tls-cert", "cert.pem", "--tls-key", "locked.pem"), "the TLS key is encrypted, and"),
        (("--tls-cert", "key.pem", "--tls-key", "cert.pem"), "are no certificate and key in PEM"),
    ],
)
def test_a_certificate_that_cannot_serve_is_told_in_one_line(
    keys: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], line: str
) -> None:
    paths = [str(keys / word) if word.endswith(".pem") else word for word in words]
    status = main(["--port", "0", *paths])
    told = capsys.readouterr().err

    assert status == 1
    assert told.startswith("farm service: ")
    assert line.format(keys) in told
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    "words", [("--host", "0.0.0.0"), ("--auth",), ("--behind-proxy",)], ids=" ".join
)
def test_a_service_for_others_does_not_start_before_there_is_a_token(
    store: Store,
    store_url: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
) -> None:
    refused = service(store_url, tmp_path, "--port", "0", *words)
    assert main(["--redis-url", store_url, "--new-token", "operator"]) == 0
    made = capsys.readouterr()
    token = made.out.strip()
    with running(store_url, tmp_path, *words) as farm:
        wait_until(lambda: farm.url, timeout_seconds=20)
        url = farm.url.replace("0.0.0.0", "127.0.0.1")
        wait_until(lambda: _is_well(Client(url)), timeout_seconds=20)
        code = raw(url, "GET", "/jobs")[0]
        who = Client(url, token=token).whoami()

    assert refused.returncode == 1
    assert "none was ever made: make the first one with `farm service --new-token" in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert code == 401
    assert (who["role"], who["production"], who["open"]) == ("operator", "*", False)
    assert store.tokens.list()[0].id in made.err


def test_open_lets_in_all_who_reach_it_until_there_is_a_token(
    store: Store, store_url: str, tmp_path: Path
) -> None:
    with running(store_url, tmp_path, "--host", "0.0.0.0", "--open") as farm:
        wait_until(lambda: farm.url, timeout_seconds=20)
        url = farm.url.replace("0.0.0.0", "127.0.0.1")
        wait_until(lambda: _is_well(Client(url)), timeout_seconds=20)
        before = raw(url, "GET", "/jobs", headers={"Host": "farm.studio"})[0]
        store.tokens.create(Role.OPERATOR, ALL)
        after = raw(url, "GET", "/jobs")[0]

    assert (before, after) == (200, 401)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("king",), "role 'king': give one of artist, operator, node"),
        (("artist", "--production", "a/b"), "production name 'a/b': use letters"),
        (("artist", "--expires", "soon"), "time 'soon' cannot be read: write 90d, 12h or 30m"),
        (("artist", "--expires", "0d"), "give more than 0, at most 10 years"),
    ],
)
def test_a_token_that_cannot_be_made_is_told_in_one_line(
    store: Store,
    store_url: str,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    line: str,
) -> None:
    status = main(["--redis-url", store_url, "--new-token", *words])
    told = capsys.readouterr()

    assert status == 1
    assert line in told.err
    assert told.out == ""
    assert store.tokens.list() == []


def test_behind_a_proxy_the_service_is_shown_under_its_path(
    store: Store, store_url: str, tmp_path: Path
) -> None:
    token = a_token(store)
    words = ("--behind-proxy", "--root-path", "/farm/", "--log-format", "json", "--verbose")
    with running(store_url, tmp_path, *words) as farm:
        wait_until(lambda: farm.url, timeout_seconds=20)
        wait_until(lambda: _is_well(Client(farm.url)), timeout_seconds=20)
        headers = bearer(token, **{"X-Forwarded-For": "203.0.113.7", "X-Request-Id": "r-1"})
        answer = urllib3.request("GET", f"{farm.url}/jobs?secret=1", headers=headers)
        stranger = raw(farm.url, "GET", "/jobs")[0]
        shown = raw(farm.url, "GET", "/openapi.json")[1]["servers"]
    told = next(line for line in map(json.loads, farm.said.splitlines()) if "r-1" in str(line))

    assert answer.status == 200
    assert answer.headers["X-Request-Id"] == "r-1"
    assert stranger == 401
    assert shown == [{"url": "/farm"}]
    assert told["client"] == "203.0.113.7"
    assert told["path"] == "/farm/jobs"
    assert (told["role"], told["production"], told["status"]) == ("artist", "heron", 200)
    assert told["token"] == store.tokens.list()[0].id
    assert "secret" not in farm.said
    assert token.rpartition("_")[2] not in farm.said
