"""The chat platforms: what each needs, what is wrong by name and never by value, and several of them at once."""

from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.organisation import LoadedOrg
from config.platform_schema import DingtalkPart, FeishuPart, WecomPart
from tests.unit.config_texts import ENV, read

KEY = "u8jzPde0IgxLd6GncfBAepfJBd0Kh8oOOL8dKLzdocJ"
WECOM = {
    "corp_id": "ww00112233445566aa",
    "agent_id": "1000002",
    "secret": '"${WECOM_SECRET}"',
    "token": "DemoToken2026",
    "aes_key": KEY,
}
DINGTALK = {"client_id": "dingabc", "client_secret": '"${DINGTALK_SECRET}"'}
FEISHU = {"app_id": "cli_x", "app_secret": '"${FEISHU_SECRET}"'}
ALL_ENV = {**ENV, "WECOM_SECRET": "w-secret", "DINGTALK_SECRET": "d-secret"}

Keys = dict[str, str]


def platform(name: str, keys: Keys, **other: str) -> str:
    """Return one line for a platform; a key given as an empty text is left out."""
    flow = ", ".join(f"{key}: {value}" for key, value in {**keys, **other}.items() if value)
    return f"  {name}: {{{flow}}}\n"


def organisation(*lines: str, more: str = "", folder: Path = Path()) -> LoadedOrg:
    """Return the settings of platforms without a mistake."""
    result = read("platforms:\n" + "".join(lines) + more, ALL_ENV, folder)
    assert result.org is not None, "\n".join(map(str, result.problems))
    return result.org


def told(*lines: str, env: Keys = ALL_ENV) -> list[str]:
    """Return what is wrong with platforms, without the file's name and the line of the first, which is 2."""
    return [
        str(each).removeprefix("org.yaml:2: platforms.") for each in read("platforms:\n" + "".join(lines), env).problems
    ]


def wecom(**other: str) -> str:
    return platform("wecom", WECOM, **other)


def dingtalk(**other: str) -> str:
    return platform("dingtalk", DINGTALK, **other)


class TestWecom:
    def test_an_app_is_read_with_its_number_as_a_number(self) -> None:
        part = organisation(wecom()).platforms.wecom
        assert isinstance(part, WecomPart)
        assert (part.corp_id, part.agent_id) == ("ww00112233445566aa", 1000002)
        secrets = [each.get_secret_value() for each in (part.secret, part.token, part.aes_key) if each]
        assert secrets == ["w-secret", "DemoToken2026", KEY]

    def test_left_out_settings_have_their_defaults(self) -> None:
        part = organisation(wecom()).platforms.wecom
        assert part is not None
        assert (part.base_url, part.proxy) == ("https://qyapi.weixin.qq.com", None)

    @pytest.mark.parametrize("key", list(WECOM))
    def test_each_of_the_five_is_needed(self, key: str) -> None:
        assert told(wecom(**{key: ""})) == [f"wecom.{key}: is missing"]

    @pytest.mark.parametrize(
        ("key", "value", "expected"),
        [
            ("agent_id", "app", "must be a valid integer"),
            ("agent_id", "0", "must be greater than or equal to 1"),
            ("aes_key", KEY[:-1], "has 42 characters; allowed: 43 letters and digits, as the console shows them"),
            ("aes_key", KEY + "=", "has 44 characters; allowed: 43 letters and digits"),
            ("aes_key", KEY[:-1] + "+", "holds a sign that is neither letter nor digit; allowed: 43 letters and"),
            ("secret", "'a b'", "holds a blank or a sign that no such secret has"),
            ("secret", '"x\\n"', "holds a blank or a sign that no such secret has"),
            ("secret", "企业微信", "holds a blank or a sign that no such secret has"),
            ("token", "''", "is empty; allowed: letters, digits and ASCII signs"),
            ("proxy", "proxy.example.com:8080", "is no address of a proxy; allowed: http:// or https://, perhaps user"),
            ("base_url", "qyapi.weixin.qq.com", "is no address"),
        ],
    )
    def test_what_is_odd_is_told_by_name(self, key: str, value: str, expected: str) -> None:
        (only,) = told(wecom(**{key: value}))
        assert only.startswith(f"wecom.{key}: {expected}")

    def test_a_proxy_may_hold_a_password_and_is_not_shown(self) -> None:
        found = organisation(wecom(proxy='"http://fupan:pw-of-proxy@proxy.example.com:8080"'))
        assert found.platforms.wecom is not None
        assert found.platforms.wecom.proxy is not None
        assert "pw-of-proxy" in found.platforms.wecom.proxy.get_secret_value()
        assert "pw-of-proxy" not in repr(found)

    def test_a_variable_that_is_missing_is_told_once_and_not_as_an_odd_key(self) -> None:
        assert sorted(told(wecom(aes_key='"${WECOM_KEY}"', agent_id='"${WECOM_AGENT}"'))) == [
            "wecom.aes_key: the environment variable WECOM_KEY is not set",
            "wecom.agent_id: the environment variable WECOM_AGENT is not set",
        ]


