"""Prometheus itself takes the farm's rules, and each alert speaks in its own scenario alone."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.programs import or_skip
from tools.prometheus import tool

pytestmark = pytest.mark.system

DEPLOY = Path(__file__).parents[2] / "deploy"
SCENARIOS = sorted((DEPLOY / "prometheus" / "tests").glob("*.yml"))
OWN = [one.stem for one in SCENARIOS if one.stem.startswith("Farm")]


def run(name: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """What one of Prometheus' programs says. Skips where it is not there."""
    with or_skip():
        program = tool(name)
    return subprocess.run([program, *words], capture_output=True, text=True, check=False)


def test_prometheus_takes_its_configuration_and_all_rules() -> None:
    told = run("promtool", "check", "config", DEPLOY / "prometheus" / "prometheus.yml")

    assert told.returncode == 0, told.stderr
    assert "2 rule files found" in told.stdout


def test_alertmanager_takes_its_example_and_sends_pages_and_tickets_apart() -> None:
    example = DEPLOY / "alertmanager" / "alertmanager.yml"
    checked = run("amtool", "check-config", example)
    routes = ("config", "routes", "test", f"--config.file={example}")
    page = run("amtool", *routes, "alertname=FarmStoreDown", "severity=page")
    ticket = run("amtool", *routes, "alertname=FarmWasteHigh", "severity=ticket")

    assert checked.returncode == 0, checked.stdout
    assert page.stdout.strip() == "on-call"
    assert ticket.stdout.strip() == "tickets"


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.stem)
def test_a_scenario_goes_as_it_says(scenario: Path) -> None:
    told = run("promtool", "test", "rules", scenario)

    assert told.returncode == 0, told.stderr


@pytest.mark.soak
@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", OWN)
def test_a_scenario_notices_when_its_alert_is_gone_or_another_one_never_rests(
    name: str, tmp_path: Path
) -> None:
    folder = shutil.copytree(DEPLOY / "prometheus", tmp_path / "prometheus")
    alerts = folder / "alerts.yml"
    told = alerts.read_text("utf-8")
    scenario = folder / "tests" / f"{name}.yml"

    alerts.write_text(without(told, name), "utf-8")
    missed = run("promtool", "test", "rules", scenario)
    alerts.write_text(told + ALWAYS, "utf-8")
    disturbed = run("promtool", "test", "rules", scenario)

    assert missed.returncode != 0
    assert f'exp: {{alertname="{name}"}}' in missed.stderr
    assert disturbed.returncode != 0
    assert "FarmAlways" in disturbed.stderr


ALWAYS = """
      - alert: FarmAlways
        expr: vector(1)
"""


def without(alerts: str, name: str) -> str:
    """The file of `alerts` less the alert `name`."""
    return re.sub(rf"      - alert: {name}\n.*?(?=      - alert: |\Z)", "", alerts, flags=re.DOTALL)
