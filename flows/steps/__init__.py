"""The steps a flow is written in, one model each. What a step does at run time stands in the bot, not here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from flows.steps.ask import (
    AskChoice,
    AskDate,
    AskEmail,
    AskFile,
    AskNumber,
    AskPhone,
    AskText,
    Rating,
)
from flows.steps.base import Closing, Next, NoReply, Option, Question, StepBase, Waiting
from flows.steps.consent import AskConsent, CheckConsent, Preferences
from flows.steps.decide import Branch, Outcomes, Points, Qualify, SetSlot, Split
from flows.steps.do import BookMeeting, ConnectorCall, Http, StartJourney, Tag, TagStage, WaitCallback
from flows.steps.move import CallFlow, End, Handoff, Jump, MoveChannel, Return
from flows.steps.say import AINotice, CardList, Media, Message
from flows.steps.understand import AnswerKB, Extract, IntentRoute

Step = Annotated[
    Message
    | Media
    | CardList
    | AINotice
    | AskChoice
    | AskText
    | AskEmail
    | AskPhone
    | AskNumber
    | AskDate
    | AskFile
    | Rating
    | AskConsent
    | CheckConsent
    | Preferences
    | IntentRoute
    | Extract
    | AnswerKB
    | Branch
    | Split
    | SetSlot
    | Qualify
    | Http
    | WaitCallback
    | TagStage
    | BookMeeting
    | StartJourney
    | CallFlow
    | Return
    | Jump
    | Handoff
    | MoveChannel
    | End,
    Field(discriminator="step"),
]

__all__ = [
    "AINotice",
    "AnswerKB",
    "AskChoice",
    "AskConsent",
    "AskDate",
    "AskEmail",
    "AskFile",
    "AskNumber",
    "AskPhone",
    "AskText",
    "BookMeeting",
    "Branch",
    "CallFlow",
    "CardList",
    "CheckConsent",
    "Closing",
    "ConnectorCall",
    "End",
    "Extract",
    "Handoff",
    "Http",
    "IntentRoute",
    "Jump",
    "Media",
    "Message",
    "MoveChannel",
    "Next",
    "NoReply",
    "Option",
    "Outcomes",
    "Points",
    "Preferences",
    "Qualify",
    "Question",
    "Rating",
    "Return",
    "SetSlot",
    "Split",
    "StartJourney",
    "Step",
    "StepBase",
    "Tag",
    "TagStage",
    "WaitCallback",
    "Waiting",
    "compile_step",
]


def compile_step(step: StepBase, options: tuple[Option, ...]) -> Mapping[str, Any]:
    """Give the step as the bot reads it, with where it goes next spelled out."""
    fields = step.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"id", "next"})
    if isinstance(step, SetSlot):
        fields["value"] = step.value  # null means something here: it forgets
    return fields | {"next": [option.model_dump(mode="json", by_alias=True, exclude_none=True) for option in options]}
