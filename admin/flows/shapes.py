"""The API's shapes of editing flows and journeys. Items are named as content is: `library/NAME`, `journeys/NAME`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from admin.api.fields import AnswerShape, Moment, PlainText, RequestShape
from admin.api.versions import Versioned

ItemName = Annotated[str, Field(pattern=r"^(library|journeys)/[a-z][a-z0-9_]{0,59}$", max_length=70)]
StepName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
LanguageName = Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")]
StateName = Annotated[str, Field(pattern=r"^(live|draft|[vr][1-9][0-9]{0,8})$")]
"""A state of an item: what is `live`, the `draft`, the published version `v3`, the saved state `r12` of a draft."""
Kind = Literal["flow", "journey", "patterns"]
Fields = dict[str, Any]


class FlowContent(RequestShape):
    """A flow or journey as data, as its author writes it: also while it has faults.

    `settings` is all of flow.yml or journey.yml but its steps; `wording` is by language and step. `tests` are the test
    conversations beside it. Patterns have wording only. A step has an `id` that no other has.
    """

    settings: Fields = Field(default_factory=dict)
    steps: list[Fields] = Field(default_factory=list, max_length=1_000)
    wording: dict[LanguageName, dict[str, Fields]] = Field(default_factory=dict, max_length=40)
    tests: list[Any] | None = None


class StepPosition(RequestShape):
    """Where a step stands on the canvas."""

    x: float = Field(ge=-1e6, le=1e6, allow_inf_nan=False)
    y: float = Field(ge=-1e6, le=1e6, allow_inf_nan=False)


class FlowNote(AnswerShape):
    """A colleague's comment on a step, or on the whole. It stands beside the content and is never published."""

    id: UUID
    step: str | None
    text: str
    by: str
    at: datetime
    done: bool


class ItemQuery(RequestShape):
    item: ItemName


class StateQuery(RequestShape):
    """`state`: unless given the draft, or what is live where there is none."""

    item: ItemName
    state: StateName | None = None


class DraftMark(AnswerShape):
    """That somebody works on it. `outdated`: another version went live since; `removes`: publishing takes it away."""

    revision: int
    by: str
    at: datetime
    outdated: bool
    removes: bool


class FlowRow(AnswerShape):
    """A flow or journey in the list. `live` is its published version; `problems` counts those of what would be live."""

    item: str
    kind: Kind
    name: str
    title: str
    description: str
    steps: int
    live: int | None
    draft: DraftMark | None
    problems: int
    changed_at: datetime | None
    changed_by: str | None


class FlowList(AnswerShape):
    items: list[FlowRow]


class FlowDocument(Versioned):
    """One state of an item, with layout and comments. `version` is the draft's revision; 0 where there is no draft.

    `content` is null where the draft removes the item.
    """

    item: str
    kind: Kind
    state: str
    live: int | None
    draft: DraftMark | None
    content: FlowContent | None
    layout: dict[str, StepPosition]
    notes: list[FlowNote]


class BeginWish(RequestShape):
    """Begins a draft: of what is live, as a copy of another item, or of a first content that is valid."""

    item: ItemName
    copy_of: ItemName | None = None
    title: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\r\n\x00]*$")] | None = None
    language: LanguageName = "en"


class SaveWish(RequestShape):
    """What the draft is to be. `If-Match` names the revision that was edited, also when it is not the newest."""

    item: ItemName
    content: FlowContent


class SavedDraft(Versioned):
    """The draft as it is now. `merged` names what others changed meanwhile and is in it, too."""

    item: str
    content: FlowContent
    merged: list[str]


class RestoreWish(RequestShape):
    """Has the draft be an earlier state again."""

    item: ItemName
    state: StateName


class StepsMoved(RequestShape):
    """Where steps stand; null forgets one. Steps that are not named stay where they are."""

    item: ItemName
    positions: dict[StepName, StepPosition | None] = Field(max_length=1_000)


class FlowNoteWish(RequestShape):
    item: ItemName
    step: StepName | None = None
    text: Annotated[PlainText, Field(min_length=1, max_length=4_000)]


