"""One colour for each state and ending: Okabe and Ito's, which colour-blind eyes tell apart.

They differ in lightness too, and where they stand side by side there is always a name or a number.
"""

from farm.policy.waiting import Reason

BLUE = "#0072b2"
SKY = "#56b4e9"
GREEN = "#009e73"
YELLOW = "#f0e442"
ORANGE = "#e69f00"
RED = "#d55e00"
PURPLE = "#cc79a7"
GREY = "#98a2ad"  #: for lines
DIM = "#4f5966"  #: for areas: green-blind eyes take the lighter grey for purple

#: Where each core-second went. Red is the farm's own fault, grey is nobody's.
STATES = {"busy": BLUE, "starved": RED, "idle": DIM, "draining": YELLOW, "offline": PURPLE}
#: How an attempt ended.
ENDINGS = {
    "succeeded": GREEN,
    "failed": RED,
    "timed_out": ORANGE,
    "out_of_memory": PURPLE,
    "lost": DIM,
    "cancelled": SKY,
    "superseded": BLUE,
    "overhead": YELLOW,
}
#: What keeps a task waiting: blue is a full farm, which is well; green is on its way; the others
#: want somebody to look: bounds that were set, and what no node holds.
REASONS: dict[str, str] = {
    Reason.CAPACITY: BLUE,
    Reason.BEHIND: SKY,
    Reason.COMING: GREEN,
    Reason.RESERVED: DIM,
    Reason.LIMIT: ORANGE,
    Reason.SHARE: YELLOW,
    Reason.JOB_CAP: YELLOW,
    Reason.GROUP_CAP: YELLOW,
    Reason.NO_FIT: RED,
    Reason.NO_NODE: PURPLE,
    Reason.AVOID: DIM,
}
#: A value is well, wants a look, wants a hand.
WELL, LOOK, ACT = GREEN, ORANGE, RED
#: A value that is neither good nor bad.
PLAIN = SKY
#: Series that have no colour of their own, in this order.
SERIES = (BLUE, ORANGE, GREEN, PURPLE, SKY, RED, YELLOW, GREY)
