"""A Prometheus with the shipped configuration, made quick, at the addresses of one farm."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from farm.up.port import HOST
from tools.prometheus_server import running

SHIPPED = Path(__file__).parents[3] / "deploy" / "prometheus"
PACE_SECONDS = 2  #: between two scrapes, two looks for nodes, and two rounds of each rule
_PACE = f"{PACE_SECONDS}s"


@contextmanager
def scraping(folder: Path, exporter_port: int) -> Iterator[str]:
    """The URL of a server that scrapes the farm whose exporter is, or will be, at that port."""
    folder.mkdir()
    _configure(folder, f"{HOST}:{exporter_port}")
    with running(folder / "prometheus.yml", folder / "data") as url:
        yield url


def _configure(folder: Path, exporter: str) -> None:
    """Copy what is shipped; only addresses and paces differ."""
    shutil.copy(SHIPPED / "alerts.yml", folder)
    rules = _read("rules.yml")
    for group in rules["groups"]:
        group["interval"] = _PACE
    config = _read("prometheus.yml")
    config["global"] = {
        "scrape_interval": _PACE,
        "scrape_timeout": _PACE,
        "evaluation_interval": _PACE,
    }
    del config["alerting"]  # nobody is to be told
    farm, node = config["scrape_configs"]
    farm["static_configs"][0]["targets"] = [exporter]
    node["http_sd_configs"][0] |= {"url": f"http://{exporter}/sd", "refresh_interval": _PACE}
    for name, content in (("rules.yml", rules), ("prometheus.yml", config)):
        (folder / name).write_text(yaml.safe_dump(content, sort_keys=False), "utf-8")


def _read(name: str) -> Any:  # noqa: ANN401 - YAML
    return yaml.safe_load((SHIPPED / name).read_text("utf-8"))
