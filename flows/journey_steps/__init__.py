"""The steps a journey is written in, one model each. What a step does at run time stands in outreach, not here."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from flows.journey_steps.decide import ConsentGate, Experiment, Goal, JourneyBranch, ScoreBranch
from flows.journey_steps.do import AdjustScoreStage, TaskOrNotify, Update, WebhookConnector
from flows.journey_steps.enter import Entry, ManualOrAPI, OnConversationOutcome, OnDate, OnEvent, OnSegment
from flows.journey_steps.leave import Exit
from flows.journey_steps.talk import ALWAYS_POSSIBLE, Call, Converse, ReachOut, Send, Talk
from flows.journey_steps.time import BestTime, WaitEvent, WaitFor, WaitUntil

JourneyStep = Annotated[
    OnEvent
    | OnSegment
    | OnDate
    | OnConversationOutcome
    | ManualOrAPI
    | WaitFor
    | WaitUntil
    | WaitEvent
    | BestTime
    | Send
    | ReachOut
    | Converse
    | Call
    | JourneyBranch
    | ScoreBranch
    | Experiment
    | ConsentGate
    | Update
    | AdjustScoreStage
    | WebhookConnector
    | TaskOrNotify
    | Exit,
    Field(discriminator="step"),
]

__all__ = [
    "ALWAYS_POSSIBLE",
    "AdjustScoreStage",
    "BestTime",
    "Call",
    "ConsentGate",
    "Converse",
    "Entry",
    "Exit",
    "Experiment",
    "Goal",
    "JourneyBranch",
    "JourneyStep",
    "ManualOrAPI",
    "OnConversationOutcome",
    "OnDate",
    "OnEvent",
    "OnSegment",
    "ReachOut",
    "ScoreBranch",
    "Send",
    "Talk",
    "TaskOrNotify",
    "Update",
    "WaitEvent",
    "WaitFor",
    "WaitUntil",
    "WebhookConnector",
]
