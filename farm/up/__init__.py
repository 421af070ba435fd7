"""A farm on one machine: its own store, its parts, and what keeps them and takes them down."""
