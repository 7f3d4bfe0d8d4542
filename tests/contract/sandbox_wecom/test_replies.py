"""Passive replies: what an answer's envelope may hold, whom it concerns, and what is dropped without a word."""

import pytest
from aiohttp import web

from tests.contract.sandbox_wecom import sample_cards as cards
from tests.contract.sandbox_wecom.harness import (
    APP,
    CORP,
    LEI,
    MIN,
    OTHER_KEY,
    Event,
    open_talk,
    reply_body,
    reply_xml,
    sealed,
    signature,
)

_CARD = (
    "<TemplateCard><CardType><![CDATA[button_interaction]]></CardType>"
    "<Source><IconUrl><![CDATA[https://bot.example.com/i.png]]></IconUrl><Desc>周报助手</Desc>"
    "<DescColor>1</DescColor></Source>"
    "<MainTitle><Title><![CDATA[目标调整：已同意]]></Title><Desc>李华</Desc></MainTitle>"
    "<QuoteArea><Type>0</Type><QuoteText>原目标</QuoteText></QuoteArea>"
    "<SubTitleText>调整为：Q4 上线 2 个功能</SubTitleText>"
    "<HorizontalContentList><KeyName>申请人</KeyName><Value>王磊</Value></HorizontalContentList>"
    "<HorizontalContentList><KeyName>时间</KeyName><Value>17:05</Value></HorizontalContentList>"
    "<CardAction><Type>1</Type><Url><![CDATA[https://bot.example.com/approve/17]]></Url></CardAction>"
    "<ButtonList><Text>同意</Text><Style>1</Style><Key>approve</Key></ButtonList>"
    "<ReplaceText>已同意</ReplaceText></TemplateCard>"
)
_CARD_AS_JSON = {
    "card_type": "button_interaction",
    "source": {"icon_url": "https://bot.example.com/i.png", "desc": "周报助手", "desc_color": 1},
    "main_title": {"title": "目标调整：已同意", "desc": "李华"},
    "quote_area": {"type": 0, "quote_text": "原目标"},
    "sub_title_text": "调整为：Q4 上线 2 个功能",
    "horizontal_content_list": [{"keyname": "申请人", "value": "王磊"}, {"keyname": "时间", "value": "17:05"}],
    "card_action": {"type": 1, "url": "https://bot.example.com/approve/17"},
    "button_list": [{"text": "同意", "style": 1, "key": "approve"}],
    "replace_text": "已同意",
}
_CLOSED_CHECKIN = (
    "<TemplateCard><CardType>multiple_interaction</CardType><MainTitle><Title>已提交</Title></MainTitle>"
    "<SelectList><QuestionKey>mood</QuestionKey><Title>心情</Title><SelectedId>5</SelectedId><Disable>true</Disable>"
    "<OptionList><Id>5</Id><Text>很好</Text></OptionList><OptionList><Id>3</Id><Text>一般</Text></OptionList>"
    "</SelectList><SubmitButton><Text>提交</Text><Key>submit_checkin</Key></SubmitButton></TemplateCard>"
)
_VOTE = (
    "<TemplateCard><CardType>vote_interaction</CardType><MainTitle><Title>心情</Title></MainTitle>"
    "<CheckBox><QuestionKey>mood</QuestionKey><Mode>1</Mode><Disable>1</Disable>"
    "<OptionList><Id>5</Id><Text>很好</Text><IsChecked>true</IsChecked></OptionList>"
    "<OptionList><Id>3</Id><Text>一般</Text><IsChecked>0</IsChecked></OptionList></CheckBox>"
    "<SubmitButton><Key>k</Key></SubmitButton></TemplateCard>"
)


def _greyed(event: Event) -> str:
    user = event.findtext("FromUserName") or ""
    return reply_xml(user, "update_button", "<Button><ReplaceName><![CDATA[已同意]]></ReplaceName></Button>")


async def test_a_text_is_said_to_the_writer() -> None:
    answer = reply_xml(LEI, "text", "<Content><![CDATA[已收到，谢谢 ]]]]><![CDATA[>]]></Content>")
    async with open_talk(lambda _: answer) as (desk, _):
        await desk.fake.say(LEI, "你好")
        assert desk.texts() == ["你好", "已收到，谢谢 ]]>"]
        assert [message["from"] for message in desk.fake.messages_of(LEI)] == ["me", "bot"]
        assert desk.fake.complaints == []


