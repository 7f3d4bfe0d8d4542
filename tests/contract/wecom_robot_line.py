"""A robot of WeCom on the fake gateway, over a real socket; its waiting, its clock and its core are the test's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from random import Random

from aiohttp.test_utils import TestServer

from adapters.http import HttpSession
from adapters.wecom.robot_client import RobotClient
from adapters.wecom.robot_settings import RobotSettings
from adapters.wecom.robot_socket import RobotLimits, RobotSocket
from domain.cards import Answer
from domain.errors import PlatformError
from domain.events import Inbound
from domain.ids import MessageId, OrgId, PersonId
from domain.messages import Body, Call, Outgoing
from sandbox.wecom import AibotGateway, FakeRobot, FakeWeComApp, WeComFake, make_app
from tests.contract.feishu_line import LIMIT, Sleeper
from tests.contract.feishu_stub import SteppingClock, open_session

ROBOT = FakeRobot("aib1", "top-secret")
LI = "LiHua"
PATIENCE = RobotLimits()


class RobotCore:
    """What handles events: answers as it is told, fails as it is told, and can be held up."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[Inbound] = asyncio.Queue()
        self.answer = Answer()
        self.failures: list[Exception] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def handle(self, inbound: Inbound) -> Answer:
        """Handle an event."""
        await self.gate.wait()
        if self.failures:
            raise self.failures.pop(0)
        self.heard.put_nowait(inbound)
        return self.answer

    async def next(self) -> Inbound:
        """Wait for the next event."""
        return await asyncio.wait_for(self.heard.get(), LIMIT)


@dataclass
class Town:
    """Everything of one test."""

    gateway: AibotGateway
    settings: RobotSettings
    socket: RobotSocket
    client: RobotClient
    core: RobotCore
    sleeper: Sleeper
    clock: SteppingClock
    alerts: list[PlatformError]
    alerted: asyncio.Event
    http: HttpSession

    async def up(self) -> None:
        """Wait until the robot is connected and knows it."""
        await asyncio.wait_for(self.socket.wait_connected(), LIMIT)

    async def wake(self) -> float:
        """Wake whoever waits to connect again or to store again, whatever pings wait; return for how long."""
        while (seconds := await self.sleeper.wake()) == PATIENCE.ping_seconds:
            continue
        return seconds

    async def send(self, body: Body, receiver: str = LI, call: Call = Call.TEXT, message_id: str = "m1") -> str:
        """Deliver a row."""
        return await self.client.deliver(
            Outgoing(OrgId("acme"), MessageId(message_id), "wecom", call, PersonId("lihua"), receiver, body)
        )


def fresh_gateway(clock: SteppingClock, click_seconds: float = 5.0) -> AibotGateway:
    """Return a gateway whose clock is the test's."""
    return AibotGateway(ROBOT, clock.now, lambda: clock.now().timestamp(), click_seconds)


@asynccontextmanager
async def listening(gateway: AibotGateway, clock: SteppingClock) -> AsyncIterator[str]:
    """Serve a gateway beside a company; give its address."""
    app = FakeWeComApp("ww1", 1000002, "s", "t", "k" * 43)
    fake = WeComFake(None, clock.now, lambda: clock.now().timestamp(), Random(7), [app])
    async with TestServer(make_app(fake, gateway)) as server:
        yield str(server.make_url("/aibot")).replace("http", "ws", 1)
    await fake.close()


@asynccontextmanager
async def open_town(secret: str = ROBOT.secret, limits: RobotLimits = PATIENCE) -> AsyncIterator[Town]:
    """Run a robot until the test is over; a wrong secret is refused again and again."""
    clock = SteppingClock()
    gateway = fresh_gateway(clock)
    async with AsyncExitStack() as stack:
        address = await stack.enter_async_context(listening(gateway, clock))
        http = await stack.enter_async_context(open_session())
        settings = RobotSettings(ROBOT.bot_id, secret, address)
        core, sleeper, alerts, alerted = RobotCore(), Sleeper(), list[PlatformError](), asyncio.Event()

        def alert(error: PlatformError) -> None:
            alerts.append(error)
            alerted.set()

        socket = RobotSocket(
            settings,
            http,
            clock,
            core.handle,
            org_id=OrgId("acme"),
            chance=lambda: 1.0,
            alert=alert,
            sleep=sleeper,
            limits=limits,
        )
        running = asyncio.create_task(socket.run())
        client = RobotClient(settings, socket, http, clock)
        yield Town(gateway, settings, socket, client, core, sleeper, clock, alerts, alerted, http)
        core.gate.set()
        await socket.close()
        assert running.done()
