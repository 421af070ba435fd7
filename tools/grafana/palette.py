"""One colour for each state and ending: Okabe and Ito's, which colour-blind eyes tell apart.

They differ in lightness too, and where they stand side by side there is always a name or a number.
"""

BLUE = "#0072b2"
SKY = "#56b4e9"
GREEN = "#009e73"
YELLOW = "#f0e442"
ORANGE = "#e69f00"
RED = "#d55e00"
PURPLE = "#cc79a7"
GREY = "#98a2ad"

#: Where each core-second went. Red is the farm's own fault, grey is nobody's.
STATES = {"busy": BLUE, "starved": RED, "idle": GREY, "draining": YELLOW, "offline": PURPLE}
#: How an attempt ended.
ENDINGS = {
    "succeeded": GREEN,
    "failed": RED,
    "timed_out": ORANGE,
    "out_of_memory": PURPLE,
    "lost": GREY,
    "cancelled": SKY,
    "superseded": BLUE,
    "overhead": YELLOW,
}
#: A value is well, wants a look, wants a hand.
WELL, LOOK, ACT = GREEN, ORANGE, RED
#: A value that is neither good nor bad.
PLAIN = SKY
#: Series that have no colour of their own, in this order.
SERIES = (BLUE, ORANGE, GREEN, PURPLE, SKY, RED, YELLOW, GREY)
