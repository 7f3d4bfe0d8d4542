"""wechatpy's modules, imported late and without its warnings, and its client turned to a desk.

The library is synchronous, so its calls run in threads while the fake serves from the test's loop.
"""

import importlib
import warnings
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.contract.sandbox_wecom.harness import APP, KEY, Desk, open_desk


def _imported(name: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the library's dependencies deprecate is not ours to fix
        return importlib.import_module(name)


@pytest.fixture(scope="session")
def wechatpy() -> Any:
    """The module `wechatpy.enterprise`: `parse_message`, `create_reply`, `WeChatClient`."""
    return _imported("wechatpy.enterprise")


@pytest.fixture(scope="session")
def mistakes() -> Any:
    """The library's exceptions."""
    return _imported("wechatpy.exceptions")


@pytest.fixture
def crypto(wechatpy: Any) -> Any:
    """The library's envelopes, with the settings of the test app."""
    return _imported(f"{wechatpy.__name__}.crypto").WeChatCrypto(APP.token, KEY, APP.corp_id)


@pytest.fixture
def client(wechatpy: Any) -> Callable[[Desk], Any]:
    """A function that makes the library's client for a desk."""

    def make(desk: Desk) -> Any:
        class Client(wechatpy.WeChatClient):  # type: ignore[misc] # the library has no types
            API_BASE_URL = desk.url("")

            def fetch_access_token(self) -> Any:
                credentials = {"corpid": self.corp_id, "corpsecret": self.secret}
                return self._fetch_access_token(desk.url("gettoken"), credentials)

        made = Client(desk.app.corp_id, desk.app.secret)
        made._http.trust_env = False  # no proxy of this machine stands before loopback
        return made

    return make


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """A fake company in memory, with one app whose callback nobody answers."""
    async with open_desk() as opened:
        yield opened
