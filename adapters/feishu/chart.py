"""A small bar chart in the terms of VChart, readable on a phone.

Formats: vendor page "图表" (card JSON 2.0), read 2026-11-22. Only attributes that its examples use, since old clients
bring old versions of VChart; nothing about colours, so that the light and dark themes of the client apply.
"""

from __future__ import annotations

from typing import Any

from domain.cards import Chart

_WIDEST_UPRIGHT = 24
"""Columns of half-width characters that labels side by side may take on a phone of 360 px."""


def chart_element(chart: Chart) -> dict[str, Any]:
    """Return the element for a chart: upright bars where the labels fit side by side, lying ones where they do not."""
    upright = sum(map(width, chart.labels)) + len(chart.labels) <= _WIDEST_UPRIGHT
    return {"tag": "chart", "aspect_ratio": "4:3" if upright else "1:1", "chart_spec": _spec(chart, upright=upright)}


def width(text: str) -> int:
    """Return how wide a text is, in half-width characters; Chinese takes two each."""
    return sum(2 if ord(character) >= 0x1100 else 1 for character in text)


def _spec(chart: Chart, *, upright: bool) -> dict[str, Any]:
    several = len(chart.series) > 1
    groups: str | list[str] = ["label", "series"] if several else "label"
    spec: dict[str, Any] = {
        "type": "bar",
        "title": {"text": chart.title},
        "data": {"values": _values(chart)},
        "xField": groups if upright else "value",
        "yField": "value" if upright else groups,
        "label": {"visible": True},
    }
    if not upright:
        spec["direction"] = "horizontal"
    if several:
        spec |= {"seriesField": "series", "legends": {"visible": True, "orient": "bottom"}}
    return spec


def _values(chart: Chart) -> list[dict[str, Any]]:
    return [
        {"label": label, "series": series.name, "value": value}
        for series in chart.series
        for label, value in zip(chart.labels, series.values, strict=False)
    ]
