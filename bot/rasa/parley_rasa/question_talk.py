"""Tell whether a text refuses to answer a question or asks about the question itself. Pure; knows no question."""

from __future__ import annotations

import re

from parley_rasa.typed_answers import normalise

_LONGEST = 14  # words; in a longer text there is more than that

_WRITTEN_OUT = {"u": "you", "ur": "your", "r": "are"}
_SHORTHAND = re.compile(rf"\b(?:{'|'.join(_WRITTEN_OUT)})\b")

_NO_ANSWER = frozenset(
    "skip|skip it|skip this|skip that|pass|next|next question|no comment|none|nothing|nobody|no one|no name|anonymous"
    "|private|thats private|that is private|its private|confidential|thats confidential|secret|its a secret|n a|na|nil"
    "|never mind|doesnt matter|it doesnt matter|whatever|no idea|dunno|i dunno|idk|not sure|im not sure|i am not sure"
    "|not sure yet|dont know|i dont know|i do not know|i dont know yet|dont know yet|hard to say|cant say|i cant say"
    "|no clue|i have no idea|who knows|later|maybe later|mind your own business|prefer not to say|rather not say"
    "|i forgot|not yet|undecided|not decided"
    "|thats all|that is all|thats it|nothing else|nothing more|weiss nicht|ich weiss nicht|keine ahnung|no se|no lo se"
    "|je ne sais pas|not decided yet|stop asking|stop asking me|stop asking questions|enough questions"
    "|too many questions|we dont know|we dont know yet|we are not sure|were not sure|still open".split("|")
)
_REFUSES = re.compile(
    r"(?:(?:no|nope|sorry|nah|hm+|um|well|look|actually|please|but|and|thanks) )*"
    r"(?:(?:thats |that is |its |it is )?none of (?:your|ur) (?:damn |bloody )?(?:business|concern)"
    r"|(?:that |this |it )?(?:is |s )?not your business"
    r"|(?:(?:id|i would|we would|wed|ill|i will|i) )?(?:rather|prefer|prefer to|like to)"
    r"(?: not(?: to)?(?: (?:say|tell|give|share|answer|disclose|leave|reveal|provide|hand out)\b.*)?"
    r"|(?: keep (?:it|that|this|my)| stay)\b.*)"
    r"|(?:i|we) (?:dont|do not|wont|will not|cant|cannot|am not going to|would not|wouldnt)"
    r"(?: really| even)? (?:want|wish|like|care|feel like|feel comfortable|need)?\s*(?:to )?"
    r"(?:say|tell|give|share|answer|disclose|giving|sharing|telling|saying|hand out|leave|reveal|provide)\b.*"
    r"|(?:im|i am|we are) not (?:going to )?(?:telling|tell|saying|say|giving|give|sharing|share|comfortable)\b.*"
    r"|(?:not telling|not saying|no way im|wont say|wont tell|do i have to|do i need to|must i)\b.*"
    r"|(?:(?:can|could|may) (?:i|we) |lets |please |just |you can )*(?:skip|leave out|leave)"
    r" (?:this|that|it)(?: one| question| out| blank| open)*"
    r"|(?:i|we) (?:dont|do not|didnt) (?:really )?know (?:what (?:i|we) want|really|that|yet|either)"
    r"|(?:im|i am|were|we are) not sure (?:what to (?:say|write|answer)|about that|how to put it)"
    r"|nothing (?:really|special|much|in particular)|not much"
    r"|no (?:name|names|company|company name|phone|number|phone number|e ?mail|email address|address)"
    r"(?: please| thanks| thank you| for me| sorry| yet)*)"
)
_HAS_NONE = re.compile(
    r"(?:(?:no|nope|sorry|well|but|and) )*(?:i|we) (?:dont|do not) (?:have|use|own)"
    r" (?:(?:a|an|any|one|my own) )?(?:company|e ?mail|email address|phone|number|mobile|firm|business|one"
    r"|that)?\b.{0,20}"
)
_ASKS_BACK = re.compile(
    r"(?:(?:but|and|so|sorry|hm+|wait|ok|okay|well|um|huh|excuse me|pardon) )*"
    r"(?:what|huh|pardon|pardon me|eh|excuse me|come again|why|why that|why this|what for|for what|how come|how so"
    r"|sorry|meaning|say again|say what|which means|what now|in what way"
    r"|why (?:do|would|are|should|must|does|is) (?:you|i|we|that|this|it|they|the company)\b"
    r"(?: (?:really|even|all))*(?: (?:asking|ask|need|needed|want|have|care|know|tell|give|matter|matters|important"
    r"|relevant|interested|necessary|required|collect|say|be)\b.*)?"
    r"|(?:what|how) (?:do|does|did) (?:you|that|this|it) mean\b.*|what (?:is|s) (?:that|this|it)(?: for| about"
    r"| good for)?"
    r"|whats (?:that|this|it) (?:for|about|good for)"
    r"|(?:whats|what is|wheres|where is) the difference(?: between (?:them|these|those|the two))?"
    r"|which (?:one )?is (?:better|best|cheaper)"
    r"|(?:and )?where (?:do|can|would|should) (?:i|we) (?:find|see|get|look for) (?:that|it|this|one|the \w+(?: \w+)?)"
    r"|what (?:will|would|do|are) you (?:going to |gonna )?(?:do|doing|use|using|need)"
    r" (?:it|that|this|with it|with that|with this|it for|that for|this for|with my \w+(?: \w+)?|my \w+(?: \w+)? for)"
    r"|what happens (?:with|to) (?:it|that|this)|what does (?:it|that) matter|does (?:it|that) matter"
    r"|i (?:dont|do not|didnt|did not) (?:get it|get that|understand(?: you| that| this| the question| what you mean)?)"
    r"|can you explain(?: that| this| it)?|explain|what should i (?:say|write|answer|put)(?: here)?"
    r"|who wants to know|why should i(?: tell you)?"
    r"|help|help me|please help|can you help(?: me)?|i need help|is (?:this|that|it) (?:really )?(?:necessary|needed))"
)
_ABOUT_MESSAGES = re.compile(
    r"(?:and |but |so |ok )?(?:what (?:kind|sort|type) of (?:e ?mails?|mails?|messages?|marketing|news|things"
    r"|stuff)\b.*"
    r"|how (?:often|many|frequent|frequently)\b.*|what (?:e ?mails?|mails?|messages?)\b.*"
    r"|what (?:will|would|do) you (?:send|write|mail|email)\b.*|what (?:is|will be|s|would be) in (?:them|it|those)\b.*"
    r"|can i (?:stop|unsubscribe|cancel|opt out|change)\b.*|is it spam|will you spam me|what if i (?:say )?no\b.*"
    r"|do i have to|what happens if i (?:say )?(?:no|yes|refuse)\b.*)"
)


def refuses(text: str) -> bool:
    """Tell whether a text declines to answer ("none of your business", "skip", "no idea")."""
    said = _short(text)
    return said is not None and (said in _NO_ANSWER or _REFUSES.fullmatch(said) is not None)


def has_none(text: str) -> bool:
    """Tell whether someone says that they have no such thing ("I don't use e-mail")."""
    said = _short(text)
    return said is not None and _HAS_NONE.fullmatch(said) is not None


def asks_about_question(text: str) -> bool:
    """Tell whether a text asks why something was asked, or what it means ("why?", "what do you mean")."""
    if text.strip() and not text.strip(" ?\uff1f\u061f"):
        return True
    said = _short(text)
    return said is not None and _ASKS_BACK.fullmatch(said) is not None


def asks_about_messages(text: str) -> bool:
    """Tell whether a text asks about the messages a consent text speaks of ("how often?")."""
    said = _short(text)
    return said is not None and _ABOUT_MESSAGES.fullmatch(said) is not None


def _short(text: str) -> str | None:
    said = _SHORTHAND.sub(lambda match: _WRITTEN_OUT[match.group()], normalise(text[:400]))
    return said if said and len(text) <= 400 and len(said.split()) <= _LONGEST else None
