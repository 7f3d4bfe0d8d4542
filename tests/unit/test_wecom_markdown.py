"""WeCom: a card that is only read becomes messages within the limit, in which people's words are no markup."""

from hypothesis import given

from adapters.wecom.labels import CHINESE
from adapters.wecom.markdown import MOST_PARTS, markdown_messages
from adapters.wecom.words import clean
from domain.cards import Card, CardKey, Chart, Divider, Facts, Mention, Paragraph, Quote, Series, Tone
from tests import strategies

KEY = CardKey("summary", "1")


def told(*blocks: object, tag: str = "", tone: Tone = Tone.CALM) -> list[str]:
    return markdown_messages(Card(KEY, "一周小结", "s", tone, tag, blocks), CHINESE)  # type: ignore[arg-type]


def test_every_part_of_a_card_is_told() -> None:
    made = told(
        Mention("张三", "看一眼。"),
        Paragraph("旁注", small=True),
        Quote("成果", "上线了\n两件"),
        Divider(),
        Facts((("交了", "3"),)),
        Chart("小时", ("W45",), (Series("我", (3,)), Series("团队", (2.5,)))),
        tag="已了结",
        tone=Tone.GOOD,
    )
    assert [message.split("\n") for message in made] == [
        [
            *(
                "**一周小结**",
                '<font color="info">已了结</font>',
                "@张三 看一眼。",
                '<font color="comment">旁注</font>',
                "",
            ),
            *("**成果**", "> 上线了", "> 两件", "", "交了：3", "小时", "W45：我 3 / 团队 2.5"),
        ]
    ]


def test_peoples_words_are_no_markup() -> None:
    (made,) = told(Quote("**h**", '# 大\n> 引\n**粗** [x](http://evil.example) <font color="info">y</font>'))
    assert made.split("\n")[3:] == [
        "> \u200b# 大",
        "> \u200b> 引",
        '> *\u200b*粗*\u200b* [x]\u200b(http://evil.example) <\u200bfont color="info">y<\u200b/font>',
    ]
    assert made.split("\n")[2] == "***\u200b*h*\u200b***"


def test_a_long_one_is_several_messages_that_end_where_lines_end() -> None:
    made = told(*(Quote(f"第 {number} 条", "很长的一段话。" * 30) for number in range(8)))
    assert 1 < len(made) <= MOST_PARTS
    assert "".join(made).count("很长的一段话。") == 240
    assert all(message.startswith(("**", ">")) for message in made)


def test_what_no_number_of_messages_holds_is_cut_and_says_so() -> None:
    made = told(Quote("", "长" * 9000))
    assert len(made) == MOST_PARTS
    assert made[-1].endswith("\n…（已截短）")
    assert all(len(message.encode()) <= 2048 for message in made)


def test_a_line_cut_in_two_does_not_become_a_heading() -> None:
    made = told(Quote("", "长" * 655 + "# 不是标题" * 200))
    assert not any(line.removeprefix("> ").startswith("#") for message in made for line in message.split("\n"))


@given(strategies.cards())
def test_any_card_fits(card: Card) -> None:
    made = markdown_messages(card, CHINESE)
    assert len(made) <= MOST_PARTS
    assert made or not clean(card.title + card.summary).strip()
    assert all(0 < len(message.encode()) <= 2048 for message in made)
