"""The scheduler: one leader decides, any number of standbys wait to.

It may die at any moment: leases go on without it, and a standby leads within seconds."""
