"""The farm for Python programs."""

from farm.client.client import Client

__all__ = ["Client"]
