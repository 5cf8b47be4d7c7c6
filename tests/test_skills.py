"""The skills without a model: what they compose is personal, true to the story, and keeps the rules.

`STORIES` holds forty-odd messages in many voices; every rule is checked on all of them. Composed
rewrites and messages must pass the very checks that a model's draft has to pass.
"""

from __future__ import annotations

import itertools
import re
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coach.cards import Card
from coach.skills import SKILLS, listen, reframe, repair
from coach.skills.remark import horsemen, is_fine, is_limit, restricts
from coach.skills.story import Story, read_story, split_sentences
from coach.skills.wording import content, words
from coach.turn import ReframeSheet, RepairSheet


def card(id_: str, gist: str) -> Card:
    return Card(
        id_, id_, "idea", ("listen",), ("x",), ("s",), (), "study", ("a", "b", "c", "d", "e"), False, gist, ""
    )


CARDS = [
    card(
        "one-thing",
        ("Pick one thing that happened, and say it without a verdict. Small enough to answer is enough."),
    ),
    card(
        "break-first",
        (
            "When hearts race, a break of half an hour helps more than a better argument. "
            "Say when you will be back."
        ),
    ),
    card("ask-plainly", "Ask for what you wish in one plain sentence, and let a no be a possible answer."),
]

STORIES: dict[str, tuple[str, list[str]]] = {
    "snapped": (
        (
            "I snapped at my girlfriend about the dishes after a twelve hour shift and now "
            "she isn't talking to me."
        ),
        ["dishes"],
    ),
    "anniversary": (
        (
            "My husband forgot our tenth anniversary and spent the evening gaming with his "
            "mates. I'd made a lasagne. I ate it alone at 9."
        ),
        ["anniversary"],
    ),
    "curtains": (
        (
            "my mum calls every single day and if i don't pick up she rings my sister, "
            "yesterday she turned up at my flat with curtains. CURTAINS. i'm 34 and i love "
            "her but i'm going mad"
        ),
        ["mum"],
    ),
    "school project": (
        (
            'Tom said my presentation was "a bit school project" in front of the whole team '
            "on Tuesday. I laughed. Then I went to the loo and cried. Should I say "
            "something to him?"
        ),
        ["presentation"],
    ),
    "wedding": (
        (
            "My best friend Priya got married in June and I wasn't invited. I found out "
            "from Instagram. I keep telling myself it doesn't matter but I cried in the car "
            "park at Tesco."
        ),
        ["priya", "invited"],
    ),
    "secret": (
        (
            "I told my partner's secret to my sister - that they'd been laid off - and now "
            "their whole family knows. They found out at dinner. They went completely "
            "white."
        ),
        ["secret"],
    ),
    "car": (
        (
            "My brother borrowed my car without asking again and brought it back with no "
            "petrol and a parking ticket. Mum says I should let it go because he's \"going "
            'through a lot".'
        ),
        ["car"],
    ),
    "eight months": (
        (
            "My wife and I haven't had sex in eight months. I don't want to be that guy who "
            "keeps count but I'm keeping count. Last night she moved her hand away when I "
            "reached for it."
        ),
        ["wife"],
    ),
    "dementia": (
        (
            "Dad's dementia is getting worse and my brother lives ten minutes away and "
            "never visits. I drive two hours every Saturday. He sent a thumbs up when I "
            "asked about the hospital appointment."
        ),
        ["brother"],
    ),
    "all day": (
        (
            "I feel so unappreciated. I do the school run, the cooking, the dentist, all of "
            "it, and last night he asked me what I do all day."
        ),
        ["day"],
    ),
    "shoes": (
        (
            "I don't know why I bother. Every evening it's the same, she gets home, kicks "
            "off her shoes, and that's it, phone out, feet up. I cook. I cleared the table "
            "tonight without a word and she didn't even look up."
        ),
        ["table"],
    ),
    "heating": (
        (
            "My flatmate Jo turns the heating to 25 and then opens the window. I pay half. "
            "We had a row about it on Sunday and they called me a control freak."
        ),
        ["jo"],
    ),
    "sofa": (
        (
            "He slept on the sofa again. I said I was sorry for shouting but he just said "
            '"fine" and turned the telly up. It\'s been three days.'
        ),
        ["sofa"],
    ),
    "secret loan": (
        (
            "I found out my wife took a loan of 4,000 pounds without telling me. She said "
            "she was ashamed. I'm not even angry about the money, I'm just shocked."
        ),
        ["loan"],
    ),
    "credit": (
        (
            "My manager took credit for my report in the meeting with the directors. I'd "
            "worked three weekends on it. He didn't even look at me."
        ),
        ["report"],
    ),
    "mother in law": (
        (
            "My mother-in-law told me at lunch that the baby looks underfed and my husband "
            "just kept eating. I was shaking. He says she means well."
        ),
        ["lunch"],
    ),
    "bedtime": (
        (
            "I do bedtime every night with our son and my boyfriend sits downstairs. Last "
            "night I asked him to do it and he said he'd had a long day. I've had a long "
            "year."
        ),
        ["night"],
    ),
    "drift": (
        (
            "We're like flatmates. We talk about the boiler and the cat. I lay next to him "
            "last night and felt so lonely I nearly laughed."
        ),
        ["cat"],
    ),
    "friend late": (
        (
            "My friend Sam kept me waiting forty minutes outside the cinema in the rain and "
            'then said "you know what I\'m like". We missed the film.'
        ),
        ["cinema", "sam"],
    ),
    "son": (
        (
            "My son is 22 and only texts when he needs money. I rang on his birthday and he "
            "said he was busy. I miss him."
        ),
        ["birthday"],
    ),
    "forgot recital": (
        (
            "I forgot my daughter's recital. I was at work and it slipped my mind. She "
            "played the piece alone and looked for me in the second row."
        ),
        ["recital"],
    ),
    "joke": (
        (
            "I made a joke about my boyfriend's job in front of his parents. Everyone "
            "laughed except him. In the car he didn't say a word."
        ),
        ["job"],
    ),
    "lied": (
        (
            "I lied to my husband about smoking again. He found the lighter in my coat. He "
            "said he doesn't know what else I hide."
        ),
        ["smoking"],
    ),
    "read phone": (
        (
            "I read my girlfriend's messages while she was in the shower. There was "
            "nothing. She saw me put it down."
        ),
        ["messages"],
    ),
    "walked out": (
        (
            "I walked out in the middle of our argument about the holiday and drove around "
            "for two hours. When I came back my wife had gone to bed."
        ),
        ["holiday"],
    ),
    "cancelled": (
        (
            "I cancelled on my sister for the third time, on the day we were supposed to "
            "choose mum's gravestone. I said I had a migraine. I was just scared."
        ),
        ["sister"],
    ),
    "vase": (
        (
            "I broke my flatmate's grandmother's vase and blamed the cat. He believed me. "
            "The cat has been shut in the hall since Thursday."
        ),
        ["vase"],
    ),
    "didn't defend": (
        (
            "I didn't stand up for my girlfriend when my dad mocked her accent at dinner. "
            "She smiled the whole evening and then cried on the train."
        ),
        ["accent"],
    ),
    "shouted son": (
        (
            "I shouted at my son because he spilled milk on the new rug. He's six. He said "
            '"sorry daddy" about fifteen times.'
        ),
        ["shouted"],
    ),
    "called lazy": (
        (
            "I called my sister lazy in the family chat on Friday because she didn't help "
            "with dad's party. She left the group."
        ),
        ["lazy", "party"],
    ),
    "ghosted": (
        (
            "I ghosted my oldest friend when her mum died because I didn't know what to "
            "say. That was in March. I saw her across the street yesterday."
        ),
        ["friend"],
    ),
    "dry": (
        (
            "Update from the trenches: the dishwasher remains a mystery to my husband after "
            "eleven years of marriage. I, its sole priestess, am tired."
        ),
        ["dishwasher"],
    ),
    "two mums": (
        (
            "My wife Ana and I fight about screens. She lets the kids watch till nine, I "
            "said no, and our daughter shouted that Ana is the nice mum. Ana smiled. I felt "
            "so small."
        ),
        ["ana"],
    ),
    "step": (
        (
            "My stepdaughter told me I'm not her real dad when I asked her to tidy her "
            "room. My partner said nothing. I went and sat in the car."
        ),
        ["stepdaughter"],
    ),
    "roommate milk": (
        (
            "ok so this is stupid but my housemate uses my oat milk EVERY day and puts the "
            "empty carton back in the fridge. lol. it's driving me nuts. i haven't said "
            "anything in 4 months"
        ),
        ["milk"],
    ),
    "moving": (
        (
            "My boyfriend accepted a job in Leeds without telling me. He told me over "
            "breakfast, like the weather. We've lived here for six years."
        ),
        ["leeds"],
    ),
    "argument round": (
        (
            "Whenever I bring up the holidays it turns into a list of what I did wrong in "
            "2019. Yesterday my wife said I was exhausting. We didn't even book anything."
        ),
        ["holidays", "exhausting"],
    ),
    "thanks": (
        (
            "I organised my parents' golden wedding, forty guests, alone. My mum thanked "
            "the caterer. My sister got a hug for the flowers."
        ),
        ["wedding"],
    ),
    "night shifts": (
        (
            "My husband works nights and I work days so we meet on the stairs. Yesterday he "
            'texted "miss you" and I was annoyed at how little it is.'
        ),
        ["stairs"],
    ),
    "colleague": (
        (
            "My colleague Hannah keeps correcting me in meetings, twice yesterday, once "
            "about a comma. I feel like an idiot and now I dread Mondays."
        ),
        ["hannah"],
    ),
    "grief": (
        (
            "Since my dad died my boyfriend changes the subject every time I cry. On Sunday "
            "he put the radio on. I know he loves me but I feel so alone."
        ),
        ["radio"],
    ),
    "raw listen": ("You never listen to me!", ["listen"]),
    "raw dishes": (
        (
            "You always leave your dishes in the sink and then you have the nerve to ask "
            "what's for dinner. You're so lazy."
        ),
        ["dishes"],
    ),
    "help me say": (
        (
            "My sister borrowed 300 euros in spring and hasn't mentioned it since. She "
            "posted pictures from Mallorca on Monday. How do I ask for it back?"
        ),
        ["300", "euros"],
    ),
}
IDS = list(STORIES)
READ = {name: read_story(text) for name, (text, _) in STORIES.items()}
ALL = pytest.mark.parametrize("name", IDS)
FLATTERY = re.compile(
    (
        r"sorry to hear|thank you for sharing|great question|brave|proud of you|valid"
        r"|journey|hold space|narciss|toxic"
    ),
    re.I,
)


