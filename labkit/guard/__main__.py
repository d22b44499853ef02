"""`python -m labkit.guard`."""

from labkit.guard.cli import guard

guard()
