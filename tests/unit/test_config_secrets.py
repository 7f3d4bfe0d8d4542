"""Secrets: from the environment or a file, missing ones told with their line, none ever shown."""

from pathlib import Path

import pytest

from tests.unit.config_texts import ENV, MINIMAL, loaded, problems, read

SECRET = ENV["FEISHU_SECRET"]
MAIL = "mail: {{host: smtp.example.com, user: u, from: a@example.com, password: {password}}}"


class TestEnvironment:
    def test_a_reference_becomes_the_variables_value(self) -> None:
        feishu = loaded().platforms.feishu
        assert feishu is not None
        assert feishu.app_secret.get_secret_value() == SECRET

    def test_a_reference_may_stand_within_a_text(self) -> None:
        settings = loaded('storage: {url: "postgresql://fupan:${PG}@db/${NAME}"}', {**ENV, "PG": "pw", "NAME": "n"})
        assert settings.storage_url == "postgresql://fupan:pw@db/n"

    def test_a_number_may_come_from_the_environment(self) -> None:
        text = 'mail: {host: smtp.example.com, from: a@example.com, port: "${PORT}"}'
        mail = loaded(text, {**ENV, "PORT": "2525"}).mail
        assert mail is not None
        assert mail.port == 2525

    @pytest.mark.parametrize(("env", "state"), [({}, "is not set"), ({"FEISHU_SECRET": ""}, "is empty")])
    def test_a_variable_without_a_value_is_told_with_its_line(self, env: dict[str, str], state: str) -> None:
        assert problems("", env) == [
            f"org.yaml:2: platforms.feishu.app_secret: the environment variable FEISHU_SECRET {state}"
        ]

    def test_a_variable_that_is_not_utf_8_is_told_with_its_line(self) -> None:
        """Such bytes reach Python as halves of characters (surrogateescape), which no store and no platform takes."""
        found = problems("", {"FEISHU_SECRET": b"ok\xff".decode("utf-8", "surrogateescape")})
        assert found == [
            "org.yaml:2: platforms.feishu.app_secret: the environment variable FEISHU_SECRET is not a text"
        ]

    def test_a_missing_value_is_told_once_whatever_it_should_have_been(self) -> None:
        text = 'mail: {host: smtp.example.com, from: "${FROM}", port: "${PORT}"}'
        assert [each.split(": ")[1] for each in problems(text)] == ["mail.from", "mail.port"]

    def test_what_people_read_is_left_as_it_is(self) -> None:
        text = """
            questionnaires: {q: {title: "${HOME}", questions: [{name: a, text: "file: 在哪里？"}]}}
            cadences: {own: {when: MON 09:00, questionnaire: q}}
        """
        questionnaire = loaded(text).policy.cadences[0].questionnaire
        assert questionnaire is not None
        assert (questionnaire.title, questionnaire.questions[0].text) == ("${HOME}", "file: 在哪里？")