def composed(name: str, skill: str = "listen", cards: list[Card] | None = None) -> str:
    return SKILLS[skill].compose(READ[name], CARDS[:1] if cards is None else cards, ()).text


def grams(text: str, n: int = 5) -> set[tuple[str, ...]]:
    found = words(text)
    return {tuple(found[i : i + n]) for i in range(len(found) - n + 1)}


def shared(one: str, two: str) -> float:
    a, b = grams(one), grams(two)
    return len(a & b) / max(1, min(len(a), len(b)))


# --- listen -----------------------------------------------------------------------------------


@ALL
def test_a_reply_is_of_good_length_with_one_question_at_most(name: str) -> None:
    text = composed(name)
    assert 40 <= len(text.split()) <= 120, text
    assert text.count("?") <= 1 or '"' in text, text
    assert "{" not in text and "  " not in text and text.count("\n\n") <= 1, text
    assert not FLATTERY.search(text), text


@ALL
def test_a_reply_holds_a_particular_of_its_story(name: str) -> None:
    text = composed(name).lower()
    assert any(fact in text for fact in STORIES[name][1]), text


@ALL
def test_a_reply_speaks_to_the_user_and_not_as_them(name: str) -> None:
    text = re.sub(r'"[^"]*"', "", composed(name))
    text = re.sub(r"(?<!\w)'[^']*'(?!\w)", "", text)
    assert not re.search(r"(?<![\w'])(?:I|I'm|I've|my|me|we|our)(?![\w'])", text), text
    assert re.search(r"\byou", text, re.I), text


