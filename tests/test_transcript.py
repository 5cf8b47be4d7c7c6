"""The conversation as HTML: everything that somebody typed, wrote or generated comes out inert."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.cards import Card
from coach.errors import InputError
from coach.safety.support import Directory
from coach.turn import (
    Contact,
    Conversation,
    Notice,
    Passage,
    ReframeSheet,
    RepairSheet,
    Reply,
    Rewrite,
    Risk,
    Sheet,
)
from coach.web.transcript import (
    STAGES,
    Surroundings,
    Turn,
    clean,
    contacts,
    country_line,
    origin,
    prose,
    render,
    shown,
)

# The whole markup that the page may contain: anything else came from outside.
TAGS = frozenset(
    "div span p b ul ol li details summary blockquote label select option strong em button".split()
)
ATTRIBUTES = frozenset({"class", "dir", "role", "value", "selected", "autocomplete", "type"})
HOSTILE = {
    "script": "<script>alert(1)</script>",
    "image": '<img src=x onerror="alert(1)">',
    "closing": "</p></div></section><style>*{display:none}</style>",
    "attribute": '" onmouseover="alert(1)" x="',
    "markdown-link": "[click](javascript:alert(1)) ![x](http://evil.example/a.png)",
    "markdown-block": "# big\n\n> quoted\n\n```html\n<b>x</b>\n```",
    "autolink": "http://evil.example https://evil.example/x",
    "blank-lines": "one\n\n\n<script>two</script>\n \n\t\nthree",
    "separators": "one\u2028\u2029\x0b\x0c<i>two</i>\r\n\r\n<i>three</i>",
    "latex": "$$\\href{javascript:alert(1)}{x}$$ %%%LATEX_BLOCK_0%%%",
    "comment": "<!-- --> <![CDATA[x]]> <?php ?>",
    "entities": "&lt;script&gt; &#60;script&#62; &amp;",
    "control": "a\x00b\x07c\x1bd\x7fe\x9bf",
    "surrogate": "half \ud83d and \udc00 half",
    "right-to-left": "\u202eabc\u202c שלום مرحبا",
    "emoji": "😢😢😢",
    "empty": "",
    "long-word": "x" * 5000,
}


class _Markup(HTMLParser):
    """Reads HTML as a browser would and keeps its tags, attributes and text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.classes: list[str] = []
        self.text: list[str] = []
        self.depth = 0
        self.other = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.classes += [value or "" for name, value in attrs if name == "class"]
        self.depth += 1

    def handle_endtag(self, tag: str) -> None:
        self.depth -= 1

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_comment(self, data: str) -> None:
        self.other += 1

    def handle_decl(self, decl: str) -> None:
        self.other += 1

    def handle_pi(self, data: str) -> None:
        self.other += 1


def read(html: str) -> _Markup:
    """Parse, and check what holds for every transcript: known markup, all closed, one line a block."""
    markup = _Markup()
    markup.feed(html)
    markup.close()
    assert markup.tags <= TAGS
    assert markup.attributes <= ATTRIBUTES
    assert markup.depth == 0
    assert markup.other == 0
    assert "%" not in html  # a marker of Gradio's Markdown begins with it
    for block in html.split("\n\n"):
        assert "\n" not in block
        assert not block or block.startswith("<")
    html.encode("utf-8")
    return markup


def card(words: str) -> Card:
    sections = ("The idea", "Why it helps", "What to try", "Words to say", "When not to")
    body = "\n\n".join(f"## {name}\n\n{words}\n\n- {words}" for name in sections)
    return Card("own-part", words, "practice", (), (), (), (), "clinical practice", (), True, words, body)