async def test_an_update_of_the_buttons_concerns_the_clicker_alone() -> None:
    async with open_talk(_greyed) as (desk, _):
        await desk.send_card(f"{LEI}|{MIN}", {**cards.approval(), "task_id": "t-1"})
        message_id = desk.fake.messages_of(LEI)[0]["id"]
        result = await desk.fake.click(LEI, message_id, "approve", {})
        assert result.card == {**cards.approval(), "task_id": "t-1", "replace_text": "已同意"}
        assert (result.error, result.toast) == (None, None)
        assert "replace_text" not in desk.card(MIN)
        assert desk.fake.versions(message_id)[-1].cause.value == "click_answered"
        assert (await desk.fake.click(LEI, message_id, "approve", {})).error == "disabled"


async def test_a_whole_card_in_xml_is_the_card_in_json() -> None:
    async with open_talk(lambda _: reply_xml(LEI, "update_template_card", _CARD)) as (desk, _):
        message_id = await desk.card_id(LEI, {**cards.approval(), "task_id": "t-1"})
        result = await desk.fake.click(LEI, message_id, "approve", {})
        assert result.card == {**_CARD_AS_JSON, "task_id": "t-1"}
        assert desk.fake.complaints == []


async def test_flags_and_numbers_in_xml_become_flags_and_numbers() -> None:
    async with open_talk(lambda _: reply_xml(LEI, "update_template_card", _CLOSED_CHECKIN)) as (desk, endpoint):
        message_id = await desk.card_id(LEI, cards.checkin())
        await desk.fake.click(LEI, message_id, "submit_checkin", {"mood": "5"})
        (one,) = desk.fake.messages_of(LEI)[0]["inputs"]
        assert (one["disabled"], one["initial"], len(one["options"])) == (True, "5", 2)
        endpoint.script = lambda _: reply_xml(LEI, "update_template_card", _VOTE)
        await desk.fake.click(LEI, message_id, "submit_checkin", {})
        (one,) = desk.fake.messages_of(LEI)[0]["inputs"]
        assert (one["disabled"], one["kind"], one["initial"]) == (True, "multi", ["5"])


async def test_a_reply_to_a_repeat_still_changes_the_card() -> None:
    async with open_talk(lambda _: 500) as (desk, endpoint):
        message_id = await desk.card_id(LEI, cards.approval())
        assert (await desk.fake.click(LEI, message_id, "approve", {})).error == "no answer"
        endpoint.script = _greyed
        desk.clock.advance(seconds=1)
        await desk.fake.run_due_retries()
        assert desk.card()["replace_text"] == "已同意"


async def test_a_passive_update_leaves_the_clicks_code_usable() -> None:
    async with open_talk(_greyed) as (desk, endpoint):
        message_id = await desk.card_id(LEI, cards.approval())
        await desk.fake.click(LEI, message_id, "approve", {})
        assert (await desk.update(str(endpoint.told("ResponseCode")[0]), template_card=cards.notice()))["errcode"] == 0


@pytest.mark.parametrize("body", ["", " \n", "success"])
async def test_saying_nothing_is_fine(body: str) -> None:
    async with open_talk(lambda _: web.Response(text=body)) as (desk, _):
        await desk.fake.say(LEI, "你好")
        assert (desk.fake.complaints, desk.texts()) == ([], ["你好"])


def _mis_signed() -> str:
    return reply_body(APP, reply_xml(LEI, "text", "<Content>x</Content>")).replace("<Nonce>", "<Nonce>1")


def _for_another_company() -> str:
    box = sealed(APP.aes_key, reply_xml(LEI, "text", "<Content>x</Content>"), "ww-other")
    return _enveloped(box)


def _enveloped(box: str) -> str:
    signed = signature(APP.token, "1", "2", box)
    return (
        f"<xml><Encrypt>{box}</Encrypt><MsgSignature>{signed}</MsgSignature><TimeStamp>1</TimeStamp>"
        "<Nonce>2</Nonce></xml>"
    )