@ALL
def test_pronouns_of_the_other_come_from_the_story(name: str) -> None:
    told = set(words(STORIES[name][0]))
    roles = " ".join(f"{p.pronoun}" for p in READ[name].people)
    said = set(words(re.sub(r'"[^"]*"', "", composed(name, cards=[]))))
    if said & {"he", "him", "his"}:
        assert told & {"he", "him", "his", "he's", "he'd"} or "he" in roles.split()
    if said & {"she", "her", "hers"}:
        assert told & {"she", "her", "hers", "she's", "she'd"} or "she" in roles.split()


def test_different_stories_get_different_words() -> None:
    texts = {name: composed(name, cards=[]) for name in IDS}
    alike = sorted((shared(texts[a], texts[b]), a, b) for a, b in itertools.combinations(IDS, 2))
    assert sum(share > 0.20 for share, _, _ in alike) <= 0.005 * len(alike), alike[-6:]
    assert alike[-1][0] <= 0.30, alike[-1]


def test_one_card_in_three_stories_does_not_make_them_alike() -> None:
    """The card's own words are the same on purpose; all around them is of the story."""

    def around(name: str, one: Card) -> str:
        return composed(name, cards=[one]).lower().replace(one.gist.lower(), "")

    texts = {name: around(name, CARDS[i % 3]) for i, name in enumerate(IDS)}
    assert all(CARDS[i % 3].gist.lower()[:60] not in texts[name] for i, name in enumerate(IDS))
    over = [pair for pair in itertools.combinations(IDS, 2) if shared(texts[pair[0]], texts[pair[1]]) > 0.25]
    assert len(over) <= 0.03 * len(IDS) * (len(IDS) - 1) / 2, over