def everywhere(words: str) -> list[Turn]:
    """The same words in every place of a turn that a user, a model or a file can fill."""
    passage = Passage("own-part", words, words, 0.5)
    contact = Contact(words, words, words, number=words, text=words, url=words, hours=words, note=words)
    sheets: tuple[Sheet, ...] = (
        ReframeSheet(words, words, (words,), (words,), (words,), words, (Rewrite(words, words),), words),
        RepairSheet(words, words, words, words),
    )
    replies = [Reply(words, "listen", "model", passages=(passage,)), Reply(words, words, "composed")]
    replies += [Reply(words, "reframe", "composed", passages=(passage,), sheet=sheet) for sheet in sheets]
    replies += [Reply(f"{words}\n- {words}\n{words}", "support", "fixed", Risk(2), support=(contact,))]
    replies += [Reply(words, "support", "fixed", Risk(2), support=(contact,) * 5)]
    turns = [Turn(words, reply=reply) for reply in replies]
    turns += [Turn(words, stage="writing", said=words), Turn(words, trouble=InputError(words, words))]
    return [*turns, Turn(words, notice=Notice(words, words), said=words, stopped=True)]


def around(words: str = "x") -> Surroundings:
    return Surroundings({"own-part": card(words)}, {"XX": words, "world": "any country"}, "XX", words)


@pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_inert_wherever_it_stands(words: str) -> None:
    read(render(everywhere(words), around(words), paused=True))


@given(st.text(st.characters(codec=None), max_size=60), st.text("<>&\"'`/%$\n\r\t -=[]()!#*_", max_size=30))
def test_any_text_is_inert_wherever_it_stands(words: str, marks: str) -> None:
    read(render(everywhere(marks + words + marks), around(words + marks)))


@given(st.text(max_size=80))
def test_a_message_is_shown_as_it_was_typed(words: str) -> None:
    markup = read(render([Turn(words)], Surroundings()))
    seen = "".join("".join(markup.text).removeprefix("You wrote: ").split())
    assert seen == "".join(clean(words).split())


def test_long_text_is_kept_whole() -> None:
    words = "word " * 40_000
    assert words.strip() in read(render([Turn(words)], Surroundings())).text


def test_paragraphs_keep_line_breaks_and_their_own_direction() -> None:
    assert prose("one\ntwo\n\nthree") == '<p dir="auto">one&#10;two</p><p dir="auto">three</p>'


def test_escaping_twice_shows_what_was_typed_once() -> None:
    assert shown("&lt;") == "&amp;lt;"


def test_a_source_opens_to_what_the_model_read_and_the_whole_card() -> None:
    library = {"own-part": replace(card("Own your part."), title="Own your part first")}
    passage = Passage("own-part", "t", "The gist, as it was sent.", 0.7)
    html = render(
        [Turn("hi", reply=Reply("Yes.", "listen", "model", passages=(passage,)))], Surroundings(library)
    )
    text = " ".join(read(html).text)
    for part in ("Own your part first", "What the model read", "The gist, as it was sent.", "When not to"):
        assert part in text
    assert "Kind: practice · evidence: clinical practice" in text
    assert html.count("<details") == 1


def test_a_source_whose_card_is_gone_still_shows_what_was_read() -> None:
    passage = Passage("lost", "A title", "A gist.", 0.7)
    text = "".join(
        read(
            render([Turn("hi", reply=Reply("Yes.", "l", "composed", passages=(passage,)))], Surroundings())
        ).text
    )
    assert "A title" in text
    assert "A gist." in text
    assert "model read" not in text  # a composed answer was made without it


@pytest.mark.parametrize("how", ["model", "composed", "fixed"])
def test_every_answer_says_how_it_came_about(how: str) -> None:
    reply = Reply("Yes.", "listen", how)  # type: ignore[arg-type]
    line = origin(how, "the starter model")  # type: ignore[arg-type]
    assert line in "".join(read(render([Turn("hi", reply=reply)], Surroundings())).text)


@pytest.mark.parametrize("stage", STAGES)
def test_each_stage_is_said_while_it_lasts(stage: str) -> None:
    assert STAGES[stage] in render([Turn("hi", stage=stage)], Surroundings())
    assert "thinking" not in render([Turn("hi")], Surroundings())


