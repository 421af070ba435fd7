"""The leader's judgement of nodes and jobs that fail: the policy's, carried out by the store.

A failure wakes the leader, so a bad node or a hopeless job is stopped within moments."""

import logging

from farm.policy.quarantine import (
    Judgement,
    Verdict,
    is_blocked,
    judge_node,
    must_pause,
    pause_reason,
)
from farm.store import Store
from farm.store.faults import JobSuspect, NodeSuspect

log = logging.getLogger("karst.scheduler")


class Judge:
    """Looks once per pass; without news that is one small question."""

    def __init__(self, store: Store, token: str) -> None:
        """Judge on behalf of the leader with `token`."""
        self._store = store
        self._token = token

    def judge(self) -> int:
        """Quarantine, block, pause and try again; how much was done.

        Raises NotLeader, StoreUnavailable.
        """
        news = self._store.faults.news()
        done = sum(self._node(node) for node in news.nodes)
        done += sum(self._job(job) for job in news.jobs)
        for node in news.due:
            if self._store.faults.try_again(node, leader=self._token) == "tried":
                log.info("node %s is tried again with one lease", node)
                done += 1
        return done

    def _node(self, node: NodeSuspect) -> bool:
        judged: Judgement = judge_node(node.record)
        done = self._store.faults.judge_node(node, judged, leader=self._token)
        if done and judged.verdict is not Verdict.KEEP:
            why = judged.reason or "its failures were the jobs' own"
            log.warning("node %s: %s, %s", node.record.name, judged.verdict, why)
        return done and judged.verdict is not Verdict.KEEP

    def _job(self, job: JobSuspect) -> bool:
        block = [node for node, frames in job.blamed.items() if is_blocked(frames)]
        why = pause_reason(job.record) if job.is_active and must_pause(job.record) else ""
        done = self._store.faults.judge_job(job, pause=why, block=block, leader=self._token)
        if block:
            log.warning("job %s shuns node %s from now on", job.job, ", ".join(block))
        if why and done:
            log.warning("job %s is paused: %s", job.job, why)
        return bool(block) or (done and bool(why))
