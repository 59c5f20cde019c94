"""How people say in English who they are and where they work, and what no name is. Data only; reads no text."""

from __future__ import annotations

import re

from parley_rasa.capitals import COMPANY, TITLE, UPPER

_NAME_WORD = r"[^\W\d_][\w'’-]*"
_AFTER_NAME = r"(?=\s*(?:$|[,.;:!?(–-]|\b(?:from|at|of|with|here|by|and|but|who|spelled|spelt|in|i)\b))"
CALLED = re.compile(
    r"\b(?i:m[ey] (?:first |full )?name(?:'?s| is| ?:)(?: actually| really)?|(?:the )?name'?s"
    r"|(?:you can |please )?call me|i go by"
    rf"|(?:every(?:one|body)|people|friends) calls? me)\s+"
    rf"({TITLE}{_NAME_WORD}(?: [{UPPER}][\w'’-]*){{0,2}}){_AFTER_NAME}"
)
I_AM = re.compile(
    r"(?:^|[.,!;]\s*|\b(?i:hi|hello|hey|here)\s+)(?i:i'?m|i am|this is|it'?s)\s+"
    rf"({TITLE}[{UPPER}][\w'’-]*(?: [{UPPER}][\w'’-]*){{0,2}}){_AFTER_NAME}"
)
NAME_HERE = re.compile(rf"(?:^|[,.!]\s*)([{UPPER}][\w'’-]*(?: [{UPPER}][\w'’-]*){{0,2}})\s+(?:here|hier|ici)\b")
WORKS_AT = re.compile(
    r"\b(?i:i (?:work|am working) (?:for|at|with)|we(?:'re| are) called|we(?:'re| are) from"
    r"|(?:my |our |the |^)(?:company|firm|business|employer)(?: name)?(?:'s| is)?(?: called)?"
    r"|it(?:'s| is) (?:for|called)"
    r"|on behalf of|i(?:'m| am) employed (?:by|at)|(?:company|firm|business) (?:called|named)|company:"
    r"|(?:cfo|ceo|coo|owner|founder|director|head|manager|bookkeeper|accountant"
    r"|controller) (?:of|at)"
    rf"|i (?:own|run|manage))\s+{COMPANY}"
)
WE_ARE = re.compile(
    rf"\b(?i:we(?:'re| are))\s+((?:[{UPPER}0-9&][\w&.'’-]*\s+){{1,5}}(?:GmbH|Ltd|Inc|LLC|AB|Oy|BV|SA|AG|plc|PLC|SARL"
    r"|Srl|SpA|AS|ApS)\b)"
)
FROM = re.compile(rf"\s*,?\s*(?i:from|at|of|with)\s+{COMPANY}")
ITS_ME = re.compile(r"^(?:it['’]?s me|c['’]est moi|soy yo|ich bin['’]?s|ich bin es),?\s+(?=\S)", re.IGNORECASE)
NO_NAME = frozenset(
    "sorry sure here interested ok okay fine not just busy done back in at the a an from looking afraid happy good well"
    " very so still also only calling writing ceo cfo coo cto german french english dutch british american spanish"
    " italian polish european nothing nobody anyone anybody someone new first everyone nichts niemand next"
    " great nice cool awesome maybe urgent important today tomorrow tonight anytime asap whenever monday tuesday"
    " wednesday thursday friday saturday sunday".split()
)
REST_OF_SENTENCE = re.compile(
    r"\s*[,;(–].*$|\s+(?:and|but)\s+(?:we|i|my|our|please|you)\b.*$|(?<!dr)(?<!mr)(?<!ms)"
    r"(?<!mrs)(?<!prof)(?<!\bm)(?<!mme)(?<!\bsr)(?<!sra)\.\s+.*$|[\s,]+\d+\s+(?:people|employees|staff)\b.*$",
    re.IGNORECASE | re.DOTALL,
)
_LEGAL_FORMS = r"inc|incorporated|ltd|limited|llc|plc|corp|gmbh|ag|s\.a|s\.l|s\.r\.l|srl|b\.v|n\.v"
LEGAL_FORM = re.compile(rf",\s*(?:{_LEGAL_FORMS}|co|sa|sl|s\.?rl|sr\.l|bv|nv)\b", re.IGNORECASE)
# None that is a word of one of the four languages, too: "the same as", "20 kg".
LEGAL_FORM_AT_END = re.compile(
    rf"\w[\s,]+(?:{_LEGAL_FORMS}|llp|corporation|ohg|e\.k|s\.l\.u|s\.p\.a|sarl|sasu|eurl)\.?$", re.IGNORECASE
)
NO_WORD_OF_A_NAME = frozenset(
    "no not i you what why nicht nichts ich sie was warum ne pas je vous quoi pourquoi prefiero decir decirlo que"
    " porque quiero usted möchte sagen sag dire préfère veux geht".split()
)
NOBODY = frozenset(
    "me myself freelance freelancer none nobody si ja oui non nein vale claro gut bien hola bonjour"
    " hallo gracias merci danke quizas vielleicht for with about around maybe perhaps hmm hm asap"
    " soon later today now test thanks hello hi".split()
)
