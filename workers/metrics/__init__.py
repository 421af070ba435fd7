"""What a node tells Prometheus: its machine, its renderers, its cache, its energy.

The promise: telling can never hurt rendering. One thread of low priority answers one scrape at a
time; what cannot be read is left out; nothing is measured while nobody asks.
"""
