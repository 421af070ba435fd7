"""What goes over HTTP about why tasks wait."""

from pydantic import Field

from farm.service.schemas import Out


class HolderOut(Out):
    job: str
    production: str
    slots: int


class SidelinedOut(Out):
    node: str
    why: str


class ReasonOut(Out):
    """Tasks that wait for one reason, and the numbers behind it; those that do not belong to it
    are null or empty."""

    reason: str = Field(description="As docs/why.md lists them.")
    layer: str
    count: int = Field(description="Tasks.")
    sentence: str
    what: str = Field(default="", description="The limit, cap or need it is about.")
    pool: str = ""
    most: float | None = None
    held: float | None = None
    asked: float | None = None
    ahead: int = Field(default=0, description="Tasks of its production that come first.")
    due: float | None = Field(default=None, description="Cores' worth of the pool that are due.")
    has: float | None = Field(default=None, description="Cores' worth of the pool that are booked.")
    nodes: list[str] = Field(default=[], description="That are cleared, or that it failed on.")
    held_by: list[HolderOut] = Field(default=[], description="Jobs that hold the limit.")
    held_by_others: bool = Field(
        default=False, description="Also by productions that the caller may not look at?"
    )
    sidelined: list[SidelinedOut] = Field(default=[], description="Fitting, and taking no work.")
    after: list[str] = Field(default=[], description="What has to be done first.")


class WhyOut(Out):
    job: str
    frame: int | None = None
    sentence: str
    running: int
    waiting: int
    reasons: list[ReasonOut] = Field(description="Their counts add up to `waiting`.")


class FarmReasonOut(Out):
    reason: str
    short: str = Field(description="The reason in a few words, as `farm jobs ls` shows it.")
    count: int = Field(description="Tasks.")
    jobs: int
    example: str = Field(description="A job of those with the reason.")


class FarmWhyOut(Out):
    waiting: int = Field(description="Tasks of all open jobs that wait.")
    running: int
    reasons: list[FarmReasonOut] = Field(description="Their counts add up to `waiting`.")
