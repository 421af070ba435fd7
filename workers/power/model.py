"""A machine that measures nothing: its power by a line between two figures that somebody measured.

    watts = idle + (full - idle) · used cores / all cores

A plug-in meter gives both figures in a minute. What the line gets wrong is told in docs/energy.md.
"""

from dataclasses import dataclass

from farm.model.errors import BadRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class WattsModel:
    """What the machine draws with nothing to do, and with all of its cores in use."""

    idle_watts: float
    full_watts: float

    def watts(self, used_ratio: float) -> float:
        """With that part of its cores in use, 0 to 1."""
        return self.idle_watts + (self.full_watts - self.idle_watts) * min(
            1.0, max(0.0, used_ratio)
        )


MOST_WATTS = 100_000.0


def read_watts(text: str) -> WattsModel:
    """The model that people write: "95,420". Raises BadRequest."""
    words = text.split(",")
    try:
        idle, full = (float(word) for word in words)
    except ValueError as error:
        raise BadRequest(f"{text!r}: write IDLE,FULL in watts, such as 95,420") from error
    if not 0 <= idle <= full <= MOST_WATTS:
        raise BadRequest(
            f"{text!r}: IDLE is 0 or more, FULL no less than IDLE, both at most {MOST_WATTS:,.0f} W"
        )
    return WattsModel(idle_watts=idle, full_watts=full)