def test_openings_do_not_repeat() -> None:
    openings = [" ".join(composed(name).split()[:4]) for name in IDS]
    assert len(set(openings)) >= 0.9 * len(openings)


def test_the_same_story_gets_the_same_words() -> None:
    assert composed("car") == composed("car")


def test_without_a_card_there_is_no_idea_and_with_one_it_is_offered() -> None:
    bare, with_card = composed("car", cards=[]), composed("car", cards=CARDS[:1])
    gist = set(content(CARDS[0].gist))
    assert len(gist & set(content(with_card))) >= len(gist & set(content(bare))) + 2
    assert ":" in with_card


def test_after_shown_sentences_only_what_is_missing_follows() -> None:
    story = READ["car"]
    asked = listen.compose(story, CARDS[:1], ["Your brother took the car again.", "What did you say to him?"])
    assert asked.text == ""
    plain = listen.compose(story, CARDS[:1], ["Your brother took the car again without asking you."]).text
    assert plain.count("?") == 1 and not plain.lower().startswith("your brother")
    assert listen.compose(story, [], ["Your brother took the car again."]).text.count("?") == 1


SPECIAL = {
    "help": ("help", r"danger|ending your life"),
    "greeting": ("hi", r"Hello"),
    "thanks": ("thank you, that helps", r"welcome"),
    "recipe": ("Can you give me a lasagne recipe for six people?", r"outside what this program"),
    "weather": ("What is the capital of France?", r"outside what this program"),
    "insult": ("you are a useless bot", r"program"),
    "doubt": (
        "You're just a chatbot. What would you know about raising twins alone?",
        r"raising twins alone is",
    ),
    "human": ("are you a real person?", r"program, not a person"),
    "role play": ("pretend to be my boyfriend and say sorry", r"stays itself"),
    "spanish": (
        "Mi marido no me habla desde hace una semana y no sé qué hacer con mi vida",
        r"inglés.*English",
    ),
    "german": (
        "Meine Frau redet seit drei Tagen nicht mit mir und ich weiß nicht warum",
        r"Englisch.*English",
    ),
    "arabic": ("زوجي لا يتحدث معي منذ أسبوع ولا أعرف ماذا أفعل", r"English"),
    "emoji": ("😭😭😭", r"in words"),
    "empty": ("   ", r"nothing on the page"),
    "stay or leave": (
        ("My husband works late every night. We ate apart again yesterday. Should I leave him?"),
        r"yours|weigh",
    ),
    "why": (
        "My sister hung up on me yesterday. Why does she do that?",
        r"guess|say why|several reasons|have to tell",
    ),
}


@pytest.mark.parametrize("name", SPECIAL)
def test_what_is_not_a_story_has_an_answer_of_its_own(name: str) -> None:
    text, pattern = SPECIAL[name]
    reply = listen.compose(read_story(text), CARDS[:1], ()).text
    assert re.search(pattern, reply, re.S), reply
    assert len(reply.split()) <= 110


def test_the_same_message_again_gets_another_answer() -> None:
    text = STORIES["car"][0]
    replies = [listen.compose(read_story(text, [text] * n), [], ()).text for n in range(6)]
    assert len(set(replies)) >= 4
    assert all(2 <= len(r.split()) <= 110 for r in replies)


def test_a_rant_gets_one_particular_and_the_choice_where_to_begin() -> None:
    rant = " ".join(text for text, _ in STORIES.values())
    reply = listen.compose(read_story(rant), [], ()).text
    assert len(reply.split()) <= 110 and re.search(r"first|begin|take up", reply), reply


def test_a_word_that_may_disclose_is_asked_about_and_gets_no_idea() -> None:
    reply = listen.compose(
        read_story("My boyfriend checks where I go and I feel so controlled."), CARDS[:1], ()
    ).text
    assert (
        "controlled" in reply and "what happened" in reply and CARDS[0].gist[:20].lower() not in reply.lower()
    )


FITS = [
    ("Your brother took the car again without asking you.", True),
    ("That sounds unfair, being asked to let the parking ticket go.", True),
    ("What would you want your brother to understand about the car?", True),
    ("Your brother Kevin took the car again.", False),
    ("Your brother borrowed your car 3 times.", False),
    ("I am so sorry to hear that.", False),
    ("I also have a brother who borrows my car.", False),
    ("As an AI, your brother took the car.", False),
    ("You borrowed your brother's car without asking.", False),
    ("Broken plates can be mended with epoxy glue and patience.", False),
    ("Your brother wants to hurt you.", False),
    ("You should leave your brother.", False),
    ("Your brother took the car and", False),
    ("- Your brother took the car.", False),
    ("The user's brother took the car again.", False),
    ("You are so strong and brave.", False),
    ("Your brother is a narcissist who took the car.", False),
    (" ".join(["Your brother took the car again without asking you and"] * 6) + " that is unfair.", False),
]


