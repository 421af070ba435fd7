"""How many examples a law is tried on: few in `make test`, many in `make soak`.

No example has a time limit: how fast the machine is at the moment is not what a law is about.
"""

from hypothesis import settings

from tests.lengths import how_many

settings.register_profile(
    "karst",
    settings.get_profile(settings.get_current_profile_name()),
    max_examples=how_many("EXAMPLES", short=40, long=1000),
    deadline=None,
)
settings.load_profile("karst")
