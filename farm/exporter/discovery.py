"""Which nodes Prometheus finds to scrape, in the form of its HTTP service discovery."""

import json
from collections.abc import Iterable

from farm.model.node import Node


def targets(nodes: Iterable[Node]) -> str:
    """A JSON list with a target for each of `nodes` that tells of itself, by name.

    A node that is away stays in the list: its scrape fails, and `up` says so. The format is that of
    <https://prometheus.io/docs/prometheus/latest/http_sd/>.
    """
    return json.dumps(
        [
            {
                "targets": [_address(node)],
                "labels": {"node": node.name, "pool": node.spec.pool},
            }
            for node in sorted(nodes, key=lambda node: node.name)
            if node.spec.metrics_port
        ]
    )


def _address(node: Node) -> str:
    host = node.spec.metrics_host or node.spec.hostname or node.name
    return (
        f"[{host}]:{node.spec.metrics_port}" if ":" in host else f"{host}:{node.spec.metrics_port}"
    )
