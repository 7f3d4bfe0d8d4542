"""`doctor`: tries out everything the service needs, and names the setting that is wrong with its fix."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence

from bot.clock import SystemClock
from bot.commands.options import ConfigOption, JsonOption
from bot.commands.outcome import CommandFailed
from bot.commands.output import aligned, progress, say, say_json
from bot.commands.probing.examination import Finding, Step, examine
from config.loader import Loaded, load
from domain.ports import Clock


def command(config: ConfigOption, as_json: JsonOption = False) -> None:
    """Probe everything; exit 1 if anything does not work. Nobody is written to."""
    loaded = load(config, os.environ)
    with progress("examining") as step:
        findings = asyncio.run(_examined(loaded, SystemClock(), step))
    if as_json:
        say_json([_record(each) for each in findings])
    else:
        _show(findings)
    failed = sum(not each.probe.ok for each in findings)
    if failed:
        raise CommandFailed(f"{failed} of {len(findings)} probes failed")


async def _examined(loaded: Loaded, clock: Clock, step: Step) -> Sequence[Finding]:
    return [finding async for finding in examine(loaded, clock, step)]


def _show(findings: Sequence[Finding]) -> None:
    for line, finding in zip(aligned([_row(each) for each in findings]), findings, strict=True):
        say(line)
        if finding.probe.fix:
            say(f"{' ' * len('advice')}  -> {finding.probe.fix}")


def _row(finding: Finding) -> tuple[str, ...]:
    probe = finding.probe
    mark = "FAIL" if not probe.ok else "advice" if probe.fix else "ok"
    return (mark, finding.organisation or "(all)", probe.name, probe.detail)


def _record(finding: Finding) -> dict[str, object]:
    probe = finding.probe
    return {
        "organisation": finding.organisation,
        "name": probe.name,
        "ok": probe.ok,
        "detail": probe.detail,
        "fix": probe.fix,
    }
