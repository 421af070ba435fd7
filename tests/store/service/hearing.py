"""Webhooks, and jobs that end, for tests of who hears of what."""

import time
from typing import Any

from farm.store import Store
from tests.makers import a_job
from tests.serving import raw

KEY = {"Idempotency-Key": "k"}
ANY_END: dict[str, Any] = {"events": ["job_succeeded", "job_failed", "job_cancelled"]}


def add(url: str, leads_to: str, key: str = "k", **fields: Any) -> dict[str, Any]:
    body = {"url": leads_to, "production": "heron", **fields}
    code, hook = raw(url, "POST", "/webhooks", json=body, headers={"Idempotency-Key": key})
    assert code == 201, hook
    return dict(hook)


def deliveries(url: str, hook: dict[str, Any]) -> list[dict[str, Any]]:
    return list(raw(url, "GET", f"/webhooks/{hook['id']}/deliveries")[1])


def states(url: str, hook: dict[str, Any]) -> list[str]:
    return [one["state"] for one in deliveries(url, hook)]


def cancelled(store: Store, **fields: Any) -> str:
    """A job that has ended."""
    job = store.jobs.submit(a_job(**fields), key=f"{fields}{time.monotonic_ns()}")
    store.jobs.cancel(job)
    return job


def tries(url: str, hook: dict[str, Any]) -> int:
    return sum(one["tries"] for one in deliveries(url, hook))
