"""What stands in the way of a sentence, said kindly: for the drill, and for a line that was changed."""

from __future__ import annotations

from coach.skills import remark, repair
from coach.skills.story import Story

_REMARKS = 2  # said of one sentence of the drill
_SAID_OF = {
    remark.NAMES: "There is a name for them in it, and that is all they will hear. What did they do?",
    remark.THREAT: "It holds a threat. If it is a limit, say what you will do, not what happens to them.",
    remark.SARCASM: "It mocks a little. Said straight, the hurt in it is easier to hear.",
    remark.YOU_ARE: 'It says what they are. "You are" asks for a defence; one thing that they did does not.',
    remark.MIND: "It says what goes on in them, which only they know. What could a camera have seen?",
    remark.ALWAYS: 'With "always" or "never", they look for the time when it was not so. Name one time.',
    remark.NO_I: 'You are not in it yet. It could begin with "I feel".',
    remark.NO_REQUEST: "What would you like? One thing that they can do, and may say no to.",
}
_CONTROLS = (
    "It asks for something that is theirs alone: whom they see, where they go, their clothes, phone, "
    "money or body. No wording makes that soft. What are you afraid of, and what can you do yourself?"
)


def verdict(text: str) -> str:
    """What stands in the way of a sentence, kindly, one or two things; or that it can be heard."""
    if not remark.has_words(text):
        return "The box is empty, which is fine. Say it aloud if you like, or go on."
    if remark.restricts(text):
        return _CONTROLS
    if remark.is_limit(text):
        return "That is a plain limit. It can stand as it is."
    found = [*remark.faults(text), *remark.lacks(text)]
    if not found:
        return "That can be heard: you are in it, and it says what you would like."
    return " ".join([said for fault, said in _SAID_OF.items() if fault in found][:_REMARKS])


_MESSAGE = {
    repair.BUT: 'What follows a "but" takes the first half back. It could end before it.',
    repair.IF_FELT: '"If you felt" leaves open whether anything happened. Name what you did.',
    repair.EXCUSE: "There is a reason in it. It may be true, and it can wait until they ask.",
    repair.DEMAND: "It asks for an answer or for forgiveness. Left out, they are free.",
    repair.NO_OWNING: "It does not say sorry yet, or what for.",
}


def message_verdict(text: str) -> str:
    """The same of a message that mends."""
    if not remark.has_words(text):
        return "The box is empty, which is fine."
    found = repair.check_message(text, Story(""))
    told = [said for fault, said in {**_MESSAGE, **_SAID_OF}.items() if fault in found]
    told = [said for said in told if said != _SAID_OF[remark.NO_REQUEST]]
    return " ".join(told[:_REMARKS]) or "That owns your part and asks for nothing back. It can stand."
