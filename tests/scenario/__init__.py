"""Recorded payloads played through the whole app against fake platform servers."""
