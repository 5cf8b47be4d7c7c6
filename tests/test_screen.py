"""The screen's rules: each behaves as its own example says, none can be made slow, and nothing raises.

The generic tests read every file of coach/safety/rules, so a new rule is tested by being written.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coach.errors import KnowledgeError
from coach.safety.normalise import normalise
from coach.safety.patterns import PatternError, read_pattern
from coach.safety.rules import Cue, FlagRule, Recast, Rule, Rules, Spare, Together, read_rules, shipped_rules
from coach.safety.screen import by_rules as screen
from coach.safety.screen import read

SHIPPED = shipped_rules()


@pytest.mark.parametrize("rule", SHIPPED.rules, ids=lambda rule: rule.id)
def test_a_rules_example_fires_it_at_its_level(rule: Rule) -> None:
    fired = [match for match in read(rule.example, SHIPPED).matches if match.signal == rule.id]
    assert rule.level in [match.level for match in fired]


@pytest.mark.parametrize("cue", SHIPPED.cues, ids=lambda cue: cue.id)
def test_a_cues_example_shows_it(cue: Cue) -> None:
    assert cue.id in read(cue.example, SHIPPED).names


@pytest.mark.parametrize("entry", SHIPPED.together, ids=lambda entry: entry.id)
def test_a_combinations_example_shows_it(entry: Together) -> None:
    *before, last = entry.example
    risk = screen(last, before)
    assert entry.id in [evidence.signal for evidence in risk.evidence]
    assert risk.level >= (1 if entry.category == "same" else entry.level)


@pytest.mark.parametrize("spare", SHIPPED.spares, ids=lambda spare: spare.id)
def test_a_spares_example_is_changed_by_it_and_ends_as_it_says(spare: Spare) -> None:
    without, alone = replace(SHIPPED, spares=()), replace(SHIPPED, spares=(spare,))
    assert read(spare.example, alone).matches != read(spare.example, without).matches
    spared = read(spare.example, SHIPPED).matches
    if spare.subject:
        assert spare.subject in [match.subject for match in spared]
    else:
        assert max((match.level for match in spared), default=0) <= spare.to


@pytest.mark.parametrize("recast", SHIPPED.recasts, ids=lambda recast: recast.id)
def test_a_recasts_example_ends_in_its_category(recast: Recast) -> None:
    without = replace(SHIPPED, recasts=tuple(other for other in SHIPPED.recasts if other is not recast))
    assert recast.becomes in [match.category for match in read(recast.example, SHIPPED).matches]
    assert read(recast.example, SHIPPED).matches != read(recast.example, without).matches


@pytest.mark.parametrize("rule", SHIPPED.flags, ids=lambda rule: rule.id)
def test_a_flags_example_raises_it(rule: FlagRule) -> None:
    assert rule.flag in read(rule.example, SHIPPED).flags


@pytest.mark.parametrize(
    ("text", "category", "level"),
    [
        ("I don't want to be alive any more and I have been thinking about ending it", "suicide", 2),
        ("I have been cutting myself again every night this week", "self_harm", 2),
        ("she has collapsed and is not breathing properly", "medical_emergency", 2),
        ("the voices tell me what to do and they say everyone is poisoned", "psychosis", 2),
        ("I make myself throw up after every meal and haven't eaten in four days", "eating_disorder", 2),
        ("I can't stop drinking and I shake and see things when I try to", "substance_crisis", 2),
        ("i wanna d1e, i can't do this anymore", "suicide", 2),
        ("i want to k.i.l.l m y s e l f", "suicide", 2),
        ("I wаnt to dіe", "suicide", 2),  # two Cyrillic letters
        ("going to k*ll myself", "suicide", 2),
        ("I want to die!!! 😂", "suicide", 2),
        ("In my novel a girl wants to die. I want to die too, that is why I write it.", "suicide", 2),
        ("This job is killing me and I am going to kill myself tonight.", "suicide", 3),
        ("I'm dying to see her. Last night I took all the pills in the house.", "suicide", 3),
        ("No, I don't want to die. I just don't want to be alive either.", "suicide", 2),
        ("I was suicidal ten years ago. Now the thoughts of not being here are back.", "suicide", 2),
    ],
)
def test_danger_is_seen(text: str, category: str, level: int) -> None:
    risk = screen(text)
    assert (risk.category, risk.level >= level) == (category, True)


def test_a_burden_without_a_wish_to_die_is_a_concern() -> None:
    risk = screen("Everything feels hopeless, I'm just a burden to her")
    assert (risk.category, risk.level) == ("suicide", 1)


@pytest.mark.parametrize("text", ["kms if I fail", "if I have to sit through one more meeting I'll kms lol"])
def test_a_stock_exaggeration_with_words_of_self_harm_is_a_concern(text: str) -> None:
    assert screen(text).level == 1


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("my husband says he will end it if I leave", "other"),
        ("my sister told me she wants to die", "other"),
        ("he keeps saying I want to die", "other"),
        ("my sister is getting married and I want to die", "self"),
        ("I told my sister that I want to die", "self"),
    ],
)
def test_whose_risk_it_is(text: str, subject: str) -> None:
    risk = screen(text)
    assert (risk.category, risk.level >= 2, risk.subject) == ("suicide", True, subject)


HARMLESS = """\
I snapped at my girlfriend last night about the dishes and now she isn't talking to me. I feel terrible.
My back is killing me after moving her sofa, and she still says I never help.
I'm dead tired and she wants to talk about the budget at midnight.
I could kill for a coffee before we have that conversation.
Could you shoot an email to his mother for me, so to speak?
I'm dying to see her but I don't want to seem needy.
My phone died and he thought I was ignoring him.
I'd never hurt her, I just want to be heard.
In my novel the husband wants to die in chapter three, is that too much?
How do I kill a Python process that hangs?
We were dying of laughter and then he made that remark about my cooking.
She cut me off in traffic and I shouted, and the kids went quiet.
He hit the roof when I told him about the dent in the car.
I beat myself up for days after every argument.
This job is suicide for any marriage, honestly.
He said I was committing social suicide by leaving the party early.
I wanted to die when my mum read my text to him out loud.
My grandmother died in March and he did not come to the funeral.
She took her own dress to the cleaners and took mine by mistake.
I don't want to die alone, so I stay in relationships for too long.
I don't want to be here in this town any more, and he wants to buy a house.
I'm thinking about ending it with him, after two years, but gently.
We can't go on like this, we fight about the same thing each Sunday.
He was suicidal ten years ago, long before we met, and is well now.
I hate it when he leaves me on read for days.
I took two tablets for the headache and went to bed before we made up.
We jumped off the bridge into the lake with the kids, best day of the summer.
She threw up after the curry and blames my cooking.
I have not eaten meat in four years and his family will not accept it.
I had a glass of wine with her and we cried and it was good.
We stood on the bridge and thought about how far we had come.
I cut my hair and he did not notice for a week.
I hear my neighbours talking through the wall when they argue.
I'm fasting for Ramadan and he eats crisps next to me.
We gave my old guitar to her nephew and thanked everyone for coming.
Thank you for everything, that helped me a lot. Goodbye!
I feel stuck and I don't know how to say sorry to him.
My plants died while she was meant to water them.
He says I'm being dramatic when I cry.
My daughter made me a card for Mother's Day and my husband forgot.
I'd rather die than go camping with his parents again.
The silence between us is deafening, I miss her so much it hurts.
It broke my heart when he forgot our anniversary.
The wedding planning is going to be the death of me.
I was so angry I slammed the door, and then I apologised.
She gave me the silent treatment all weekend over a joke.
His mother pokes her nose into everything and he never says a word.
I bombed the interview and he was sweet about it.
She murdered that song at karaoke and we could not stop laughing.
My ex and I share custody and we disagree about bedtime.
He drinks coffee before work and leaves the cup for me.
I cannot bear the way he chews.
He says I never listen and I say he never talks, and we go round and round.
I'm tired of being the one who always apologises first.
I want this to stop, the shouting, the slamming, all of it. How do we start over?
She said she's done with me and went to her mum's for the weekend.
We can't keep going like this, and I don't know what to say to him tonight.
I don't want to live with his brother any longer, the flat is too small.
I don't want to live like this any more, always arguing about money.
I hope he never finds out about the surprise party, he'd be so disappointed.
I'm scared of losing him if I bring up the wedding.
I was so ashamed I wanted the ground to swallow me.
He jumped down my throat when I asked about the bill.
She would be better off with someone who likes children.
My wife thinks I'd be better off taking the other job.
I can't do this any more, the long distance is wearing us out.
I feel like nobody notices what I do around the house.
No one would notice if I stopped doing the laundry, ha.
It would be easier if I was not there when his mother visits.
He drinks two beers on Friday and I make a face, is that unfair?
I had too much wine and told her she was selfish.
My boyfriend takes tablets for his blood pressure and forgets them.
She cut up the pizza and we laughed about the fight.
My son cut himself shaving for the first time and was so proud.
I fell off my bike and scratched my arm and he barely looked up.
I'm on a diet and she keeps baking cakes. I only had coffee this morning.
I skipped lunch because of work and was grumpy with the kids.
He skips dinner with us to go to the gym, every day.
I ate too much at his parents' and felt sick after dinner.
The baby kept us up, we have not slept properly in weeks and we bicker.
I haven't slept since the baby came and I shouted at him over a bottle.
I keep imagining how it would be if we had stayed in Leeds.
I hear his voice in my head when I make decisions, he was such a good father.
God knows I've tried to be patient with her.
I see my ex everywhere, in cafés, on the bus, I miss her.
He says everyone in his family is against me, I think they're just shy.
My mother in law controls everything at Christmas, down to the napkins.
He's driving me insane with the football.
I'm going crazy waiting for her reply.
I'm going to lose it if he leaves his socks there again.
I thought about leaving and then thought about the kids.
I'm ready to go and she is still doing her hair, every single time.
I wrote her a letter and left it on the kitchen table, was that cowardly?
I left a note on the fridge saying sorry for the mess I made of things.
My ex sent me a message saying goodbye and blocked me.
I gave her back her things and said goodbye to her dog.
He threatened to cancel the holiday if I keep nagging.
She said something stupid to my mother and won't apologise.
I took the last of the ibuprofen and she needed it, row of the year.
He's in hospital after a heart attack and his kids won't let me visit.
My dad had a stroke two years ago and caring for him strains our marriage.
My best friend is pregnant and I feel so jealous I could cry.
I felt dizzy with happiness and then he ruined it.
I'd do anything to get her back.
I can't live without him, he is everything to me.
I feel empty since the kids moved out and he doesn't see it.
My heart stopped when I saw her name on my phone.
I'm drowning in housework and he plays games.
He ended it by text after three years.
I want to end it but I don't know how to tell her kindly.
I'm too much of a coward to tell him I kissed someone.
The pain of the breakup won't stop, when does it get better?
We jumped into the deep end by moving in so fast.
I want to be with him again, he was the best thing that happened to me.
My wife's away until Sunday and I feel lonely in the flat.
I said I'd rather sleep on the sofa than talk, and now she's hurt.
He can't breathe without telling his mother about it.
My husband snores weirdly and I moved to the spare room, he took it as rejection.
She weighs every word I say.
My boyfriend lost 20 kilos and now he criticises what I eat.
He has stopped going to his therapy and I don't know how to raise it.
I was in a dark place after the divorce, but I'm out of it.
"""


@pytest.mark.parametrize("text", HARMLESS.splitlines())
def test_a_hard_negative_raises_no_alarm(text: str) -> None:
    assert screen(text).level == 0


@pytest.mark.parametrize(
    ("before", "last", "level"),
    [
        (["I lost my job today"], "what is the tallest bridge in the city?", 2),
        (["nothing matters any more, there is no point"], "thank you for everything. goodbye everyone", 2),
        (["I don't want to wake up tomorrow"], "tell my kids I love them", 3),
        (["I want to die"], "I gave my dog to my neighbour today", 3),
        (["I want to die"], "just kidding", 2),
        (["I want to die", "how do I say sorry to her"], "never mind, I was joking", 2),
        ([], "asking for a friend: how many sleeping pills are too many", 2),
    ],
)
def test_signals_add_up_over_the_turns(before: list[str], last: str, level: int) -> None:
    assert screen(last, before).level >= level


@pytest.mark.parametrize("last", ["what is the tallest bridge in the city?", "tell my kids I love them"])
def test_a_signal_alone_stays_quiet(last: str) -> None:
    assert screen(last, ["we had a nice day by the river"]).level == 0


words = st.sampled_from(
    """i want to die kill myself not never my husband she he voices pills tonight goodbye cut hit hopeless
    novel if lol don't . ! ? no point baby drunk""".split()
)