class FlowNoteChange(RequestShape):
    text: Annotated[PlainText, Field(min_length=1, max_length=4_000)] | None = None
    done: bool | None = None


class PublishedVersion(AnswerShape):
    """A published version. `state` names it for the diff and for restoring."""

    state: str
    number: int
    by: str
    at: datetime
    note: str
    publications: list[int]
    live: bool


class SavedRevision(AnswerShape):
    """A saved state of a draft; the newest are kept."""

    state: str
    revision: int
    by: str
    at: datetime


class FlowHistory(AnswerShape):
    versions: list[PublishedVersion]
    revisions: list[SavedRevision]


class DiffQuery(RequestShape):
    item: ItemName
    before: StateName = "live"
    after: StateName = "draft"


class FieldChange(AnswerShape):
    field: str
    before: Any
    after: Any


class PartChange(AnswerShape):
    """What became of a step, of its words in a language, of a slot, a setting or the tests."""

    part: Literal["setting", "slot", "step", "wording", "tests"]
    name: str
    language: str | None
    change: Literal["added", "removed", "changed", "moved"]
    fields: list[FieldChange]


class FlowDiff(AnswerShape):
    item: str
    before: str
    after: str
    parts: list[PartChange]
    words: list[str]


class ProblemsQuery(RequestShape):
    """`item`: only its problems; unless given those of everything."""

    item: ItemName | None = None


class FlowProblem(AnswerShape):
    """Something the checker says. `field` is where in the step, or in the settings, as `no_reply_after.to`.

    `language` is set where it is in the wording. `item` is null for what belongs to no flow or journey.
    """

    item: str | None
    step: str | None
    field: str | None
    language: str | None
    rule: str
    problem: str
    remedy: str
    file: str
    line: int


class FlowProblems(AnswerShape):
    items: list[FlowProblem]


class StepKind(AnswerShape):
    """A kind of step: its JSON Schema (2020-12), with what each field means.

    `says`: whether it needs wording. `wording` are the parts of wording that it can have; `leads` the fields, as paths,
    that name a step to go to. `ends`, `enters`: whether a flow ends with it, a journey begins with it.
    """

    model_config = ConfigDict(frozen=True, serialize_by_alias=True)

    kind: str
    title: str
    description: str
    group: str
    schema_: dict[str, Any] = Field(serialization_alias="schema")
    says: Literal["must", "may", "never"]
    wording: list[str]
    leads: list[str]
    falls_through: bool
    ends: bool
    enters: bool
    example: str | None


class StepKinds(AnswerShape):
    """The kinds of steps of flows and of journeys, and the schemas of what stands beside the steps.

    A schema refers to `#/$defs/…`, which stand in `definitions` once for all of them.
    """

    flow: list[StepKind]
    journey: list[StepKind]
    flow_settings: dict[str, Any]
    journey_settings: dict[str, Any]
    flow_wording: dict[str, Any]
    journey_wording: dict[str, Any]
    definitions: dict[str, Any]


class NamedChoice(AnswerShape):
    name: str
    title: str


class FlowNames(AnswerShape):
    """What steps may name: for the pickers of the editor."""

    flows: list[NamedChoice]
    journeys: list[NamedChoice]
    outcomes: list[NamedChoice]
    intents: list[str]
    teams: list[str]
    segments: list[str]
    events: list[str]
    scores: list[str]
    connectors: list[str]
    calendars: list[str]
    languages: list[str]
    channels: list[str]
    patterns: list[str]
    default_language: str
    entry_flow: str


class WordingPreviewWish(RequestShape):
    """A step with its words in one language, as they stand in the editor, saved or not."""

    language: LanguageName
    step: Fields
    wording: Fields


class ShownButton(AnswerShape):
    value: str
    label: str


class ChannelRendering(AnswerShape):
    """What one channel shows or says. `segments` and `alphabet` are those of the texts as SMS, else null."""

    channel: str
    texts: list[str]
    spoken: list[str]
    buttons: list[ShownButton]
    keys: dict[str, str]
    segments: int | None
    alphabet: Literal["GSM-7", "UCS-2"] | None
    characters: int


