"""Karst: a render farm job queue. The floors, top to bottom, are drawn in docs/architecture.md."""

__version__ = "0.1.0"
