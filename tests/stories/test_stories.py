"""Every story, on every platform, under both presets: people see what is told, and the histories are the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stories.screenplay import Story, stories
from tests.stories.stage import PLATFORMS, Stage

TOLD = [(story, preset) for story in stories() for preset in story.presets]


@pytest.mark.parametrize(("story", "preset"), TOLD, ids=[f"{story.name}-{preset}" for story, preset in TOLD])
async def test_a_story_is_the_same_on_every_platform(story: Story, preset: str, tmp_path: Path) -> None:
    histories = {}
    for platform in PLATFORMS:
        stage = Stage(tmp_path / platform, platform, preset)
        async with stage.open(story.settings):
            for step in story.steps:
                try:
                    await stage.play(step)
                except AssertionError as error:
                    raise AssertionError(f"{platform}, {preset}, at {str(step)!r}: {error}") from error
        histories[platform] = stage.history()
    first = histories[PLATFORMS[0]]
    assert first, "nothing has happened at all"
    for platform in PLATFORMS[1:]:
        assert histories[platform] == first, platform


def test_at_least_forty_stories_are_told() -> None:
    assert len({story.name for story in stories()}) >= 40
