"""Tokens are made, seen and revoked by those who may, over HTTP and by commands."""

import json
from pathlib import Path
from typing import Any

import pytest

from farm.cli import errors as status
from farm.cli.errors import run_command
from farm.cli.main import cli
from farm.cli.options import travels_openly
from farm.model.errors import BadRequest
from farm.policy.access import ALL, Role
from farm.settings import setting
from farm.store import Store
from tests.listening import listening
from tests.serving import raw, serving
from tests.store.service.access import a_token, asked
from tests.store.service.hearing import KEY
from tests.store.service.test_webhooks import HASTE


def test_the_first_token_must_open_the_farm_to_somebody_who_can_make_the_next(
    url: str, store: Store
) -> None:
    artist = {"role": "artist", "production": "heron"}
    code, told = raw(url, "POST", "/tokens", json=artist, headers=KEY)
    first = raw(url, "POST", "/tokens", json={"role": "operator", "production": "*"}, headers=KEY)[
        1
    ]

    assert code == 409
    assert "the first token must be for an operator of all productions" in told["error"]["message"]
    assert raw(url, "POST", "/tokens", json=artist, headers=KEY)[0] == 401
    assert asked(url, "POST", "/tokens", first["token"], json=artist)[0] == 201


def test_an_operator_makes_tokens_for_their_own_production(url: str, store: Store) -> None:
    operator = a_token(store, Role.OPERATOR)

    def make(token: str, **body: Any) -> int:
        return asked(url, "POST", "/tokens", token, json={"role": "artist", **body})[0]

    assert make(operator, production="heron") == 201
    assert make(operator, production="lynx") == 403
    assert make(operator, production="*") == 403
    assert make(a_token(store), production="heron") == 403
    assert make(a_token(store, Role.OPERATOR, ALL), production="lynx") == 201


def test_tokens_are_listed_without_what_makes_them_work(url: str, store: Store) -> None:
    heron, lynx = (a_token(store, Role.OPERATOR, name) for name in ("heron", "lynx"))
    listed = asked(url, "GET", "/tokens", heron)[1]

    assert [one["production"] for one in listed] == ["heron"]
    assert set(listed[0]) == {
        "id",
        "role",
        "production",
        "note",
        "created_at",
        "expires_at",
        "ended",
    }
    kept = str(store.connection.client.hgetall("{farm}:tokens"))
    assert not [text for text in (heron, lynx) if text.rpartition("_")[2] in kept]


def test_a_revoked_token_counts_no_more_at_once(url: str, store: Store) -> None:
    operator = a_token(store, Role.OPERATOR)
    made = asked(url, "POST", "/tokens", operator, json={"role": "artist", "production": "heron"})
    token = made[1]
    before = asked(url, "GET", "/jobs", token["token"])[0]
    foreign = asked(url, "DELETE", f"/tokens/{token['id']}", a_token(store, Role.OPERATOR, "lynx"))
    revoked = asked(url, "DELETE", f"/tokens/{token['id']}", operator)[0]
    again = asked(url, "DELETE", f"/tokens/{token['id']}", operator)

    assert (before, foreign[0], revoked, again[0]) == (200, 404, 200, 404)
    assert foreign[1] == again[1]
    assert asked(url, "GET", "/jobs", token["token"])[0] == 401


def test_the_same_request_again_makes_the_same_token_with_a_new_text(
    url: str, store: Store
) -> None:
    operator = a_token(store, Role.OPERATOR)
    body = {"role": "artist", "production": "heron"}
    first, again = (asked(url, "POST", "/tokens", operator, json=body)[1] for _ in range(2))

    assert first["id"] == again["id"]
    assert asked(url, "GET", "/jobs", first["token"])[0] == 401
    assert asked(url, "GET", "/jobs", again["token"])[0] == 200
    assert len(store.tokens.list()) == 2


