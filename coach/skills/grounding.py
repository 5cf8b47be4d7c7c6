"""Whether a sentence stays with what the user told, and what they told may be said back to them."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from coach.safety.review import review
from coach.skills.lexicon import lexicon
from coach.skills.story import Story
from coach.skills.wording import content, stem

PLAIN = frozenset(
    stem(w)
    for w in """
    sound sounds seem hard heavy tough tiring painful hurt hurtful sad angry lonely alone tired afraid
    scared worried worry frustrated frustrating upset guilty ashamed anxious confused stuck torn relief
    calm calmer quiet loud close closer far matter matters mattered meant moment part side way word
    words talk talking speak spoke hear heard listen understand understood understandable wonder sense
    makes leave left carry carrying hold holding happen happened happens notice noticed important
    different difficult easy easier harder hardest love care trust respect safe space need needs needed
    hope hoped hoping wish wished miss missed together between tonight tomorrow later slowly gently step
    small bit piece try trying help helpful idea choice choose possible underneath behind deep deeper
    real true fair simple clear clearly natural mix feeling feelings emotion wonder what's minute hour
    evening morning night week long short old new ready first next begin start stop wait pause breath
    breathe change share sharing show bring put face reach answer question reason reasons guess story
    point relationship weight lot kind sort still unseen unheard disappointed overwhelmed exhausted
    sorry apologise deserve deserved tone mean unfair wrong kind kinder gentle asked tell told give given
    exhausting distance distant gap silence stand sit stay goes feels strong stronger wanted
    """.split()
)


def stays_with(line: str, story: Story, *, share: float = 0.5) -> bool:
    """Every content word is the story's, a feeling or plain talk, and `share` at least are the first two.

    The cards' words do not count: a small model mixes them into claims about the user ("you have a lot of
    work to do"), and the idea from the cards is composed anyway.
    """
    found = content(line)
    told = set(content(story.text)) | feeling_stems()
    telling = [s for s in found if s in told]
    return bool(found) and all(s in told or s in PLAIN for s in found) and len(telling) >= share * len(found)


# Faults in advice that are none in a story: "he forgot our day because of work", "my hay fever tablets".
_A_STORYS_OWN = frozenset({"motive_as_fact", "medication", "victim_blaming", "echo"})


def may_be_said(turned: str, story: Story) -> bool:
    """Whether the coach may say words of the user's, turned to "you", as its own.

    A source that was planted in the message is no excuse for itself.
    """
    planted = any(fault.kind == "invented_source" for fault in review(turned))
    return not planted and all(fault.kind in _A_STORYS_OWN for fault in review(turned, user=story.text))


def adds_to(line: str, shown: Sequence[str]) -> bool:
    """True if a sentence says something that the sentences before it did not."""
    told = {*content(" ".join(shown)), stem("sounds")}  # "it sounds as though" says nothing by itself
    return not set(content(line)) <= told


def feelings_have_ground(line: str, story: Story) -> bool:
    """Every feeling that a line names is told in the story, or of a kind that such a story brings."""
    book = lexicon()
    ground = {*story.feelings, *(theme.feeling for theme in story.themes)}
    ground |= {feeling for word in story.pseudo for feeling in book.pseudo[word].under}
    kinds = {book.feelings[name].family for name in ground if name in book.feelings}
    named = {book.feeling_of[match.group().lower()] for match in book.feeling_pattern.finditer(line)}
    return all(book.feelings[name].family in kinds for name in named)


@functools.cache
def feeling_stems() -> frozenset[str]:
    """The stems of every word for a feeling, real or pseudo."""
    return frozenset(s for word in (*lexicon().feeling_of, *lexicon().pseudo_of) for s in content(word))