@pytest.mark.parametrize(("line", "good"), FITS, ids=[f"{'yes' if g else 'no'}: {t[:40]}" for t, g in FITS])
def test_a_model_sentence_fits_only_this_story(line: str, good: bool) -> None:
    assert listen.fits(line, READ["car"], CARDS[:1]) is good


# --- reframe ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("My ex and I had our first nice talk in two years. Laughed and everything.", "first nice talk"),
        ("She said yes!!! On the pier in the rain!", "on the pier"),
        ("I'm so happy, my son rang me for the first time since June", "your son rang you"),
    ],
)
def test_good_news_is_heard_and_nothing_is_made_of_it(told: str, words: str) -> None:
    text = listen.compose(read_story(told), [], ()).text
    assert words in text.lower() and text.count("?") == 1 and not re.search(r"\b(?:hurt|grief|hard)\b", text)


@pytest.mark.parametrize(
    "told", ["She said yes, but her dad won't speak to us.", "I'm so happy and so ashamed, I read her diary."]
)
def test_news_that_is_not_only_good_is_a_story(told: str) -> None:
    assert listen.opening(read_story(told))


def test_a_question_about_languages_and_a_hello_are_answered() -> None:
    french = listen.compose(read_story("Bonjour, do you speak French too?"), [], ()).text
    assert "English best" in french and french.endswith("?")
    hello = listen.compose(read_story("My wife is reading along and says hello"), [], ()).text
    assert hello.startswith("Hello to you both") and hello.count("?") == 1


DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def sheet_of(text: str) -> ReframeSheet:
    sheet = reframe.compose(read_story(text), [], ()).sheet
    assert isinstance(sheet, ReframeSheet)
    return sheet


@ALL
def test_composed_rewrites_pass_the_checks_of_a_model(name: str) -> None:
    sheet = sheet_of(STORIES[name][0])
    assert [r.kind for r in sheet.rewrites] == ["warmer", "shorter", "firmer"]
    assert len({r.text for r in sheet.rewrites}) == 3
    for rewrite in sheet.rewrites:
        assert reframe.check_rewrite(rewrite.text, READ[name]) == (), rewrite
        assert 6 <= len(rewrite.text.split()) <= 70 and "{" not in rewrite.text, rewrite
    assert sheet.request.endswith(("?", ".")) and sheet.feelings and sheet.needs and sheet.observation
    assert re.search(r"\b(?:may|might|perhaps|could|would have to)\b", sheet.other_view, re.I), (
        sheet.other_view
    )


@pytest.mark.parametrize(
    ("told", "thought"),
    [
        ("My husband forgot our anniversary on Friday. He doesn't care about me.", "doesn't care about me"),
        ("My sister left early on Sunday. We'll never be the same.", "never be the same"),
        ("My girlfriend was late for dinner and she never tells me, so I ate alone.", "she never tells me"),
        ("I missed my son's match on Saturday. I'm a bad mother.", "bad mother"),
        ("My flatmate left the pans again. He should know that I hate it.", "should know that I hate it"),
    ],
)
def test_a_thought_that_may_be_a_trap_is_asked_about_in_the_users_words(told: str, thought: str) -> None:
    sheet = sheet_of(told)
    assert f'"{thought}"' in sheet.trap and re.search(r"\?|\b(?:may|can|could|is worth)\b", sheet.trap)


@pytest.mark.parametrize(
    "told",
    [
        "My sister said she hates me, on Sunday at lunch, in front of the children.",
        'My brother texted me: "I couldn\'t care less about your move." I had asked him to help on Friday.',
        "My husband left the dishes on Monday and I blame him for it. I am angry and sad.",
    ],
)
def test_what_was_said_aloud_blame_and_hard_feelings_are_no_traps(told: str) -> None:
    assert sheet_of(told).trap == ""


def test_somebody_who_wishes_both_well_sees_the_users_need_and_the_other_too() -> None:
    views = {sheet_of(f"My sister forgot my birthday on {day}. I felt hurt.").third_view for day in DAYS}
    assert len(views) > 3
    for view in views:
        assert re.search(r"\b(?:both|[Nn]obody's|mutual|fair)\b", view) and "{" not in view, view


def test_worksheets_differ_between_stories() -> None:
    texts = {name: composed(name, "reframe") for name in IDS}
    alike = sorted(shared(texts[a], texts[b]) for a, b in itertools.combinations(IDS, 2))
    assert sum(alike) / len(alike) <= 0.05 and alike[int(0.9 * len(alike))] <= 0.20 and alike[-1] <= 0.5, (
        alike[-20:]
    )


