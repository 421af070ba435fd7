"""Where the farm is, and which token goes there."""

from pathlib import Path

import pytest

from farm.model.errors import BadRequest
from farm.settings import ServiceAddress, service_address

OWN, OTHER = "https://own.example", "https://other.example"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder. The home beside it has a token."""
    for name in ("URL", "TOKEN", "TOKEN_FILE", "CA"):
        monkeypatch.delenv(f"FARM_{name}", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home" / ".config" / "farm").mkdir(parents=True)
    (tmp_path / "home" / "token").write_text("mine\n")
    folder = tmp_path / "film"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def own(folder: Path, text: str) -> None:
    (folder.parent / "home" / ".config" / "farm" / "config.toml").write_text(text)


def a_folder_with(folder: Path, text: str) -> None:
    (folder / "farm.toml").write_text(text)


def test_an_own_token_goes_to_the_own_address(folder: Path) -> None:
    own(folder, f'url = "{OWN}"\ntoken = "mine"')
    a_folder_with(folder, f'url = "{OWN}"\nin_place = "yes"')

    assert service_address() == ServiceAddress(url=OWN, token="mine", ca="")


@pytest.mark.parametrize(
    "there",
    [
        f'url = "{OTHER}"',
        f'url = "{OTHER}"\ntoken_file = "~/token"',
        f'url = "{OTHER}"\ntoken_file = "../home/token"',
        f'url = "{OTHER}"\ntoken_file = "link"',
        f'url = "{OWN}"\nca = "theirs.pem"',
    ],
)
@pytest.mark.parametrize("by", ["file", "environment", "program"])
def test_an_own_token_goes_nowhere_that_a_folder_names(
    folder: Path, there: str, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    own(folder, f'url = "{OWN}"' + ('\ntoken = "mine"' if by == "file" else ""))
    if by == "environment":
        monkeypatch.setenv("FARM_TOKEN", "mine")
    (folder / "link").symlink_to(folder.parent / "home" / "token")
    a_folder_with(folder, there)

    with pytest.raises(BadRequest, match=r"farm.toml in this folder names (url|ca) '.* too\Z"):
        service_address(token="mine" if by == "program" else None)


@pytest.mark.parametrize("there", ['token = "theirs"', 'token_file = "theirs"'])
def test_a_folder_that_names_an_address_may_bring_the_token_for_it(
    folder: Path, there: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FARM_TOKEN", "mine")
    (folder / "theirs").write_text("theirs\n")
    a_folder_with(folder, f'url = "{OTHER}"\n{there}')

    assert service_address() == ServiceAddress(url=OTHER, token="theirs", ca="")


def test_an_address_that_is_typed_gets_the_own_token(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FARM_TOKEN", "mine")
    a_folder_with(folder, f'url = "{OTHER}"')
    typed = service_address(OWN)
    monkeypatch.setenv("FARM_URL", OWN)

    assert typed == service_address() == ServiceAddress(url=OWN, token="mine", ca="")


def test_a_folder_leads_to_a_farm_where_there_is_no_token_to_lose(folder: Path) -> None:
    a_folder_with(folder, f'url = "{OTHER}"\nca = "theirs.pem"')

    assert service_address() == ServiceAddress(url=OTHER, token="", ca="theirs.pem")