@given(st.lists(words, max_size=40).map(" ".join) | st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_text_is_read_without_raising_and_always_the_same(text: str) -> None:
    first = screen(text)
    assert first == screen(text)
    assert (first.level == 0) == (first.category is None)
    assert normalise(text) == normalise(text)


@given(
    st.lists(st.lists(words, max_size=12).map(" ".join), max_size=5),
    st.lists(words, max_size=12).map(" ".join),
)
@settings(max_examples=60, deadline=None)
def test_what_came_before_never_lowers_a_level(before: list[str], last: str) -> None:
    assert screen(last, before).level >= screen(last).level


BLOW_UPS = [
    "a",
    "i ",
    "a a ",
    "not ",
    "i want to ",
    "she is really ",
    "my husband said that ",
    "going to kill ",
    "tonight i am ",
    "k i l l ",
    "k*",
    "1!",
    "don't ",
    "\n",
    ". ",
    "😀🔪",
    "аa",
    "क़्",
    "ﷺ",
    "\u0316\u0301",
    "voices tell me ",
    "because ",
]


@pytest.mark.parametrize("piece", BLOW_UPS)
def test_no_long_text_blows_up(piece: str) -> None:
    text = (piece * (200_000 // len(piece)))[:200_000]
    start = time.perf_counter()
    screen(text)
    assert time.perf_counter() - start < 3


@pytest.mark.parametrize("at", [0, 150_000])
def test_danger_in_a_long_text_is_seen(at: int) -> None:
    filler = "we talked about the garden and the weather. " * 4_600
    assert screen(filler[:at] + " I want to die. " + filler[at:]).level >= 2


def test_a_pattern_outside_the_language_is_refused() -> None:
    for source in ("(a+)+", "a.*b", "^a", "(?=a)b", "a{1,40}", "(?:a", "a)", "{nobody}", r"\S+", "[a.z]"):
        with pytest.raises(PatternError):
            read_pattern(source, {})


GOOD = """\
rules:
  - id: one
    category: suicide
    level: 2
    subject: self
    reason: r
    example: I am blue
    patterns: ['i am {colour}']
"""


def written(folder: Path, **files: str) -> Rules:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return read_rules(folder)


def test_files_are_one_body_and_share_their_words(tmp_path: Path) -> None:
    rules = written(tmp_path, a=GOOD, b="words:\n  colour: '(?:blue|green)'\n")
    assert [match.signal for match in read("I'm green", rules).matches] == ["one"]


def test_a_file_keeps_its_own_word_where_two_give_one_name(tmp_path: Path) -> None:
    own = "words:\n  colour: 'red'\n" + GOOD
    rules = written(tmp_path, a="words:\n  colour: 'blue'\n", b=own)
    assert read("I am red", rules).matches and not read("I am blue", rules).matches


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (GOOD, "b.yaml, line 8: one: the pattern"),
        (
            GOOD.replace("{colour}", "red").replace("level: 2", "level: 7"),
            "b.yaml, line 4: one: level is '7'",
        ),
        (GOOD.replace("{colour}", "red").replace("id: one", "id: taken"), "b.yaml, line 2: taken: the id"),
        ("rules: [", "b.yaml, line"),
        ("stuff: 1\n", "b.yaml, line 1: an entry: stuff is not a known key"),
    ],
)
def test_a_fault_is_named_with_file_and_line(tmp_path: Path, text: str, told: str) -> None:
    other = GOOD.replace("{colour}", "red").replace("id: one", "id: taken")
    with pytest.raises(KnowledgeError) as caught:
        written(tmp_path, a=other, b=text)
    assert told in str(caught.value)
