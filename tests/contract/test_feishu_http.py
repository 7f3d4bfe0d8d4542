"""What adapters may expect of an HTTP session and of a token cache."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from adapters.http import MAX_REPLY_BYTES, HttpSession, Token, TokenCache
from domain.errors import Misconfigured, PlatformDown, Throttled
from tests.contract.feishu_stub import Asked, SteppingClock, Stub, open_session, running_stub, unknown_certificate


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    async with running_stub() as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[HttpSession]:
    async with open_session() as session:
        yield session


class TestSession:
    async def test_a_call_carries_query_headers_and_body_unchanged(self, stub: Stub, http: HttpSession) -> None:
        stub.on("POST", "/x", {"ok": True})
        query = {"token": "a+b/c=%2B&d", "many": ["1", "2"]}
        reply = await http.send("POST", f"{stub.url}/x", query, {"X-A": "b"}, b'{"c":1}')
        assert (reply.status, reply.body) == (200, b'{"ok": true}')
        assert reply.headers["x-tt-logid"] == "log-1"
        asked = stub.asked[0]
        assert asked.query == [("token", "a+b/c=%2B&d"), ("many", "1"), ("many", "2")]
        assert (asked.headers["x-a"], asked.body) == ("b", {"c": 1})

    async def test_a_redirect_is_returned_and_not_followed_with_our_token(self, stub: Stub, http: HttpSession) -> None:
        async def elsewhere(_: Asked) -> web.StreamResponse:
            return web.Response(status=302, headers={"Location": f"{stub.url}/elsewhere"})

        stub.replies["GET", "/x"] = elsewhere
        assert (await http.send("GET", f"{stub.url}/x", headers={"Authorization": "Bearer t"})).status == 302
        assert [each.path for each in stub.asked] == ["/x"]

    async def test_nobody_listening_is_a_platform_that_is_down(self, http: HttpSession) -> None:
        with pytest.raises(PlatformDown) as error:
            await http.send("GET", "http://127.0.0.1:1/x?ticket=secret")
        assert error.value.code == "unreachable"
        assert "secret" not in str(error.value)

    async def test_an_answer_that_does_not_come_in_time_is_a_timeout(self, stub: Stub) -> None:
        released = asyncio.Event()

        async def slow(_: Asked) -> web.StreamResponse:
            await released.wait()
            return web.Response()

        stub.replies["GET", "/x"] = slow
        async with open_session(timedelta(milliseconds=50)) as hasty:
            with pytest.raises(PlatformDown) as error:
                await hasty.send("GET", f"{stub.url}/x")
        released.set()
        assert error.value.code == "timeout"

    async def test_an_answer_that_breaks_off_is_a_platform_that_is_down(self, http: HttpSession) -> None:
        async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nshort")
            writer.close()
            await writer.wait_closed()

        async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            with pytest.raises(PlatformDown) as error:
                await http.send("GET", f"http://127.0.0.1:{port}/x")
        assert error.value.code == "connection"

    async def test_an_endless_answer_is_not_read_to_the_end(self, stub: Stub, http: HttpSession) -> None:
        async def endless(_: Asked) -> web.StreamResponse:
            return web.Response(body=bytes(MAX_REPLY_BYTES + 1))

        stub.replies["GET", "/x"] = endless
        with pytest.raises(PlatformDown) as error:
            await http.send("GET", f"{stub.url}/x")
        assert error.value.code == "oversized"

    async def test_a_url_that_is_none_is_a_wrong_setting(self, http: HttpSession) -> None:
        with pytest.raises(Misconfigured):
            await http.send("GET", "open.feishu.cn/x")

    async def test_a_configured_proxy_is_used(self, stub: Stub) -> None:
        stub.on("GET", "/x", {})
        http = HttpSession(proxy=stub.url)
        await http.send("GET", "http://platform.invalid/x")
        await http.close()
        assert stub.asked[0].headers["Host"] == "platform.invalid"

    async def test_a_certificate_that_nobody_vouches_for_is_a_wrong_setting(
        self, http: HttpSession, tmp_path: Path
    ) -> None:
        async def ignored(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.close()

        server = await asyncio.start_server(ignored, "127.0.0.1", 0, ssl=unknown_certificate(tmp_path))
        async with server:
            port = server.sockets[0].getsockname()[1]
            with pytest.raises(Misconfigured) as error:
                await http.send("GET", f"https://127.0.0.1:{port}/x")
        assert error.value.code == "certificate"

    async def test_a_socket_that_nobody_answers_is_a_platform_that_is_down(self, http: HttpSession) -> None:
        with pytest.raises(PlatformDown) as error:
            await http.websocket("ws://127.0.0.1:1/ws/v2?ticket=secret", 1024)
        assert error.value.code == "unreachable"
        assert error.value.__cause__ is None
        assert "secret" not in str(error.value)

    async def test_a_closed_session_can_be_used_again(self, stub: Stub, http: HttpSession) -> None:
        stub.on("GET", "/x", {})
        await http.close()
        await http.close()
        assert (await http.send("GET", f"{stub.url}/x")).status == 200


class Mint:
    """Hands out numbered tokens, and fails when told to."""

    def __init__(self, clock: SteppingClock, life: timedelta = timedelta(hours=2)) -> None:
        self.clock = clock
        self.life = life
        self.made = 0
        self.failure: Exception | None = None
        self.gate: asyncio.Event | None = None

    async def fetch(self) -> Token:
        """Make a token."""
        self.made += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        return Token(f"t-{self.made}", self.clock.now() + self.life)


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture
def mint(clock: SteppingClock) -> Mint:
    return Mint(clock)


@pytest.fixture
def cache(mint: Mint, clock: SteppingClock) -> TokenCache:
    return TokenCache(mint.fetch, clock)


class TestTokens:
    async def test_a_token_is_kept_until_half_an_hour_before_its_end(
        self, cache: TokenCache, clock: SteppingClock
    ) -> None:
        assert await cache.get() == "t-1"
        clock.advance(timedelta(minutes=89, seconds=59))
        assert await cache.get() == "t-1"
        clock.advance(timedelta(seconds=1))
        assert await cache.get() == "t-2"

    async def test_many_callers_fetch_once(self, cache: TokenCache, mint: Mint) -> None:
        mint.gate = asyncio.Event()
        callers = [asyncio.create_task(cache.get()) for _ in range(20)]
        await asyncio.sleep(0)
        mint.gate.set()
        assert set(await asyncio.gather(*callers)) == {"t-1"}
        assert mint.made == 1

    async def test_many_callers_who_were_refused_renew_once(self, cache: TokenCache, mint: Mint) -> None:
        old = await cache.get()
        renewed = []
        for _ in range(5):
            cache.forget(old)
            renewed.append(await cache.get())
        assert renewed == ["t-2"] * 5

    async def test_a_caller_who_gives_up_takes_the_token_from_nobody(self, cache: TokenCache, mint: Mint) -> None:
        mint.gate = asyncio.Event()
        hasty, patient = asyncio.create_task(cache.get()), asyncio.create_task(cache.get())
        await asyncio.sleep(0)
        hasty.cancel()
        await asyncio.sleep(0)
        mint.gate.set()
        assert await patient == "t-1"
        assert hasty.cancelled()
        assert mint.made == 1

    async def test_a_failure_that_nobody_waits_for_any_more_is_forgotten(self, cache: TokenCache, mint: Mint) -> None:
        mint.gate = asyncio.Event()
        hasty = asyncio.create_task(cache.get())
        await asyncio.sleep(0)
        hasty.cancel()
        await asyncio.sleep(0)
        mint.failure = PlatformDown("timeout")
        mint.gate.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        mint.failure = None
        assert await cache.get() == "t-2"

    async def test_a_failure_reaches_all_who_wait_and_the_next_caller_tries_anew(
        self, cache: TokenCache, mint: Mint
    ) -> None:
        mint.failure = PlatformDown("timeout")
        results = await asyncio.gather(cache.get(), cache.get(), return_exceptions=True)
        assert [type(result) for result in results] == [PlatformDown, PlatformDown]
        assert mint.made == 1
        mint.failure = None
        assert await cache.get() == "t-2"

    @pytest.mark.parametrize("failure", [PlatformDown("timeout"), Throttled("99991400", timedelta(seconds=1))])
    async def test_the_old_token_serves_to_its_end_while_no_new_one_can_be_had(
        self, cache: TokenCache, mint: Mint, clock: SteppingClock, failure: Exception
    ) -> None:
        await cache.get()
        mint.failure = failure
        clock.advance(timedelta(minutes=119))
        assert await cache.get() == "t-1"
        clock.advance(timedelta(minutes=1))
        with pytest.raises(type(failure)):
            await cache.get()

    async def test_wrong_credentials_are_told_at_once(
        self, cache: TokenCache, mint: Mint, clock: SteppingClock
    ) -> None:
        await cache.get()
        mint.failure = Misconfigured("10014")
        clock.advance(timedelta(minutes=100))
        with pytest.raises(Misconfigured):
            await cache.get()

    async def test_what_is_left_of_an_old_token_is_not_asked_for_again_and_again(
        self, mint: Mint, cache: TokenCache, clock: SteppingClock
    ) -> None:
        mint.life = timedelta(minutes=20)
        await cache.get()
        clock.advance(timedelta(minutes=9))
        assert await cache.get() == "t-1"
        clock.advance(timedelta(minutes=1))
        assert await cache.get() == "t-2"

    def test_a_printed_token_shows_no_secret(self, clock: SteppingClock) -> None:
        assert "t-secret" not in repr(Token("t-secret", clock.now()))
