"""What this machine draws: measured where that can be, else by a stated model.

The promise: no figure is told without its source.
"""
