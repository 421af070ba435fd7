"""A farm on one machine: its own store, its parts, and what keeps them alive and takes them down."""
