"""How a probe tells what it found: fine, fine with advice, or broken with the fix."""

from __future__ import annotations

from domain.ports import Probe


def fine(name: str, detail: str) -> Probe:
    """Return a probe that found nothing to do."""
    return Probe(name, ok=True, detail=detail)


def advice(name: str, detail: str, fix: str) -> Probe:
    """Return a probe that works, and could do better."""
    return Probe(name, ok=True, detail=detail, fix=fix)


def broken(name: str, detail: str, fix: str) -> Probe:
    """Return a probe that does not work, and what to do about it."""
    return Probe(name, ok=False, detail=detail, fix=fix)