class TestFiles:
    def test_a_file_gives_its_text_without_blanks_around(self, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text("s3cret\n", "utf-8")
        settings = loaded(MAIL.format(password="file:secret"), folder=tmp_path)
        assert settings.mail is not None
        assert settings.mail.password is not None
        assert settings.mail.password.get_secret_value() == "s3cret"
        assert tmp_path / "secret" in settings.source_files

    def test_a_path_may_be_absolute(self, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text("s3cret", "utf-8")
        assert loaded(MAIL.format(password=f"file:{tmp_path}/secret")).mail is not None

    def test_a_file_that_is_not_there_is_told_with_its_line(self, tmp_path: Path) -> None:
        (only,) = problems(MAIL.format(password="file:none"), folder=tmp_path)
        assert only == f"org.yaml:3: mail.password: the file {tmp_path}/none cannot be read: No such file or directory"

    @pytest.mark.parametrize(
        ("content", "state"),
        [(b"", "is empty"), (b"\n \n", "is empty"), (b"\xff\xfe", "is not a text"), (b"a\x00b", "is not a text")],
    )
    def test_a_file_without_a_text_is_told(self, tmp_path: Path, content: bytes, state: str) -> None:
        (tmp_path / "secret").write_bytes(content)
        (only,) = problems(MAIL.format(password="file:secret"), folder=tmp_path)
        assert only.startswith("org.yaml:3: mail.password: the file ")
        assert only.endswith(state)


class TestNothingIsShown:
    TEXT = """
        storage: {url: "postgresql://fupan:${PG}@db/fupan"}
        mail: {host: smtp.example.com, user: u, from: a@example.com, password: "${MAIL_PASSWORD}"}
    """

    def test_no_secret_is_in_the_text_of_loaded_settings(self) -> None:
        settings = loaded(self.TEXT, {**ENV, "PG": "pg-secret"})
        shown = f"{settings!r} {settings}"
        for secret in (SECRET, ENV["MAIL_PASSWORD"], "pg-secret"):
            assert secret not in shown

    @pytest.mark.parametrize(
        "text",
        [
            'storage: {url: "${FEISHU_SECRET}"}',
            'public_url: "${FEISHU_SECRET}"',
            'mail: {host: h, from: "${FEISHU_SECRET}"}',
            'mail: {host: h, from: a@b, port: "${FEISHU_SECRET}"}',
            'mail: {host: h, from: a@b, tls: "${FEISHU_SECRET}"}',
            'mail: {host: h, from: a@b, user: {a: "${FEISHU_SECRET}"}}',
            'mail: ["${FEISHU_SECRET}"]',
        ],
    )
    def test_no_mistake_shows_a_secret(self, text: str) -> None:
        found = problems(text)
        assert found
        assert not [each for each in found if SECRET in each]

    @pytest.mark.parametrize("key", ["app_secret", "encrypt_key", "verification_token", "proxy", "base_url", "mode"])
    def test_no_mistake_in_a_platform_shows_a_secret(self, key: str) -> None:
        written = f'platforms:\n  feishu: {{app_id: cli_x, app_secret: s, {key}: ["${{FEISHU_SECRET}}"]}}'
        result = read(written.replace("app_secret: s, app_secret", "app_secret"))
        assert result.problems
        assert SECRET not in " ".join(map(str, result.problems))

    def test_the_shortest_configuration_needs_nothing_but_the_platform(self) -> None:
        assert read(MINIMAL).problems == ()


class TestConnections:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("storage: {url: mysql://x}", "storage.url: is no address of a store; allowed: sqlite:///PATH or"),
            (
                "mail: {host: h, from: a@b, user: u}",
                "mail.user: has no password; allowed: user and password, or neither",
            ),
            ("mail: {host: h, from: a@b, password: p}", "mail.password: is nobody's; allowed: user and password, or"),
            ("mail: {host: h, from: a@b, port: 70000}", "mail.port: must be less than or equal to 65535"),
            ("people: {source: slack}", "people.source: is none of the words known here; allowed: 'feishu', 'wecom'"),
            ("people: {source: wecom}", "people.source: is a platform that is not configured; allowed: feishu"),
        ],
    )
    def test_settings_that_do_not_fit_together_are_told(self, text: str, expected: str) -> None:
        (only,) = problems(text)
        assert only.startswith(f"org.yaml:3: {expected}")

    @pytest.mark.parametrize(
        "url", ["sqlite:///C:/Program Files/fupan/fupan.db", "sqlite:////srv/my data/复盘 库.db", "sqlite:///f.db"]
    )
    def test_folders_and_files_may_have_blanks_in_their_names(self, url: str) -> None:
        assert loaded(f'storage: {{url: "{url}"}}').storage_url == url

    @pytest.mark.parametrize(
        "url",
        [
            "sqlite:///",
            "sqlite:/// ",
            "sqlite:///f.db ",
            "sqlite:///a\\tb",
            "postgresql://u:p w@db/fupan",
            "postgresql://",
        ],
    )
    def test_other_blanks_in_the_address_of_a_store_are_slips_of_the_hand(self, url: str) -> None:
        (only,) = problems(f'storage: {{url: "{url}"}}')
        assert only.startswith("org.yaml:3: storage.url: is no address of a store")

    def test_callbacks_need_the_key_that_proves_who_calls(self) -> None:
        text = "platforms:\n  feishu: {mode: webhook, app_id: cli_x, app_secret: s"
        (only,) = map(str, read(text + "}").problems)
        assert only.startswith("org.yaml:2: platforms.feishu.mode: without encrypt_key anybody could call")
        assert read(text + ", encrypt_key: k}").problems == ()

    def test_left_out_settings_have_their_defaults(self) -> None:
        settings = loaded()
        feishu = settings.platforms.feishu
        assert feishu is not None
        assert (feishu.mode, feishu.base_url) == ("websocket", "https://open.feishu.cn")
        assert (settings.storage_url, settings.mail, settings.public_url) == ("sqlite:///var/fupan.db", None, None)
        assert (settings.people, settings.people_source) == (None, "feishu")
        assert (settings.policy.org_id, settings.policy.zone, settings.policy.locale) == (
            "main",
            "Asia/Shanghai",
            "zh-CN",
        )
        assert settings.policy.name == "main"

    def test_a_directory_of_a_platform_that_is_not_configured_cannot_be_read(self) -> None:
        found = [str(each) for each in read("people: {source: feishu}").problems]
        assert found == [
            "org.yaml:1: platforms: names no platform; allowed: feishu, wecom, dingtalk",
            "org.yaml:1: people.source: is a platform that is not configured; allowed: one under platforms",
        ]

    def test_a_setting_of_null_is_left_out(self) -> None:
        assert loaded("mail: null\npublic_url: null").mail is None