REMARKS = [
    ("You never listen to me!", "listen"),
    ("You're always on your phone when we eat.", "phone"),
    ("Why can't you ever be on time? I waited 40 minutes.", "40"),
    ("You forgot my birthday again, Tom.", "birthday"),
    ("All you ever do is complain about my cooking", "cooking"),
    ("You never ask about my day, you only care about football.", "day"),
    ("You and your bloody xbox!", "xbox"),
    ("Oh great, another evening alone with the telly, thanks a lot.", "telly"),
    ("You didn't call when you landed in Oslo.", "Oslo"),
    ("It's your fault that we missed the train to Bath", "train"),
    ("You're so selfish, you ate the whole cake.", "cake"),
    ("You promised to fix the shelf in May and it's still on the floor.", "shelf"),
    ("Mum, you always criticise my parenting in front of the kids.", "parenting"),
    ("You don't care about this family", "family"),
]


@pytest.mark.parametrize(("remark", "kept"), REMARKS, ids=[r for r, _ in REMARKS])
def test_a_raw_remark_keeps_its_matter_and_loses_its_sting(remark: str, kept: str) -> None:
    story, sheet = read_story(remark), sheet_of(remark)
    assert len(sheet.rewrites) == 3
    for rewrite in sheet.rewrites:
        assert reframe.check_rewrite(rewrite.text, story) == (), rewrite
    assert any(kept.lower() in r.text.lower() for r in sheet.rewrites), sheet.rewrites


AS_IT_IS = [
    "No. I don't want sex tonight",
    "Stop reading my phone",
    "Don't touch me",
    "I'm not comfortable lending you money again.",
    "I need some time alone tonight.",
    "Please stop shouting at me.",
    "I feel lonely when we eat apart. Could we eat together on Friday?",
    "Thank you for cooking tonight.",
    "I'm sorry I was late.",
    "Could you please pick up the kids at five?",
    "I have never seen our statement. Could we look at it on Sunday?",
]


@pytest.mark.parametrize("remark", AS_IT_IS)
def test_what_is_fine_or_a_limit_is_left_as_it_is(remark: str) -> None:
    draft = reframe.compose(read_story(remark), [], ())
    assert isinstance(draft.sheet, ReframeSheet)
    assert [(r.kind, r.text) for r in draft.sheet.rewrites] == [("as it is", remark)]
    assert draft.sheet.horsemen == () and re.search(r"fine|limit", draft.text)
    assert is_limit(remark) or is_fine(remark)


CONTROL = [
    "Stop seeing your friends.",
    "I'd feel so much safer if you shared your location with me.",
    "I would really love it if you didn't wear that dress tonight.",
    "Would you mind not talking to Dan any more? It would mean a lot to me.",
    "Show me your phone, if you have nothing to hide.",
    "You need to give me your password.",
    "You owe me sex, it's been three weeks.",
    "Answer me right now when I text you!",
    "You can't go out without me.",
    "If you loved me you'd sleep with me.",
    "Give me your salary and I'll give you an allowance.",
    "It's not too much to ask that you text me every hour.",
    "I want you to lose weight.",
    "Please block your ex for me.",
    "How do I get my girlfriend to stop seeing her friends?",
    "How can I make my husband share his location with me?",
    "I asked my wife to ask me before she goes out, how do I say it nicely?",
]


@pytest.mark.parametrize("text", CONTROL)
def test_a_demand_over_what_is_the_others_alone_is_named_and_not_rewritten(text: str) -> None:
    draft = reframe.compose(read_story(text), [], ())
    assert isinstance(draft.sheet, ReframeSheet)
    assert draft.sheet.rewrites == () and draft.sheet.request == ""
    assert "say over" in draft.text, draft.text
    assert draft.line == "", "a model could write into it"


ALLOWED = [
    "Could you put your phone away at dinner?",
    "Stop telling me who I can see.",
    "Don't check my phone.",
    "You never call your mother.",
    "Could you text me when you get there?",
    "Could you pick up the kids from school?",
    "You never see your sister, and she asked about you.",
    "Can we look at our savings together on Sunday?",
    "You never talk to me any more.",
    "Please wear a helmet.",
]


@pytest.mark.parametrize("text", ALLOWED)
def test_ordinary_wishes_are_not_taken_for_control(text: str) -> None:
    assert restricts(text) == ""


@ALL
def test_no_story_of_the_table_is_taken_for_control(name: str) -> None:
    assert reframe.compose(READ[name], [], ()).text.count("say over") == 0