def test_tokens_by_commands(
    url: str, store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FARM_URL", url)
    monkeypatch.setenv("FARM_TOKEN", a_token(store, Role.OPERATOR, ALL))

    def farm(*words: str) -> tuple[int, str, str]:
        code = run_command(cli, ["tokens", *words])
        told = capsys.readouterr()
        return code, told.out, told.err

    made = farm("create", "artist", "--production", "heron", "--expires", "90d", "--note", "Anna")
    of_all = json.loads(farm("create", "node", "--all", "--json")[1])
    listed = [line.split("\t") for line in farm("ls")[1].splitlines()]
    token_id = listed[1][0]
    revoked = farm("revoke", token_id)

    assert made[0] == status.OK
    assert asked(url, "GET", "/whoami", made[1].strip())[0] == 401
    assert f"Token {token_id}, told this once" in made[2]
    assert listed[1][1:3] == ["artist", "heron"]
    assert listed[1][4:] == ["90 d", "Anna"]
    assert (of_all["role"], of_all["production"]) == ("node", "*")
    assert revoked[1] == f"Token {token_id} counts no more.\n"
    assert farm("revoke", token_id)[0] == status.NOT_FOUND
    assert farm("create", "artist")[0] == status.USAGE
    assert farm("create", "artist", "--all", "--expires", "soon")[0] == status.USAGE


def test_webhooks_by_commands(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def farm(*words: str) -> tuple[int, str]:
        code = run_command(cli, ["webhooks", *words])
        told = capsys.readouterr()
        assert told.out or code == status.NOT_FOUND, told.err
        return code, told.out

    with serving(store, hooks=HASTE) as url, listening() as listener:
        monkeypatch.setenv("FARM_URL", url)
        hook, secret = farm("add", listener.url, "--production", "heron")[1].split()
        tested = farm("test", hook)
        told = farm("deliveries", hook)[1].split("\t")
        listed = farm("ls")[1].strip().split("\t")
        removed = farm("remove", hook)
        gone = farm("deliveries", hook)[0]

    assert len(secret) == 64
    assert tested == (status.OK, "It arrived: HTTP 204.\n")
    assert told[:5] == ["test", "-", "delivered", "1", "204"]
    assert listed == [hook, "heron", "job_succeeded,job_failed", listener.url, "-"]
    assert removed[0] == status.OK
    assert gone == status.NOT_FOUND


@pytest.mark.parametrize(
    ("url", "openly"),
    [
        ("http://127.0.0.1:8420", False),
        ("http://localhost:8420", False),
        ("http://[::1]:8420", False),
        ("https://farm.example", False),
        ("http://farm.example", True),
        ("http://10.0.0.7:8420", True),
        ("http://127.evil.example", True),
    ],
)
def test_a_token_on_an_open_line_is_warned_of(url: str, openly: bool) -> None:
    assert travels_openly(url) is openly


def test_a_command_warns_once_of_a_token_on_an_open_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FARM_URL", "http://farm.invalid:8420")
    monkeypatch.setenv("FARM_TOKEN", "karst_a_b")
    run_command(cli, ["jobs", "ls"])
    told = capsys.readouterr().err

    assert told.count("the token travels unencrypted to http://farm.invalid:8420") == 1
    assert "karst_a_b" not in told


def test_a_token_is_read_from_where_it_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("FARM_TOKEN", "FARM_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    nothing = setting("token")
    (tmp_path / "secret").write_text("karst_file_1\n")
    (tmp_path / "farm.toml").write_text(f'token_file = "{tmp_path}/secret"')
    from_file = setting("token")
    (tmp_path / "farm.toml").write_text('token = "karst_toml_1"')
    from_toml = setting("token")
    monkeypatch.setenv("FARM_TOKEN_FILE", str(tmp_path / "secret"))
    from_named = setting("token")
    monkeypatch.setenv("FARM_TOKEN", "karst_env_1")

    assert nothing == ""
    assert (from_file, from_toml, from_named) == ("karst_file_1", "karst_toml_1", "karst_file_1")
    assert setting("token") == "karst_env_1"


@pytest.mark.parametrize("text", ["two words", "with\nbreak\nX: y", "schlüssel"])
def test_a_token_that_is_no_plain_word_is_refused(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FARM_TOKEN", text)
    with pytest.raises(BadRequest, match="'token' is not one plain word") as caught:
        setting("token")

    assert text not in str(caught.value)


def test_a_token_file_that_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FARM_TOKEN", raising=False)
    monkeypatch.setenv("FARM_TOKEN_FILE", str(tmp_path / "none"))

    with pytest.raises(BadRequest, match=r"token_file .*/none cannot be read: "):
        setting("token")
