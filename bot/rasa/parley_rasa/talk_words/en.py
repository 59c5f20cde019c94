"""How people talk in English; see `shape`. Data only; reads no text."""

from __future__ import annotations

import re

from parley_rasa.talk_words.shape import TalkWords, said

_BOOKED = r"\bfor (?:about |around |up to )?\w+ (?:people|persons|colleagues|of us|users|guests|seats)\b"

WORDS = TalkWords(
    yes=said(
        "yes|y|yep|yeah|yea|yup|yes please|yes i do|yes i agree|i agree|agreed|i consent|i accept|sure|sure thing"
        "|of course"
        "|ok|okay|absolutely|definitely|certainly|yes of course|yes sure|yes that is fine|yes thats fine|yes ok"
        "|yes okay"
        "|yes thank you|yes thanks|please do|go ahead|yes go ahead|yes you may|yes you can|fine|fine by me|sounds good"
        "|ok go ahead|okay go ahead|go on|go on then|yes go on|why not then|yes definitely|yes absolutely|ok yes"
        "|okay yes"
        "|yes yes|oh yes|sure yes|sure go ahead"
    ),
    no=said(
        "no|n|nope|nah|no thanks|no thank you|no way|not now|no i do not|no i dont|i do not agree|i dont agree|i do not"
        "|i dont|no please|please no|please dont|please do not|never|i refuse|i decline|declined|no no|rather not"
        "|id rather not|i would rather not|no not really|not really|definitely not|absolutely not|certainly not"
        "|no definitely not|no absolutely not|no do not|no dont|dont|do not|no sorry|sorry no|no im good|no i am good"
        "|no emails|no emails please|not interested|no im not|no i am not|nope thanks|nah thanks"
        "|not today|not today thanks|no not today|no but thanks|no but thank you"
    ),
    plain_yes="yes",
    plain_no="no",
    lukewarm=said("ok|okay|fine|go on|go on then|why not then"),
    refusing=said("no|nope|nah"),
    negations=said("dont|not|never|wont|wouldnt|rather|thanks"),
    hedges=said(
        "but|unless|maybe|perhaps|yes|yeah|if|yet|sure|only|problem|problems|worries|though|depends|later|until|except"
        "|ok|okay|why|what|how|which|when|before|first|doubt|idea|issue|objection|objections"
    ),
    exclaimed=re.compile(r"^(?:(?:haha|ha|lol|hell|god|oh|well|um|er|hm|hmm|ehm|erm|thanks but) )+"),
    hesitation=re.compile(r"^(?:(?:u+h+|u+m+|e+r+m?|h+m+|oh|ah|well|yeah|ok|okay)[\s,.…]+)+(?=\S)", re.IGNORECASE),
    takes_back=re.compile(
        r"^\s*(?:(?:no|nope|hm+|mm+|um|uh|er|sorry|actually|wait|oops|hang on|hold on|correction|my mistake|my bad"
        r"|i changed my mind|on second thoughts?|i made a mistake|oh|ah|well|rather|scratch that"
        r"|let me correct that|that(?:'s| is| was)? wrong)\b[\s,.:;!-]*)+",
        re.IGNORECASE,
    ),
    restates=re.compile(
        r"^(?:(?:more like|closer to|it(?:'?s| is)|i mean|i meant(?: to say)?|i'?m|i am|that(?:'?s| is)|make that"
        r"|make it|change (?:it|that) to|should be|it should be|we(?:'?re| are))\s+)+(.{1,200})$",
        re.IGNORECASE,
    ),
    restates_by_itself=re.compile(
        r"^\s*(?=(?:i meant|make (?:it|that)|change (?:it|that) to|(?:it|that) should be)\s)", re.IGNORECASE
    ),
    instead_of=re.compile(
        r"(?:(?:no|sorry|actually|i mean|i meant|it'?s|it is|i'?m|my name is|we are"
        r"|we're)[\s,]+)*(.{1,80}?),?\s+not\s+(.{1,80})",
        re.IGNORECASE,
    ),
    not_but=re.compile(
        r"(?:(?:no|sorry|actually|it'?s|it is|i'?m|we are|we'?re)[\s,]+)*not\s+(.{1,80}?),?\s+but\s+(.{1,80})",
        re.IGNORECASE,
    ),
    ours=re.compile(
        r"(?:please |can you |could you )*(?:change |update |correct )?(?:my|our|the) ", re.IGNORECASE
    ),
    becomes=r"(?: (?:is|was|should be|must be|to)(?: actually| really)?|'s)[: ]+",
    first_name=("name",),
    turns_off=re.compile(
        r"(?:please |can you |could you )?(?:turn|switch) (?P<set>\w+(?: \w+)?) off(?: please)?"
        r"|(?:please |can you |could you |i want to |id like to )?(?:(?:turn|switch) off|disable|stop|no more|no|remove"
        r"|unsubscribe (?:me )?from|i dont want(?: any)?(?: more)?) (?:the |my |your )?"
        r"(?P<off>\w+(?: \w+)?)(?: please| any ?more)?"
    ),
    ordinals=tuple(
        map(
            said,
            ("first|1st|one", "second|2nd|two", "third|3rd|three", "fourth|4th|four", "fifth|5th|five",
             "sixth|6th|six", "seventh|7th|seven", "eighth|8th|eight", "ninth|9th|nine"),
        )
    ),
    position=re.compile(
        r"(?:(?:i (?:would )?(?:choose|pick|take|want)|id (?:choose|pick|take|say)|its|it is|lets say) )?"
        r"(?:the )?(?:number |option |no |nr |answer )?(\w+)(?: one| option| choice| please)*"
    ),
    last=said("last"),
    negating=re.compile(r" (?:not|no|dont|isnt|arent|never|neither|except|without) "),
    fails=re.compile(
        r" (?:(?:does|do|did|is|are|was|will|would|can) not|dont|isnt|arent|no longer|not)"
        r" (?:working|work|loading|load|opening|open|starting|start|syncing|sync|connecting|connect|respond|responding"
        r"|sending|going out|showing|show) "
    ),
    empty=frozenset(
        "a an the to of in on at by for with within and or i id im ill we wed us me my our you its it is are am be was"
        " like want would think guess maybe please thanks some about just really so well hm hmm uh um probably that"
        " this"
        " can could do one actually then let lets".split()
    ),
    any_time=re.compile(
        r"(?:(?:whats|what is|when is|give me|ill take|i take|ok|please|just|as|one) )*(?:the )?"
        r"(?:earliest|soonest|first available|first free|next available|any|anytime|any time|either|any of (?:them"
        r"|those)"
        r"|all (?:are )?fine|all good|you choose|you pick|i dont mind|doesnt matter|dont care|asap|as soon as possible)"
        r"(?: one| slot| time| works?| is fine| please| you have| possible)*"
    ),
    asks_for_times=re.compile(
        r"(?:is|are) there|(?:do|have) you (?:have|got|also)|any ?thing|what else|how about other"
    ),
    no_answer=said(
        "skip|skip it|skip this|skip that|pass|next|next question|no comment|none|nothing|nobody|no one|no name"
        "|anonymous"
        "|private|thats private|that is private|its private|confidential|thats confidential|secret|its a secret|n a|na"
        "|nil"
        "|never mind|doesnt matter|it doesnt matter|whatever|no idea|dunno|i dunno|idk|not sure|im not sure"
        "|i am not sure"
        "|not sure yet|dont know|i dont know|i do not know|i dont know yet|dont know yet|hard to say|cant say"
        "|i cant say"
        "|no clue|i have no idea|who knows|later|maybe later|mind your own business|prefer not to say|rather not say"
        "|i forgot|not yet|undecided|not decided"
        "|thats all|that is all|thats it|nothing else|nothing more|weiss nicht|ich weiss nicht|keine ahnung|no se"
        "|no lo se"
        "|je ne sais pas|not decided yet|stop asking|stop asking me|stop asking questions|enough questions"
        "|too many questions|we dont know|we dont know yet|we are not sure|were not sure|still open"
    ),
    refuses=re.compile(
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
    ),
    has_none=re.compile(
        r"(?:(?:no|nope|sorry|well|but|and) )*(?:i|we) (?:dont|do not) (?:have|use|own)"
        r" (?:(?:a|an|any|one|my own) )?(?:company|e ?mail|email address|phone|number|mobile|firm|business"
        r"|screenshot|picture|photo|file|one"
        r"|that)?\b.{0,20}"
    ),
    asks_back=re.compile(
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
        r"|(?:and )?where (?:do|can|would|should) (?:i|we) (?:find|see|get|look for)"
        r" (?:that|it|this|one|the \w+(?: \w+)?)"
        r"|what (?:will|would|do|are) you (?:going to |gonna )?(?:do|doing|use|using|need)"
        r" (?:it|that|this|with it|with that|with this|it for|that for|this for|with my \w+(?: \w+)?"
        r"|my \w+(?: \w+)? for)"
        r"|what happens (?:with|to) (?:it|that|this)|what does (?:it|that) matter|does (?:it|that) matter"
        r"|i (?:dont|do not|didnt|did not)"
        r" (?:get it|get that|understand(?: you| that| this| the question| what you mean)?)"
        r"|can you explain(?: that| this| it)?|explain|what should i (?:say|write|answer|put)(?: here)?"
        r"|who wants to know|why should i(?: tell you)?"
        r"|help|help me|please help|can you help(?: me)?|i need help|is (?:this|that|it) (?:really )?(?:necessary"
        r"|needed))"
    ),
    about_messages=re.compile(
        r"(?:and |but |so |ok )?(?:what (?:kind|sort|type) of (?:e ?mails?|mails?|messages?|marketing|news|things"
        r"|stuff)\b.*"
        r"|how (?:often|many|frequent|frequently)\b.*|what (?:e ?mails?|mails?|messages?)\b.*"
        r"|what (?:will|would|do) you (?:send|write|mail|email)\b.*"
        r"|what (?:is|will be|s|would be) in (?:them|it|those)\b.*"
        r"|can i (?:stop|unsubscribe|cancel|opt out|change)\b.*|is it spam|will you spam me|what if i (?:say )?no\b.*"
        r"|do i have to|what happens if i (?:say )?(?:no|yes|refuse)\b.*)"
    ),
    asking=re.compile(
        r"^\W*(?:(?:and|but|so|ok|okay|hi|hello|hey|please|sorry)\W+)*(?:what|how|who|where|when|why|which|whose|is|are"
        r"|do"
        r"|does|did|can|could|will|would|may|should|has|have|tell me|show me|explain|i (?:want|would like|need) to know"
        r"|i only want to know|i just want to know|i'?d like to know)\b",
        re.IGNORECASE,
    ),
    requesting=re.compile(
        r"^\W*(?:(?:and|but|so|ok|okay|hi|hello|hey|actually|no|well|sorry|please|then)\W+)*(?:please"
        r"|i (?:want|need|would like)|i'?d (?:like|love|rather|prefer)|we (?:want|need)|we'?d like|let me|let'?s"
        r"|give me"
        r"|get me|send me|show me|take me|sign (?:me|us) up|book|schedule|arrange|register|reserve|change my|update my"
        r"|start|help me)\b",
        re.IGNORECASE,
    ),
    stops=said("stop|stopall|stop all|unsubscribe|unsubscribe me|optout|opt out|revoke"),
    stops_by_phone=said("end|quit|cancel"),
    person=said("person|a person|human|a human|agent|operator|real person|a real person"),
    wants_person=re.compile(
        r"\b(?:i (?:want|need|would like|wanna|prefer)|id (?:like|rather|prefer)|can i|could i|may i|let me)"
        r"(?: please| just| rather| really| first)*(?: to)? (?:talk|speak|chat) (?:to|with)"
        r" (?:an? |the |my |one of your )?(?:real |live |actual )?(?:person|human|human being|someone|somebody|agent"
        r"|colleague|colleagues|representative|rep|account manager|manager|operator|advisor|employee)"
        r"(?: (?:now|please|instead|first|today|right now|here|directly|thanks))*$"
    ),
    names_person=re.compile(
        r"\b(?:humans?|persons?|people|someone|somebody|real|connect|transfer|put me|speak|talk|call me|colleagues?"
        r"|staff)\b"
    ),
    cancels=re.compile(
        r"(?:(?:oh|ok|okay|no|well|sorry|actually|please|ah|hm+|um|wait|you know what|on second thoughts?) )*"
        r"(?:cancel(?: (?:that|this|it|everything|the whole thing))?|never ?mind(?: (?:that|it))?"
        r"|forget (?:it|this|that|about (?:it|that|this)|the whole thing)|drop (?:it|that|this)|abort)"
        r"(?: (?:then|please|thanks|thank you|sorry|after all))*"
    ),
    cancels_named=re.compile(
        r"(?:(?:please|i want to|i would like to|id like to|can you|could you|lets) )*(?:cancel|stop|abort|drop)"
        r" (?:the|this|that|my) (\w+(?: \w+)??)(?: please| now| then| after all)*"
    ),
    goes_on=said("continue|go on|carry on|proceed|next|go ahead|keep going|resume"),
    parting=re.compile(
        r"bye|good ?night|see (?:you|ya)\b|\bcya\b|\bciao\b|farewell|take care|\blater\b|\bgo(?:tta|ing)?\b|\bleav"
        r"|cheers"
        r"|so long|talk soon|\bdone\b|sign(?:ing)? off|\bhave a\b|(?:nice|good|great) (?:day|one|evening|weekend|week)"
        r"|that(?:'?s| is| will be| was) (?:all|it)|tsch|adios|au revoir",
        re.IGNORECASE,
    ),
    ourselves=re.compile(r"\b(?:we|we're|us|our|my)\b", re.IGNORECASE),
    for_people=re.compile(_BOOKED, re.IGNORECASE),
    places=re.compile(r"\b(?:seats?|places?|tickets?|spots?) (?:for|at|in|on)\b", re.IGNORECASE),
)  # fmt: skip
