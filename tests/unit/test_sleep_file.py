"""How nodes are put to sleep and woken is read from a file, and its faults are told in one line."""

import socket
from pathlib import Path

import pytest

from farm.model.errors import BadRequest
from farm.scheduler import hooks
from farm.scheduler.hooks import Hooks, magic_packet
from farm.scheduler.sleep_file import read_sleep_file

GOOD = """
sleep = "ssh {node} sudo systemctl suspend"
wake = "wake-on-lan"
broadcast = "127.0.0.1"

[macs]
render-01 = "00:1b:21:3c:4d:5e"

[[pools]]
name = "cpu"
floor = 64
idle = "20m"
ready = [{hours = "Mon-Fri 08:00-18:00 UTC", cores = 512}]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "sleep.toml"
    path.write_text(text, "utf-8")
    return path


def test_the_file_tells_rules_by_pool_and_how(tmp_path: Path) -> None:
    plan = read_sleep_file(written(tmp_path, GOOD))

    rules = plan.pools["cpu"]
    assert (rules.floor_cores, rules.idle_seconds, rules.wake_seconds) == (64, 1200, 180)
    assert [one.cores for one in rules.ready] == [512]
    assert plan.hooks.can_wake("render-01")
    assert not plan.hooks.can_wake("render-02")  # nobody knows its card: it must not sleep


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("{node} sudo", "sudo", "does not name the node"),
        ('"wake-on-lan"', '"ipmitool power on"', "does not name the node"),
        ('"ssh {node}', "\"ssh ' {node}", "No closing quotation"),
        ("00:1b:21:3c:4d:5e", "00:1b", r"macs.render-01: '00:1b' is no address"),
        ("floor = 64", "", "floor is missing"),
        ("floor = 64", "floor = -1", "floor is -1"),
        ("floor = 64", "floor = 64\nflor = 3", "no field 'flor'"),
        ('"20m"', '"soon"', "'soon' cannot be read"),
        ("Mon-Fri", "Foo", "no day of the week"),
        ("[[pools]]", "[pools]", "pools is"),
        ('sleep = "', "slep = '", "cannot be read"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(
    tmp_path: Path, right: str, wrong: str, told: str
) -> None:
    path = written(tmp_path, GOOD.replace(right, wrong))

    with pytest.raises(BadRequest, match=told) as raised:
        read_sleep_file(path)

    assert str(raised.value).startswith(f"sleep file {path}")
    assert "\n" not in str(raised.value)


def test_a_card_is_woken_by_its_address_sixteen_times(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as card:
        card.bind(("127.0.0.1", 0))
        card.settimeout(10)
        monkeypatch.setattr(hooks, "_PORT", card.getsockname()[1])
        told = Hooks(
            sleep="{node}",
            wake="wake-on-lan",
            macs={"n1": "00-1B-21-3C-4D-5E"},
            broadcast="127.0.0.1",
        )

        told.rouse("n1")
        packet = card.recv(1000)

    assert packet == magic_packet("00:1b:21:3c:4d:5e")
    assert (len(packet), packet[:6], packet[96:]) == (
        102,
        b"\xff" * 6,
        bytes.fromhex("001b213c4d5e"),
    )