class TestRobotOfWecom:
    ROBOT: ClassVar[Keys] = {"mode": "robot", "bot_id": "aib1", "robot_secret": '"${ROBOT_SECRET}"'}
    ENV: ClassVar[Keys] = {**ALL_ENV, "ROBOT_SECRET": "r-secret"}

    def found(self, more: str, folder: Path, **other: str) -> list[str]:
        (folder / "people.yaml").write_text("people: [{id: a, name: A, ids: {feishu: ou_1, wecom: A}}]", "utf-8")
        text = "platforms:\n" + platform("wecom", self.ROBOT, **other) + more
        return [str(each).removeprefix("org.yaml:") for each in read(text, self.ENV, folder).problems]

    def test_a_robot_is_read_with_its_people_from_a_file(self, tmp_path: Path) -> None:
        assert self.found("people: {file: people.yaml}\n", tmp_path) == []
        text = "platforms:\n" + platform("wecom", self.ROBOT) + "people: {file: people.yaml}\n"
        org = read(text, self.ENV, tmp_path).org
        assert org is not None
        assert org.people_source is None
        assert org.platforms.wecom is not None
        assert (org.platforms.wecom.mode, org.platforms.wecom.bot_id) == ("robot", "aib1")
        assert org.platforms.wecom.robot_url == "wss://openws.work.weixin.qq.com"
        assert "r-secret" not in repr(org)

    @pytest.mark.parametrize("key", ["bot_id", "robot_secret"])
    def test_its_id_and_secret_are_needed(self, key: str, tmp_path: Path) -> None:
        assert self.found("people: {file: people.yaml}\n", tmp_path, **{key: ""}) == [
            f"2: platforms.wecom.{key}: is missing"
        ]

    @pytest.mark.parametrize("key", [*WECOM, "base_url"])
    def test_the_keys_of_an_app_are_refused(self, key: str, tmp_path: Path) -> None:
        value = WECOM.get(key, "https://qyapi.example.com")
        assert self.found("people: {file: people.yaml}\n", tmp_path, **{key: value}) == [
            f"2: platforms.wecom.{key}: belongs to mode: app; allowed: for mode: robot: bot_id, robot_secret, robot_url"
        ]

    @pytest.mark.parametrize(
        ("key", "value"), [("bot_id", "aib1"), ("robot_secret", "r"), ("robot_url", "ws://localhost:1")]
    )
    def test_an_app_refuses_the_keys_of_a_robot(self, key: str, value: str) -> None:
        (only,) = told(wecom(**{key: value}))
        assert only.startswith(f"wecom.{key}: belongs to mode: robot; allowed: for mode: app: corp_id, agent_id")

    @pytest.mark.parametrize("address", ["https://openws.work.weixin.qq.com", "wss://", "openws"])
    def test_its_address_is_one_of_a_socket(self, address: str, tmp_path: Path) -> None:
        (only,) = self.found("people: {file: people.yaml}\n", tmp_path, robot_url=f"'{address}'")
        assert only.startswith(f"2: platforms.wecom.robot_url: '{address}' is no address of a socket; allowed: wss://")

    def test_without_a_file_there_are_no_people(self, tmp_path: Path) -> None:
        (only,) = self.found("", tmp_path)
        assert "people.file: is missing; a robot of WeCom cannot read the directory" in only

    def test_the_directory_cannot_be_that_of_a_robot(self, tmp_path: Path) -> None:
        (only,) = self.found("people: {file: people.yaml, source: wecom}\n", tmp_path)
        assert only.startswith("3: people.source: a robot of WeCom cannot read the directory")

    def test_another_platforms_directory_may_be_read_beside_it(self, tmp_path: Path) -> None:
        more = platform("feishu", FEISHU) + "people: {file: people.yaml, source: feishu}\n"
        assert self.found(more, tmp_path) == []