def test_a_worksheet_is_not_shown_in_pieces() -> None:
    turn = Turn("hi", whole=True, stage="writing", said="Half a")
    assert "Half a" not in render([turn], Surroundings())


def test_a_worksheet_leaves_empty_fields_out() -> None:
    sheet = ReframeSheet(
        "You spoke.", "", ("lonely",), (), ("criticism",), "", (Rewrite("warmer", "Hi."),), ""
    )
    text = read(
        render([Turn("hi", reply=Reply("as text", "reframe", "composed", sheet=sheet))], Surroundings())
    ).text
    assert {"You spoke.", "lonely", "Criticism", "warmer", "Hi."} <= set(text)
    assert not {"The story about it", "Need", "as text"} & set(text)


def test_a_limit_in_repair_has_no_message_to_send() -> None:
    sheet = RepairSheet("Mine.", "Theirs.", "Wait.", "")
    text = "".join(
        read(render([Turn("hi", reply=Reply("", "repair", "composed", sheet=sheet))], Surroundings())).text
    )
    assert "message you could send" not in text


def test_the_lines_that_a_support_text_lists_are_shown_once_and_in_place(directory: Directory) -> None:
    lines = directory.contacts("US", "partner_violence")
    words = f"Is it safe here?\n\nNumbers for: United States\n- {lines[0].name}: call\n\nYou decide."
    reply = Reply(words, "support", "fixed", Risk(2, "partner_violence"), support=lines)
    text = read(render([Turn("x", reply=reply)], Surroundings({}, directory.countries, "US"))).text
    assert text.count(lines[0].name) == 1
    assert text.index("Is it safe here?") < text.index(lines[0].name) < text.index("You decide.")


def test_later_support_replies_keep_the_numbers_at_hand(directory: Directory) -> None:
    reply = Reply(
        "I am here.", "support", "fixed", Risk(2, "suicide"), support=directory.contacts("GB", "suicide")
    )
    html = render([Turn("x", reply=reply)], Surroundings({}, directory.countries, "GB"))
    assert "The numbers again" in html
    assert "116 123" in html


def test_numbers_by_the_computers_settings_are_called_a_guess() -> None:
    lines = (
        Contact("World line", "all", "any country"),
        Contact("Home line", "all", "Ireland", verified_on="2026-01-02"),
    )
    countries = {"IE": "Ireland", "world": "any country"}
    text = "".join(read(contacts(lines, Surroundings({}, countries))).text)
    assert (
        text.index("World line")
        < text.index("Perhaps, by this computer's settings: Ireland")
        < text.index("Home line")
    )
    assert "not yet checked" in text
    assert "last checked in January 2026" in text
    assert "Perhaps" not in "".join(read(contacts(lines, Surroundings({}, countries, "IE"))).text)


def test_web_addresses_are_shown_but_cannot_be_clicked() -> None:
    html = contacts((Contact("n", "w", "XX", url="https://www.example.org/help/"),), Surroundings())
    assert "example.org/help" in html
    assert "<a" not in html


@pytest.mark.parametrize(
    ("country", "chosen"), [("GB", "United Kingdom"), (None, "any country"), ("??", "any country")]
)
def test_the_chosen_country_is_the_one_selected(
    country: str | None, chosen: str, directory: Directory
) -> None:
    html = country_line(Surroundings({}, directory.countries, country))
    assert html.count(" selected>") == 1
    assert f" selected>{chosen}<" in html
    assert html.count("<option") == len(directory.countries)


def test_what_to_do_about_trouble_is_said() -> None:
    text = read(
        render([Turn("hi", trouble=InputError("Too long.", "Send it in parts."))], Surroundings())
    ).text
    assert {"Too long.", "Send it in parts."} <= set(text)


def test_the_way_back_is_offered_only_while_paused() -> None:
    turns = [Turn("hi", before=Conversation(paused=True))]
    assert 'class="mark paused"' in render(turns, Surroundings(), paused=True)
    assert "paused" not in render(turns, Surroundings())
