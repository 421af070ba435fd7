"""The page on security says what the code does."""

import re
import time
from pathlib import Path
from typing import Any

import pytest

from farm.policy.access import FARM_RIGHTS, RIGHTS, Right, Role
from farm.service.hooks import Timings, signature

PAGE = (Path(__file__).parents[2] / "docs" / "security.md").read_text("utf-8")


def test_the_table_of_roles_is_the_table_that_counts() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in PAGE.splitlines()
        if line.startswith("| ")
    ]
    wanted = [
        [
            f"{right} °" if right in FARM_RIGHTS else str(right),
            *("yes" if right in RIGHTS[role] else "no" for role in Role),
        ]
        for right in Right
    ]

    assert rows == [["may", *Role], *wanted]


@pytest.mark.parametrize(
    ("body", "secret", "age_seconds", "good"),
    [
        ("{'ü': 1}".encode(), "s3cret", 0, True),
        ("{'ü': 2}".encode(), "s3cret", 0, False),
        ("{'ü': 1}".encode(), "other", 0, False),
        ("{'ü': 1}".encode(), "s3cret", 3600, False),
    ],
)
def test_the_pages_ten_lines_tell_a_genuine_message(
    body: bytes, secret: str, age_seconds: int, good: bool
) -> None:
    found = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    names: dict[str, Any] = {}
    exec(found[1], names)
    header = signature("s3cret", "{'ü': 1}".encode(), at=int(time.time()) - age_seconds)

    assert names["genuine"](header, body, secret) is good


def test_the_page_tells_the_pauses_there_are() -> None:
    words = {10: "10 s", 60: "1 min", 300: "5 min", 1800: "30 min", 3600: "1 h", 7200: "2 h"}
    told = [words.get(int(pause), f"{pause / 3600:g} h") for pause in Timings().pauses_seconds]

    assert f"after {', '.join(told[:-1])} and\n{told[-1]}" in PAGE
