"""What goes over HTTP to change a job that is there."""

from pydantic import Field

from farm.service.schemas import In


class SkipIn(In):
    frames: str = Field(description="1-100, 1-100x5, 1,5,9 or one frame.")
    layer: str | None = Field(None, description="The layer of this name; else what is rendered.")
    by: str = Field("", max_length=256, description="Who wants it, for the log of facts.")


class MoveIn(In):
    """What is left out stays as it is."""

    pool: str | None = Field(None, description="Only nodes of this pool; empty is any.")
    group: str | None = Field(None, description="Sequence or shot; empty is none.")


class MomentIn(In):
    at: float = Field(description="Seconds since 1970; 0 is none.")
