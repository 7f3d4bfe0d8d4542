"""Texts of people and platforms, checked before they wait together with the rows of others."""

from __future__ import annotations


def storable(text: str) -> str:
    """Return a text that every engine can store.

    Rows are written together at the end of a batch, where one that is refused would fail all of them; so texts that
    come from outside, and are not within JSON, are looked at when they are put.

    Raises:
        ValueError: It holds the character NUL, which PostgreSQL refuses, or half a surrogate pair, which nobody can
            encode.
    """
    if "\0" in text:
        raise ValueError("a text holds the character NUL, which cannot be stored")
    if not text.isascii():
        text.encode()
    return text
