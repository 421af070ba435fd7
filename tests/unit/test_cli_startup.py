"""The command line starts in a blink, and ends a wrong command in one line."""

import os
import subprocess
import sys
from collections.abc import Sequence

import pytest

#: What makes a command slow to start; questions about the command line itself need none of it.
HEAVY = {
    "rich",
    "urllib3",
    "redis",
    "celery",
    "kombu",
    "pydantic",
    "fastapi",
    "uvicorn",
    "fileseq",
    "PIL",
    "psutil",
    "asyncio",
    "importlib.metadata",
}

_PROBE = """
import sys
from farm.cli.errors import run_command
from farm.cli.main import cli
status = run_command(cli, sys.argv[1:])
sys.stderr.write("loaded " + " ".join(sys.modules))
sys.exit(status)
"""


def farm(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _PROBE, *words],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={**os.environ, "FARM_URL": "http://127.0.0.1:1", **environment},
    )


def loaded(done: subprocess.CompletedProcess[str]) -> set[str]:
    return set(done.stderr.rpartition("loaded ")[2].split())


@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        ("-h",),
        ("--version",),
        ("jobs", "--help"),
        ("jobs", "wait", "--help"),
        ("frames", "--help"),
        ("nodes", "--help"),
        ("submit", "--help"),
        ("pull", "--help"),
        ("doctor", "--help"),
        ("jbos",),
    ],
    ids=" ".join,
)
def test_questions_about_the_command_line_load_nothing_heavy(words: Sequence[str]) -> None:
    assert not loaded(farm(*words)) & HEAVY


def test_help_names_every_command_with_its_line_and_loads_none_of_them() -> None:
    done = farm("--help")

    assert "Start a whole farm on this machine" in done.stdout
    assert "Render a small film through a farm of its own" in done.stdout
    assert not {name for name in loaded(done) if name.startswith("farm.cli.jobs")}


def test_completion_of_a_command_loads_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "farm.cli.main"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={
            **os.environ,
            "_FARM_COMPLETE": "bash_complete",
            "COMP_WORDS": "farm sub",
            "COMP_CWORD": "1",
        },
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}

    assert done.stdout.split() == ["plain,submit"]
    assert not imported & HEAVY
    assert "farm.cli.submit" not in imported


@pytest.mark.parametrize(
    ("words", "status", "line"),
    [
        (("jbos",), 2, "farm: no command 'jbos'; perhaps you mean 'jobs'; see farm --help"),
        (("jobs", "shwo"), 2, "farm: no command 'shwo'; perhaps you mean 'show'"),
        (("jobs", "zzz"), 2, "farm: no command 'zzz'; there are: ls, show, wait"),
        (("jobs", "show"), 2, "farm: missing argument 'JOB'; see farm jobs show --help"),
        (("submit", "x", "--coers", "2"), 2, "--camera', '--cores', '--tracer'?"),
        (("submit", "x", "--cores", "two"), 2, "farm: invalid value for '--cores': 'two'"),
        (("submit", "x", "--memory", "-8G"), 2, "memory '-8G': it cannot be negative"),
        (("submit", "x", "--memory", "lots"), 2, "memory 'lots': it cannot be read; write 8G"),
        (("jobs", "priority", "1", "200"), 2, "200 is not in the range 0<=x<=100"),
        (("jobs", "ls", "--state", "done"), 2, "'done' is not one of 'active'"),
        (("jobs", "show", "abc"), 2, "farm: job 'abc': give the job's number"),
        (("nodes", "show", "a/b"), 2, "farm: node name 'a/b': use letters"),
        (("jobs", "ls", "--url", "farm.local"), 2, "write it as http://HOST:PORT"),
        (("jobs", "ls"), 4, "nothing listens there): start one with: farm up; or set FARM_URL"),
        (("submit", "x.blend"), 4, "start one with: farm up; or set FARM_URL"),
        (("jobs", "wait", "1"), 4, "start one with: farm up; or set FARM_URL"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_command_that_fails_says_one_line_and_a_telling_status(
    words: Sequence[str], status: int, line: str
) -> None:
    done = farm(*words)
    told = done.stderr.rpartition("loaded ")[0].splitlines()

    assert done.returncode == status
    assert done.stdout == ""
    assert len(told) == 1
    assert told[0].startswith("farm: ")
    assert line in told[0]


def test_a_command_that_is_not_finished_shows_its_help() -> None:
    done = farm("jobs")

    assert done.returncode == 2
    assert "farm jobs wait 17 && echo all frames are there" in done.stderr


def test_a_traceback_is_shown_only_to_those_who_ask() -> None:
    assert "Traceback" not in farm("jobs", "ls").stderr
    assert "Traceback" in farm("--debug", "jobs", "ls").stderr
    assert "Traceback" in farm("jobs", "ls", FARM_DEBUG="1").stderr


def test_a_settings_file_that_cannot_be_read_is_named(tmp_path: object) -> None:
    folder = str(tmp_path)
    with open(f"{folder}/farm.toml", "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write("url = ")
    done = subprocess.run(
        [sys.executable, "-m", "farm.cli.main", "jobs", "ls"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={name: value for name, value in os.environ.items() if name != "FARM_URL"},
    )

    assert done.returncode == 2
    assert done.stderr.startswith("farm: settings file farm.toml cannot be read")
    assert done.stderr.count("\n") == 1
