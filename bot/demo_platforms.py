"""The demo's three fake platforms: the same company on each, every one on its own port and in its own file."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from aiohttp import web

from domain.ports import Clock
from sandbox import dingtalk, feishu, wecom
from sandbox.company import Company
from sandbox.control_stage import PlatformFake

FEISHU = feishu.FakeApp(app_id="cli_demo", secret="demo-secret-of-the-fake")  # noqa: S106 - the fake's own, worth nothing elsewhere
WECOM = wecom.FakeWeComApp(
    corp_id="wwdemo000000000001",
    agent_id=1000002,
    secret="demo-secret-of-the-fake",  # noqa: S106 - the fake's own
    token="demotoken",  # noqa: S106 - the fake's own
    aes_key="demodemodemodemodemodemodemodemodemodemodem",
)
DINGTALK = dingtalk.FakeDingTalkApp(
    client_id="dingdemo00000000001",
    client_secret="demo-secret-of-the-fake",  # noqa: S106 - the fake's own
    templates=(dingtalk.CARD_TEMPLATE, dingtalk.FORM_TEMPLATE),
)


class _Fake(PlatformFake, Protocol):
    """What the demo needs of a fake beside what its page needs."""

    def load_company(self, company: Company, /) -> None: ...
    def people(self) -> list[dict[str, object]]: ...
    async def idle(self) -> None: ...
    async def run_due_retries(self) -> object: ...
    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class FakePlatforms:
    """The running fakes.

    Attributes:
        by_name: Each, by the platform's name in the configuration.
        urls: Where each one's API is.
    """

    by_name: Mapping[str, _Fake]
    urls: Mapping[str, str]

    def environment(self) -> Mapping[str, str]:
        """Return the variables that the demo's configuration names."""
        addresses = {f"DEMO_{name.upper()}_URL": url for name, url in self.urls.items()}
        secrets = {
            "DEMO_FEISHU_SECRET": FEISHU.secret,
            "DEMO_WECOM_SECRET": WECOM.secret,
            "DEMO_WECOM_TOKEN": WECOM.token,
            "DEMO_WECOM_AES_KEY": WECOM.aes_key,
            "DEMO_DINGTALK_SECRET": DINGTALK.client_secret,
        }
        return {**addresses, **secrets}

    def call_back_at(self, address: str) -> None:
        """Tell those that call the bot where it is.

        Args:
            address: Of the bot's callbacks, with ``{platform}`` where the platform's name goes.
        """
        for name, fake in self.by_name.items():
            if isinstance(fake, wecom.WeComFake):
                fake.configure(replace(WECOM, callback_url=address.format(platform=name)))

    async def idle(self) -> None:
        """Return once none of them is delivering an event."""
        for fake in self.by_name.values():
            await fake.idle()

    async def run_due_retries(self) -> None:
        """Let each send again what is due by the clock."""
        for fake in self.by_name.values():
            await fake.run_due_retries()


@asynccontextmanager
async def fake_platforms(home: Path, clock: Clock, company: Company) -> AsyncIterator[FakePlatforms]:
    """Run the fakes on files in a folder; a fresh one is given the company.

    Args:
        home: The folder.
        clock: The demo's. Rates run on it as well: the bot keeps its pace on that clock, which leaps.
        company: Who there is.
    """

    def seconds() -> float:
        return clock.now().timestamp()

    chance = random.Random(clock.now().timestamp())  # noqa: S311 - the fakes' dice, nothing secret
    on_feishu = feishu.FeishuFake(str(home / "feishu.db"), clock.now, seconds, chance, (FEISHU,))
    on_wecom = wecom.WeComFake(str(home / "wecom.db"), clock.now, seconds, chance, (WECOM,))
    on_dingtalk = dingtalk.DingTalkFake(str(home / "dingtalk.db"), clock.now, seconds, chance, (DINGTALK,))
    fakes: dict[str, tuple[_Fake, Callable[[], web.Application]]] = {
        "feishu": (on_feishu, lambda: feishu.make_app(on_feishu)),
        "wecom": (on_wecom, lambda: wecom.make_app(on_wecom)),
        "dingtalk": (on_dingtalk, lambda: dingtalk.make_app(on_dingtalk)),
    }
    async with AsyncExitStack() as stack:
        urls = {}
        for name, (fake, app) in fakes.items():
            if not fake.people():
                fake.load_company(company)
            stack.push_async_callback(fake.close)
            urls[name] = await served(stack, app())
        yield FakePlatforms({name: fake for name, (fake, _) in fakes.items()}, urls)


async def served(stack: AsyncExitStack, app: web.Application) -> str:
    """Serve an application on a free port of this machine until the stack unwinds; return its address."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    cleanup: Callable[[], Awaitable[None]] = runner.cleanup
    stack.push_async_callback(cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return f"http://127.0.0.1:{runner.addresses[0][1]}"