class TestDingtalk:
    def test_left_out_settings_have_their_defaults(self) -> None:
        part = organisation(dingtalk()).platforms.dingtalk
        assert isinstance(part, DingtalkPart)
        assert (part.mode, part.robot_code, part.card_template, part.form_template) == ("stream", None, None, None)
        assert (part.base_url, part.old_base_url) == ("https://api.dingtalk.com", "https://oapi.dingtalk.com")
        assert (part.proxy, part.event_token, part.event_aes_key) == (None, None, None)
        assert (part.allowance.api, part.allowance.push) == (5000, 3000)

    def test_a_months_allowance_can_be_that_of_another_edition_or_none(self) -> None:
        part = organisation(dingtalk(allowance="{api: 200000, push: 0}")).platforms.dingtalk
        assert part is not None
        assert (part.allowance.api, part.allowance.push) == (200000, 0)

    def test_templates_are_taken_as_the_console_shows_them(self) -> None:
        part = organisation(dingtalk(card_template="589420e2-c1e2.schema", form_template="x.schema")).platforms.dingtalk
        assert part is not None
        assert (part.card_template, part.form_template) == ("589420e2-c1e2.schema", "x.schema")

    @pytest.mark.parametrize("key", list(DINGTALK))
    def test_the_app_and_its_secret_are_needed(self, key: str) -> None:
        assert told(dingtalk(**{key: ""})) == [f"dingtalk.{key}: is missing"]

    @pytest.mark.parametrize(
        ("other", "expected"),
        [
            ({"mode": "websocket"}, "mode: is none of the words known here; allowed: 'stream' or 'webhook'"),
            (
                {"event_token": "t"},
                "event_token: is of no use without event_aes_key; allowed: event_token and event_aes",
            ),
            (
                {"event_aes_key": KEY},
                "event_aes_key: is of no use without event_token; allowed: event_token and event_",
            ),
            (
                {"event_token": "t", "event_aes_key": "short"},
                "event_aes_key: has 5 characters; allowed: 43 letters and",
            ),
            ({"robot_code": "other"}, "robot_code: is not the Client ID; a robot of an internal app has no other code"),
            ({"form_template": "x.schema"}, "form_template: needs card_template beside it; allowed: both templates,"),
            ({"card_template": "'my template'"}, "card_template: 'my template' is no template's id"),
            ({"allowance": "{api: -1}"}, "allowance.api: must be greater than or equal to 0"),
            ({"allowance": "{calls: 1}"}, "allowance.calls: unknown key; allowed: api, push"),
            ({"old_base_url": "oapi"}, "old_base_url: is no address"),
            ({"client_secret": "' s'"}, "client_secret: holds a blank or a sign that no such secret has"),
        ],
    )
    def test_what_is_odd_is_told_by_name(self, other: Keys, expected: str) -> None:
        assert told(dingtalk(**other))[0].startswith(f"dingtalk.{expected}")

    def test_a_robots_code_may_be_written_out(self) -> None:
        part = organisation(dingtalk(robot_code=DINGTALK["client_id"])).platforms.dingtalk
        assert part is not None
        assert part.robot_code == part.client_id

    def test_events_over_http_have_a_token_and_a_key(self) -> None:
        part = organisation(dingtalk(mode="webhook", event_token="t", event_aes_key=KEY)).platforms.dingtalk
        assert part is not None
        assert part.event_aes_key is not None
        assert part.event_aes_key.get_secret_value() == KEY


