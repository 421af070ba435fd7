"""Whose fault is a failure: the scene's, or the node's? Pure.

One failure proves nothing. What tells them apart is a second node: a frame that failed here and
succeeds elsewhere speaks against this node, one that fails elsewhere too speaks for it. So a node
is judged by *jobs*, each heard once however many of its frames failed, and none that fails
elsewhere as well. Only failures in a row count: one success and all of them are forgotten. Where
there is no other node, nobody can tell, and the node goes on: each job ends by its own failures.

A node that is quarantined is tried again after a while with one lease. If that one fails too, it
stays away for twice as long; its first success makes it a node like any other.
"""

from dataclasses import dataclass
from enum import StrEnum

JOBS_IN_A_ROW = 3  #: jobs whose frames failed, with no success between
JOBS_PROVED = 2  #: the same, where those frames succeeded elsewhere
FIRST_SECONDS = 300.0
LONGEST_SECONDS = 4 * 3600.0
BLOCK_FRAMES = 2  #: frames of a job that failed on a node and succeeded elsewhere
FAIL_RATIO = 0.25  #: of the frames tried: below it a job is worth going on with
FAR_TOO_MANY = 3  #: times the limit: then it no longer matters on which nodes


class Standing(StrEnum):
    """What is known of a job that failed on a node."""

    OPEN = "open"  #: its frame failed here, and has not been tried elsewhere
    PROVED = "proved"  #: a frame failed here, and succeeded elsewhere
    REFUTED = "refuted"  #: a frame failed here, and elsewhere too


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuser:
    """A job that failed on a node since the node's last success."""

    job: str
    standing: Standing
    reason: str = ""  #: of its last failure there


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRecord:
    """What is held against a node."""

    name: str
    accusers: tuple[Accuser, ...] = ()  #: in the order they were last heard
    others: int = 0  #: other nodes that are online
    times: int = 0  #: quarantines in a row, a present one included
    is_quarantined: bool = False


class Verdict(StrEnum):
    KEEP = "keep"  #: as it is
    QUARANTINE = "quarantine"
    LIFT = "lift"  #: what it was quarantined for has turned out to be the jobs' own fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    verdict: Verdict = Verdict.KEEP
    reason: str = ""
    seconds: float = 0.0


def judge_node(node: NodeRecord) -> Judgement:
    """What becomes of `node`."""
    before = node.times - 1 if node.is_quarantined else node.times
    proved = [one for one in node.accusers if one.standing is Standing.PROVED]
    heard = [one for one in node.accusers if one.standing is not Standing.REFUTED]
    enough = 1 if before else JOBS_IN_A_ROW  # on probation one failure is enough
    accused = len(heard) >= enough or len(proved) >= JOBS_PROVED
    if node.is_quarantined:
        return Judgement() if accused else Judgement(verdict=Verdict.LIFT)
    if not accused or not node.others:
        return Judgement()
    return Judgement(
        verdict=Verdict.QUARANTINE,
        reason=_reason(heard, proved, on_probation=before > 0),
        seconds=quarantine_seconds(before),
    )


def quarantine_seconds(before: int) -> float:
    """How long a node stays away that has been quarantined `before` times in a row."""
    return float(min(FIRST_SECONDS * 2 ** min(before, 16), LONGEST_SECONDS))


def _reason(heard: list[Accuser], proved: list[Accuser], *, on_probation: bool) -> str:
    last = heard[-1]
    told = f"job {last.job}: {last.reason}" if last.reason else f"job {last.job}"
    if on_probation:
        return f"tried again and failed again, {told}"
    if len(proved) >= JOBS_PROVED:
        return f"frames of {len(proved)} jobs failed here and succeeded elsewhere, last {told}"
    return f"{len(heard)} jobs failed here in a row, last {told}"


def is_blocked(frames: int) -> bool:
    """Should a job shun a node on which so many of its frames failed that succeeded elsewhere?"""
    return frames >= BLOCK_FRAMES


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """How a job does."""

    fail_after: int  #: failed frames; 0: it goes on whatever fails
    failed: int  #: frames out of retries since a person last let it go on
    tried: int  #: frames that succeeded or failed, in all
    failed_on: int  #: nodes on which attempts failed
    nodes: int  #: that are online


def must_pause(job: JobRecord) -> bool:
    """Has `job` failed so much that the farm should rather wait for a person to look?

    One failed frame never stops a job, nor do failures on one bad node of several, unless they are
    very many.
    """
    if not job.fail_after or job.failed < job.fail_after:
        return False
    if job.failed < FAIL_RATIO * job.tried:
        return False
    seen = job.failed_on >= min(2, max(1, job.nodes))
    return seen or job.failed >= FAR_TOO_MANY * job.fail_after


def pause_reason(job: JobRecord) -> str:
    """The same in words."""
    nodes = "1 node" if job.failed_on == 1 else f"{job.failed_on} nodes"
    return f"{job.failed} frames failed on {nodes}, of {job.tried} tried; see why, then resume"