class WordingPreview(AnswerShape):
    renderings: list[ChannelRendering]


class Starts(RequestShape):
    """Opens the talk, with the flow of the wish."""

    kind: Literal["start"]


class Writes(RequestShape):
    kind: Literal["text"]
    text: Annotated[PlainText, Field(max_length=4_000)]


class Taps(RequestShape):
    """Taps a choice of the open question, by value."""

    kind: Literal["tap"]
    value: Annotated[PlainText, Field(max_length=200)]


class SendsFile(RequestShape):
    kind: Literal["file"]
    name: Annotated[PlainText, Field(min_length=1, max_length=200)]


class Waits(RequestShape):
    """Says nothing for so long; what times out meanwhile happens."""

    kind: Literal["wait"]
    seconds: int = Field(ge=1, le=31_536_000)


class CallsBack(RequestShape):
    """Another system calls back for the step that waits."""

    kind: Literal["callback"]
    body: Fields


Act = Annotated[Starts | Writes | Taps | SendsFile | Waits | CallsBack, Field(discriminator="kind")]


class SimulationWish(RequestShape):
    """What the person does next in a talk with the drafts. `talk` is what the last answer gave; null at the beginning.

    `item` is the flow that the talk opens with. `known` are facts of the contact by slot. All but `act` and `talk`
    counts only at the beginning.
    """

    item: ItemName
    act: Act
    talk: Annotated[PlainText, Field(max_length=400_000)] | None = None
    channel: Literal["web", "email", "sms", "telegram", "voice"] = "web"
    language: LanguageName | None = None
    known: Fields = Field(default_factory=dict)


class SimulatedReply(AnswerShape):
    """A message of the bot, and what each channel makes of it. `step` is `flow/step`."""

    step: str | None
    text: str
    input: str | None
    choices: list[ShownButton]
    notice: str | None
    renderings: list[ChannelRendering]


class SimulatedTimer(AnswerShape):
    """What happens if the person stays silent."""

    kind: Literal["no_reply", "timed_out"]
    step: str
    seconds: int


class WalkedEdge(AnswerShape):
    """A way that was taken; `to` is null where the flow ended."""

    flow: str
    step: str
    to: str | None


class SimulatedNeed(AnswerShape):
    """What a step would have asked of other systems; it was not really asked."""

    need: str
    step: str
    what: dict[str, Any]


class Simulation(AnswerShape):
    """What came of it. `stands_on` is `flow/step`, of the step to light; null where nothing is asked.

    `walked` are the ways that were taken. `problems` counts what the checker says of the flow: a talk may go on in
    spite of it, as long as what is said can be said.
    """

    talk: str
    replies: list[SimulatedReply]
    stands_on: str | None
    ended: str | None
    acted_as: str
    timer: SimulatedTimer | None
    slots: dict[str, Any]
    effects: list[dict[str, Any]]
    needs: list[SimulatedNeed]
    walked: list[WalkedEdge]
    now: datetime
    problems: int


class PlaceWish(RequestShape):
    """Where people on a step of a journey that is removed go on; without `journey` in each that removes such a step."""

    step: StepName
    to: StepName
    journey: StepName | None = None


class PublishWish(RequestShape):
    """`items`: the drafts to publish; all, unless given. `only_try`: does everything but going live."""

    items: list[ItemName] | None = Field(default=None, min_length=1, max_length=200)
    note: Annotated[PlainText, Field(max_length=1_000)] = ""
    replay: int = Field(default=50, ge=0, le=1_000)
    strict_replay: bool = False
    force: bool = False
    places: list[PlaceWish] = Field(default_factory=list, max_length=200)
    only_try: bool = False


class RollbackWish(RequestShape):
    """Back to a whole publication, or, with `item` and `version`, of one item only."""

    publication: int | None = Field(default=None, ge=1, le=2**31 - 1)
    item: ItemName | None = None
    version: int | None = Field(default=None, ge=1, le=2**31 - 1)
    note: Annotated[PlainText, Field(max_length=1_000)] = ""