class TestNoValueIsShown:
    @given(
        st.sampled_from([("wecom", each) for each in WECOM] + [("dingtalk", each) for each in DINGTALK]),
        st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=12, max_size=60),
    )
    def test_no_mistake_shows_what_the_environment_holds(self, place: tuple[str, str], value: str) -> None:
        name, key = place
        line = wecom(**{key: '"${SECRET}"'}) if name == "wecom" else dingtalk(**{key: '"${SECRET}"'})
        assert not [each for each in told(line, env={**ALL_ENV, "SECRET": value}) if value in each]

    @pytest.mark.parametrize("key", ["secret", "token", "aes_key", "proxy", "base_url", "agent_id", "corp_id"])
    def test_no_mistake_of_form_shows_a_secret(self, key: str) -> None:
        found = told(wecom(**{key: '["${WECOM_SECRET}"]'}))
        assert found
        assert "w-secret" not in " ".join(found)

    def test_loaded_settings_show_none(self) -> None:
        shown = repr(organisation(wecom(), dingtalk(event_token="t-secret", event_aes_key=KEY)))
        assert not [each for each in ("w-secret", "d-secret", "t-secret", "DemoToken2026", KEY) if each in shown]


class TestSeveral:
    FEISHU_LINE = platform("feishu", FEISHU)

    def test_all_three_may_be_there_at_once(self) -> None:
        found = organisation(self.FEISHU_LINE, wecom(), dingtalk()).platforms
        assert isinstance(found.feishu, FeishuPart)
        assert found.wecom is not None
        assert found.dingtalk is not None

    def test_left_out_the_directory_is_that_of_the_platform_written_first(self) -> None:
        assert organisation(dingtalk(), self.FEISHU_LINE).people_source == "dingtalk"
        assert organisation(self.FEISHU_LINE, dingtalk()).people_source == "feishu"

    def test_a_platform_of_null_is_not_configured(self) -> None:
        assert organisation("  feishu: null\n", wecom()).people_source == "wecom"

    def test_whoever_has_several_ids_is_written_to_on_the_platform_written_first(self, tmp_path: Path) -> None:
        (tmp_path / "people.yaml").write_text("people: [{id: a, name: A, ids: {feishu: ou_1, wecom: A}}]", "utf-8")
        lines = [self.FEISHU_LINE, wecom(), dingtalk()]
        for written, chosen in ((lines, "feishu"), (lines[::-1], "wecom")):
            found = organisation(*written, more="people: {file: people.yaml}\n", folder=tmp_path)
            assert found.people is not None
            assert found.people[0].person.platform == chosen

    def test_a_mistake_in_one_does_not_hide_one_in_the_other(self) -> None:
        found = told(wecom(aes_key="x"), dingtalk(client_id=""))
        assert found == [
            "wecom.aes_key: has 1 characters; allowed: 43 letters and digits, as the console shows them",
            "org.yaml:3: platforms.dingtalk.client_id: is missing",
        ]

    def test_a_platform_that_nobody_knows_is_told_with_those_there_are(self) -> None:
        (only,) = told(wecom(), "  slack: {}\n")
        assert only == "org.yaml:3: platforms.slack: unknown key; allowed: feishu, wecom, dingtalk"

    def test_a_wrong_platform_that_is_the_source_is_told_once(self) -> None:
        """Its form is told; that it then seems not to be configured is no news."""
        result = read("platforms:\n" + self.FEISHU_LINE + wecom(secret="") + "people: {source: wecom}\n", ALL_ENV)
        assert [each.key for each in result.problems] == ["platforms.wecom.secret"]
