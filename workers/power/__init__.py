"""What this machine draws: measured where it can be, else by a stated model, and always told by which.

The promise: a figure never says less about where it comes from than about what it is.
"""
