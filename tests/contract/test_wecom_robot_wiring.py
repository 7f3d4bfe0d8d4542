"""WeCom's robot from its configuration to a message: one connection hears and sends; no callbacks, no directory."""

import asyncio
from pathlib import Path

from bot.assemble import settings_of
from bot.connections import Connections
from config.loader import load
from domain.events import TextSaid
from domain.ids import MessageId, OrgId, PersonId
from domain.messages import Call, Outgoing
from domain.ports import Tally
from tests.contract.dingtalk_stub import Counted
from tests.contract.feishu_line import LIMIT
from tests.contract.feishu_stub import SteppingClock
from tests.contract.wecom_robot_line import LI, RobotCore, fresh_gateway, listening

FILE = """\
org: {{id: acme, locale: en}}
people: {{file: people.yaml}}
platforms:
  wecom: {{mode: robot, bot_id: aib1, robot_secret: "${{ROBOT_SECRET}}", robot_url: "{address}"}}
"""


def tally(_org_id: OrgId, _platform: str) -> Tally:
    return Counted()


async def test_a_configured_robot_hears_and_sends_over_one_connection(tmp_path: Path) -> None:
    clock, core = SteppingClock(), RobotCore()
    gateway = fresh_gateway(clock)
    async with listening(gateway, clock) as address:
        (tmp_path / "org.yaml").write_text(FILE.format(address=address), "utf-8")
        (tmp_path / "people.yaml").write_text("people: [{id: lihua, name: 李华, ids: {wecom: LiHua}}]", "utf-8")
        loaded = load(tmp_path / "org.yaml", {"ROBOT_SECRET": "top-secret"})
        settings = settings_of(loaded, clock, core.handle, tally)
        (connection,) = settings.connections
        assert (connection.lane, connection.webhook, connection.directory) == ("wecom", None, None)
        assert settings.people[OrgId("acme")].complete
        assert "top-secret" not in repr(connection)
        connections = Connections()
        await connections.replace(settings.connections)
        assert connections.deaf() == [("acme", "wecom")]
        await asyncio.wait_for(gateway.wait(connected=True), LIMIT)
        await gateway.say(LI, "/help")
        heard = await core.next()
        assert isinstance(heard, TextSaid)
        assert heard.origin.org_id == "acme"
        assert connections.deaf() == []
        text = Outgoing(OrgId("acme"), MessageId("m1"), "wecom", Call.TEXT, PersonId("lihua"), LI, "Hello")
        await connections.ways_out()[(OrgId("acme"), "wecom")].deliver(text)
        assert [each.content["content"] for each in gateway.chats.of(LI)] == ["Hello"]
        await connections.close()
        await asyncio.wait_for(gateway.wait(connected=False), LIMIT)
