"""`python -m workers`: the same as `farm-worker`."""

from workers.main import run

run()
