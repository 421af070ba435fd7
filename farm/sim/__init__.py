"""A farm and its work played in memory, under the very decisions that the real farm takes.

Nothing here speaks to a store or a node: `Farm` answers as the store would, time is a number, and
chance comes from a seed. So a week of a centre takes minutes, and the same seed the same week.
"""