_UNUSABLE: list[tuple[str, str]] = [
    ("ok", "not well-formed"),
    ("<a></a>", "not <xml>"),
    ("<xml>text</xml>", "not <xml>"),
    ("<!DOCTYPE xml [<!ENTITY a 'b'>]><xml>&a;</xml>", "document type"),
    (reply_xml(LEI, "text", "<Content>in clear</Content>"), "signature is wrong"),
    (_mis_signed(), "signature is wrong"),
    (_for_another_company(), "receiver's id"),
    (_enveloped(sealed(OTHER_KEY, "<xml/>")), "padding is broken"),
    (reply_body(APP, "no xml"), "not well-formed"),
    (reply_body(APP, reply_xml(MIN, "text", "<Content>x</Content>")), "not from the company"),
    (reply_body(APP, reply_xml(LEI, "text", "<Content>x</Content>").replace(CORP, "ww-x")), "not from the company"),
    (reply_body(APP, reply_xml(LEI, "markdown", "<Content>x</Content>")), "no type of a reply"),
    (reply_body(APP, reply_xml(LEI, "text", "")), "44004"),
    (reply_body(APP, reply_xml(LEI, "image", "<Image><MediaId>x</MediaId></Image>")), "40007"),
    (reply_body(APP, reply_xml(LEI, "image", "<Image>x</Image>")), "41006"),
    (reply_body(APP, reply_xml(LEI, "news", "<Articles>x</Articles>")), "40058"),
    (reply_body(APP, reply_xml(LEI, "news", "<Articles><item>x</item></Articles>")), "no elements"),
    (reply_body(APP, reply_xml(LEI, "update_button", "<Button><ReplaceName>x</ReplaceName></Button>")), "only a click"),
]


@pytest.mark.parametrize(("body", "complaint"), _UNUSABLE)
async def test_an_unusable_reply_to_a_text_is_dropped_with_a_complaint(body: str, complaint: str) -> None:
    async with open_talk(lambda _: web.Response(text=body)) as (desk, _):
        await desk.fake.say(LEI, "你好")
        (told,) = desk.fake.complaints
        assert told.startswith("the reply to text was dropped: ")
        assert complaint in told
        assert desk.texts() == ["你好"]


@pytest.mark.parametrize(
    ("msg_type", "inner", "complaint"),
    [
        ("update_button", "", "40058"),
        ("update_button", "<Button>x</Button>", "40058"),
        ("update_template_card", "", "the card has no elements"),
        ("update_template_card", "<TemplateCard><CardType>x</CardType></TemplateCard>", "42031"),
        ("update_template_card", _CARD.replace("<DescColor>1", "<DescColor>red"), "DescColor is 'red'"),
        ("update_template_card", _CLOSED_CHECKIN.replace("true", "yes"), "Disable is 'yes'"),
        ("update_template_card", _CARD.replace("</MainTitle>", "</MainTitle><MainTitle/>"), "MainTitle is there 2"),
        (
            "update_template_card",
            _CARD.replace("<ButtonList>", "<ButtonList>x</ButtonList><ButtonList>"),
            "no elements",
        ),
    ],
)
async def test_an_unusable_update_is_dropped_with_a_complaint(msg_type: str, inner: str, complaint: str) -> None:
    async with open_talk(lambda _: reply_xml(LEI, msg_type, inner)) as (desk, _):
        message_id = await desk.card_id(LEI, cards.approval())
        result = await desk.fake.click(LEI, message_id, "approve", {})
        assert (result.card, result.error) == (None, None)
        assert complaint in desk.fake.complaints[0]


async def test_news_can_be_said() -> None:
    article = "<item><Title>徽章</Title><Description>四周</Description><Url>https://x</Url></item>"
    news = reply_xml(LEI, "news", f"<ArticleCount>1</ArticleCount><Articles>{article}</Articles>")
    async with open_talk(lambda _: news) as (desk, _):
        await desk.fake.say(LEI, "你好")
        assert desk.texts() == ["你好", "徽章"]


async def test_a_reply_to_a_recalled_card_changes_nothing() -> None:
    async with open_talk() as (desk, endpoint):
        sent = await desk.send_card(LEI, cards.approval())

        async def recalling(event: Event) -> str:
            await desk.post("message/recall", {"msgid": sent["msgid"]})
            return _greyed(event)

        endpoint.script = recalling
        result = await desk.fake.click(LEI, desk.fake.messages_of(LEI)[0]["id"], "approve", {})
        assert result.card is None
        assert desk.fake.messages_of(LEI)[0]["version"] == 1