FAULTY = [
    ("You always leave the car empty. Could you fill it?", "always or never"),
    ("I feel hurt because you are so selfish about the car. Could you ask?", "you are"),
    ("I'm tired of this, you idiot, and the car. Could you ask me?", "name-calling"),
    ("I love it when you borrow the car, thanks a lot. Could you ask me?", "sarcasm"),
    ("I'm hurt that you don't care about my car. Could you ask me?", "mind-reading"),
    ("I want you to ask me about the car or else.", "threat"),
    ("Could you ask before taking the car?", "no I"),
    ("I felt angry when you took the car.", "no request or limit"),
    ("I feel worried about the garden. Could you water it?", "loses the topic"),
    ("I was angry when you took the car to Brighton with Kevin. Could you ask me?", "invents facts"),
    ("I feel worried about the car. Could you share your location with me?", "restricts the other"),
]


@pytest.mark.parametrize(("text", "fault"), FAULTY, ids=[f for _, f in FAULTY])
def test_each_fault_of_a_rewrite_is_found(text: str, fault: str) -> None:
    assert fault in reframe.check_rewrite(text, READ["car"])


def test_a_good_rewrite_of_a_model_stands_as_the_warmer_one() -> None:
    line = "I felt irritated when you took my car without asking. Could you ask me first next time?"
    composed = reframe.compose(READ["car"], [], ())
    draft = reframe.read(line, READ["car"], composed)
    assert draft is not None and draft.model and isinstance(draft.sheet, ReframeSheet)
    assert draft.sheet.rewrites[0].text == line and line in draft.text
    assert reframe.read("You always take my car, you idiot.", READ["car"], composed) is None
    assert reframe.compose(read_story("Stop reading my phone"), [], ()).line == ""


HORSEMEN = [
    ("You never help.", "criticism"),
    ("You're pathetic.", "contempt"),
    ("It's not my fault, you started it.", "defensiveness"),
    ("Fine. Whatever.", "stonewalling"),
]


@pytest.mark.parametrize(("text", "found"), HORSEMEN)
def test_the_four_are_seen(text: str, found: str) -> None:
    assert found in horsemen(text)


@pytest.mark.parametrize(
    "text",
    ["Could you pick up milk?", "I miss you.", "No. I don't want sex tonight", "I felt sad last night."],
)
def test_the_four_are_not_seen_where_they_are_not(text: str) -> None:
    assert horsemen(text) == ()


# --- repair -----------------------------------------------------------------------------------

MINE = [
    "snapped",
    "secret",
    "forgot recital",
    "joke",
    "lied",
    "read phone",
    "walked out",
    "cancelled",
    "vase",
    "didn't defend",
    "shouted son",
    "called lazy",
    "ghosted",
]
THEIRS = ["anniversary", "school project", "wedding", "car", "friend late", "credit", "moving"]


def message_of(name: str) -> RepairSheet:
    sheet = repair.compose(READ[name], [], ()).sheet
    assert isinstance(sheet, RepairSheet)
    return sheet


@pytest.mark.parametrize("name", MINE)
def test_what_the_user_did_is_owned_and_the_message_passes_the_checks(name: str) -> None:
    sheet = message_of(name)
    assert sheet.own.startswith("I "), sheet
    assert sheet.acknowledge and sheet.path
    assert repair.check_message(sheet.message, READ[name]) == (), sheet.message
    assert 2 <= len(split_sentences(sheet.message)) <= 4
    assert set(content(sheet.own)) & set(content(STORIES[name][0]))
    assert not re.search(r"\bbut\b|\bif you\b|forgive|because", sheet.message, re.I), sheet.message


@pytest.mark.parametrize("name", THEIRS)
def test_where_the_user_was_hurt_the_message_asks_for_repair(name: str) -> None:
    sheet = message_of(name)
    assert sheet.own == "" and "?" in sheet.message and "sorry" not in sheet.message.lower(), sheet
    assert re.search(r"\byou\b", sheet.message) and 2 <= len(split_sentences(sheet.message)) <= 5, (
        sheet.message
    )


def test_messages_differ_between_stories() -> None:
    texts = {name: message_of(name).message for name in [*MINE, *THEIRS]}
    for one, two in itertools.combinations(texts, 2):
        assert shared(texts[one], texts[two]) <= 0.35, (texts[one], texts[two])


