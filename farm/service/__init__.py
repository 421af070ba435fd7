"""The farm's HTTP service: the one gate between people and the store."""