class ItemChanges(AnswerShape):
    item: str
    words: list[str]


class TestFailure(AnswerShape):
    flow: str
    name: str
    line: int
    problem: str


class TestsReport(AnswerShape):
    conversations: int
    failures: list[TestFailure]


class ReplayDifference(AnswerShape):
    """A real conversation that would end otherwise."""

    conversation_id: UUID
    before: str
    after: str


class ReplayReport(AnswerShape):
    """`same_by_construction`: nothing changed that an answer is read from, so none had to be replayed."""

    conversations: int
    same_by_construction: bool
    differences: list[ReplayDifference]


class ImpactPlace(AnswerShape):
    """People in mid-flow on `step`, and where they land, with how many; an empty name means nowhere."""

    step: str
    change: Literal["removed", "changed", "same"]
    people: int
    lands: dict[str, int]


class ImpactReport(AnswerShape):
    people: int
    sampled: int
    places: list[ImpactPlace]
    unknown: str | None


class PublishReport(AnswerShape):
    """What the checks came to; null where they were not made."""

    changes: list[ItemChanges]
    tests: TestsReport | None
    replay: ReplayReport | None
    impact: ImpactReport
    trained: bool
    seconds: dict[str, float]


class StrandedStep(AnswerShape):
    """People on a step of a journey that is removed, of whom it must be said where they go on."""

    journey: str
    step: str
    people: int
    nearest: str | None
    steps: list[str]


class PublishJob(AnswerShape):
    """A publishing that was asked for. `lines` say what was done so far.

    `refused`: what is live stays, and `problem` says why, with `faults`, a `report` or the `stranded` steps where those
    are the reason. `failed`: it broke off; it may be asked for again.
    """

    id: UUID
    kind: Literal["try", "publish", "rollback"]
    status: Literal["waiting", "running", "done", "refused", "failed"]
    lines: list[str]
    code: str | None
    problem: str | None
    faults: list[FlowProblem]
    stranded: list[StrandedStep]
    report: PublishReport | None
    publication: int | None
    unchanged: bool
    by: str
    asked_at: datetime
    began_at: datetime | None
    ended_at: datetime | None


class PublishJobs(AnswerShape):
    items: list[PublishJob]


class PublicationsQuery(RequestShape):
    """`before`: the number from which the page goes back."""

    before: int | None = Field(default=None, ge=1, le=2**31 - 1)
    limit: int = Field(default=50, ge=1, le=200)


class PublicationQuery(RequestShape):
    publication: int = Field(ge=1, le=2**31 - 1)


class PublicationRow(AnswerShape):
    publication: int
    by: str
    at: datetime | None
    note: str
    rollback_of: int | None
    live: bool
    items: dict[str, int]


class PublicationPage(AnswerShape):
    """`next`: what to ask with `before` for those before these."""

    items: list[PublicationRow]
    next: int | None


class PublicationDetail(AnswerShape):
    publication: PublicationRow
    report: PublishReport


class DropOffQuery(RequestShape):
    """`since` is counted in, `until` is not; the last 30 days, unless given."""

    item: ItemName
    since: Moment | None = None
    until: Moment | None = None


class StepFigures(AnswerShape):
    """`arrived`: talks that came to the step. `stopped`: those that went no further. `ended`: the flow was over there.

    `median_seconds`: from coming to the step to going on.
    """

    step: str
    arrived: int
    stopped: int
    ended: int
    median_seconds: float | None


class EdgeFigures(AnswerShape):
    """`talks` that went this way, `share` of those that came to `step`."""

    step: str
    to: str
    talks: int
    share: float
    median_seconds: float | None


class DropOff(AnswerShape):
    """Figures of real talks with a flow over a period. `talks`: those that came to any of its steps."""

    item: str
    since: datetime
    until: datetime
    talks: int
    steps: list[StepFigures]
    edges: list[EdgeFigures]