@pytest.mark.parametrize(
    "text",
    [
        "I shouted at my ex on the phone and want to say sorry.",
        "I was rude to my friend Ana and she blocked me on everything.",
        "I lied to my wife and she hasn't spoken to me for five days.",
        "I snapped at my sister and she asked me not to contact her.",
        "I yelled at my girlfriend and she is scared of me now.",
        "I snapped at my best friend and he hasn't answered since Easter.",
        "I read her diary and she says she needs some space.",
        "I shouted at the door and my son flinched.",
        "I was short with my aunt. She asked me not to phone.",
        "I yelled, and now my sister backs away from me.",
    ],
)
def test_where_contact_may_be_unwanted_the_questions_come_first(text: str) -> None:
    draft = repair.compose(read_story(text), [], ())
    assert isinstance(draft.sheet, RepairSheet) and draft.sheet.message == ""
    assert "?" in draft.text and re.search(r"no contact|in touch", draft.text)
    assert draft.line == "", "a model could write into it"


def test_after_violence_there_is_no_message() -> None:
    draft = repair.compose(
        read_story("I pushed my boyfriend against the door last night and I feel awful."), [], ()
    )
    assert isinstance(draft.sheet, RepairSheet) and draft.sheet.message == "" and "programme" in draft.text


MESSAGES = [
    ("I snapped at you about the dishes, but I was tired. I'm sorry.", "but"),
    ("I'm sorry if you felt hurt about the dishes. I'll do them tonight.", "if you felt"),
    ("I snapped about the dishes and I'm sorry. Please forgive me.", "a demand"),
    ("I snapped about the dishes. I'll do them tonight.", "owns nothing"),
    ("I'm sorry I snapped about the dishes because you left them. I'll do them.", "an excuse"),
    ("I'm sorry about the dishes.", "not two to four sentences"),
    ("I'm sorry I snapped at her about the dishes. I'll do them tonight.", "speaks about them, not to them"),
    ("I'm sorry about the garden. I'll water it tonight.", "loses the topic"),
]


@pytest.mark.parametrize(("text", "fault"), MESSAGES, ids=[f for _, f in MESSAGES])
def test_each_fault_of_a_message_is_found(text: str, fault: str) -> None:
    assert fault in repair.check_message(text, READ["snapped"])


def test_a_good_message_of_a_model_is_put_in() -> None:
    line = (
        "I snapped at you about the dishes, and I'm sorry. You didn't deserve that "
        "tone. I'll do the dishes tonight."
    )
    composed = repair.compose(READ["snapped"], [], ())
    draft = repair.read(line, READ["snapped"], composed)
    assert (
        draft is not None
        and draft.model
        and isinstance(draft.sheet, RepairSheet)
        and draft.sheet.message == line
    )
    assert repair.read("Sorry but you started it.", READ["snapped"], composed) is None


# --- all skills, any input --------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        "I ",
        "my wife ",
        "she ",
        "never ",
        "you ",
        '"',
        "'",
        "said ",
        ". ",
        "? ",
        "\n",
        "😭",
        "Tom ",
        "forgot ",
        "the dishes ",
        "if you ",
        "don't ",
        "always ",
        "\u202e",
        "é",
        "זה ",
        "feel ",
        "used ",
        "12 ",
        "!!!",
        "- ",
        "and ",
        "\x00",
        "\x01",
    ]
)
MIXED = st.one_of(st.text(max_size=300), st.lists(PIECES, max_size=60).map("".join))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(MIXED, st.lists(MIXED, max_size=2))
def test_any_text_gets_a_reply(text: str, before: list[str]) -> None:
    story = read_story(text, before)
    for skill in SKILLS.values():
        draft = skill.compose(story, CARDS[:1], ())
        assert draft.text.strip() and len(draft.text) < 4000
        assert draft.line in draft.text
        if skill.read and draft.line:
            skill.read(text, story, draft)
    assert isinstance(listen.fits(text, story, CARDS), bool)
    assert isinstance(listen.compose(story, CARDS, [text or "So."]).text, str)


@pytest.mark.parametrize(
    "text",
    [
        "I love my " * 25_000,
        "you never " * 20_000,
        "a'" * 100_000,
        '"I said ' * 25_000,
        "😭" * 200_000,
        "x" * 200_000,
        "? " * 100_000,
        "I snapped at my wife, " * 9_000,
    ],
)
def test_long_texts_take_bounded_time(text: str) -> None:
    began = time.perf_counter()
    story = read_story(text)
    for skill in SKILLS.values():
        assert skill.compose(story, CARDS[:1], ()).text
    assert time.perf_counter() - began < 2.0


def test_a_draft_is_read_only_where_there_is_a_worksheet() -> None:
    assert {"listen", "reframe", "repair", "check_in", "practice", "close"} == set(SKILLS)
    assert not any(skill.read for skill in SKILLS.values() if not skill.speaks)
    assert SKILLS["listen"].read is None and not SKILLS["listen"].off_when_unsafe
    assert all(SKILLS[name].read and SKILLS[name].off_when_unsafe for name in ("reframe", "repair"))


def test_a_story_of_nothing_is_a_story() -> None:
    assert read_story("") == Story("")
