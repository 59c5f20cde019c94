"""The statements that run with every message, built once: building one costs more than running it.

They hold no rule of their own; `bot.claims` and `bot.turns` say what they are for.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    BigInteger,
    Boolean,
    ColumnElement,
    Interval,
    Select,
    Text,
    Uuid,
    all_,
    and_,
    any_,
    bindparam,
    case,
    cast,
    column,
    exists,
    func,
    literal_column,
    not_,
    null,
    or_,
    select,
    table,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert
from sqlalchemy.sql.dml import ReturningUpdate

from base.tables import table_of
from bot.models import Conversation, Message
from bot.presence import PRESENCE_LOCKS

CLAIM = timedelta(seconds=12)
"""How long a turn may take before another process may do it again; longer than `dialogue.TURN_TIMEOUT`."""

LONGEST_DEBOUNCE = 3
"""A text waits for more at most so many times the question's debounce, counted from the first piece."""

STOP_MARK = "stop"
"""In a message's data: an opt-out, which no other message holds up."""

NOTIFY_CHANNEL = "parley_conversation"
"""PostgreSQL channel that carries ids of conversations with something new; never any text."""

_conversations = table_of(Conversation)
_messages = table_of(Message)
_COLUMNS = (
    _conversations.c.id,
    _conversations.c.turn_fence,
    _conversations.c.channel,
    _conversations.c.language,
    _conversations.c.language_from,
    _conversations.c.status,
    _conversations.c.contact_id,
    _conversations.c.time_zone,
    _conversations.c.state,
    _conversations.c.next_seq,
    _conversations.c.debounce_ms,
    _conversations.c.publication,
)
_millisecond: ColumnElement[Any] = literal_column("interval '1 millisecond'", Interval())
# Constants stand in the text: each would be one more parameter to send with every message.
_ZERO: ColumnElement[int] = literal_column("0", BigInteger())
_ONE: ColumnElement[int] = literal_column("1", BigInteger())
_CLAIM: ColumnElement[Any] = literal_column(f"interval '{CLAIM.total_seconds()} seconds'", Interval())
_PENDING: ColumnElement[str] = literal_column("'pending'", Text())
_BOT: ColumnElement[str] = literal_column("'bot'", Text())
_TEXT: ColumnElement[str] = literal_column("'text'", Text())
_VISITOR: ColumnElement[str] = literal_column("'visitor'", Text())
_WEB: ColumnElement[str] = literal_column("'web'", Text())
_NOTHING: ColumnElement[Any] = literal_column("'{}'::jsonb", JSONB())
_STOPS: ColumnElement[Any] = literal_column(f"""'{{"{STOP_MARK}": true}}'::jsonb""", JSONB())
_of_conversation = bindparam("of_conversation", type_=_conversations.c.id.type)
_at = bindparam("at", type_=_messages.c.created_at.type)
_is_free = or_(_conversations.c.turn_claimed_until.is_(None), _conversations.c.turn_claimed_until < func.now())
_FREE: dict[str, ColumnElement[Any]] = {"turn_claimed_until": null(), "turn_claimed_by": null()}
_waits_no_more = or_(_conversations.c.turn_not_before.is_(None), _conversations.c.turn_not_before <= _at)


def _claimed(claims: ColumnElement[bool]) -> dict[str, Any]:
    """What a claim changes in the conversation's row; nothing when it cannot be had."""
    by = bindparam("by", type_=_conversations.c.turn_claimed_by.type)
    return {
        "turn_fence": _conversations.c.turn_fence + case((claims, _ONE), else_=_ZERO),
        "turn_claimed_until": case((claims, func.now() + _CLAIM), else_=_conversations.c.turn_claimed_until),
        "turn_claimed_by": case((claims, by), else_=_conversations.c.turn_claimed_by),
    }


# What is open and nobody answers: under no claim, under one that has run out, or under a dead process's (then with its
# fence). Only who finds the own lock among those that are held takes others for dead. A second attempt, at whichever
# message of the talk, waits until its claim runs out: a message that kills processes must not kill them all in a few
# seconds, nor may processes that are at odds about who lives take it from each other again and again.
_locks = table(
    "pg_locks", *(column(name) for name in ("locktype", "database", "classid", "objid", "objsubid", "granted"))
)
_databases = table("pg_database", column("oid"), column("datname"))
_number = cast(_locks.c.objid, BigInteger())
_living = (
    select(func.array_agg(_number))
    .where(
        _locks.c.locktype == literal_column("'advisory'"),
        _locks.c.database
        == select(_databases.c.oid).where(_databases.c.datname == func.current_database()).scalar_subquery(),
        _locks.c.classid == literal_column(str(PRESENCE_LOCKS)),
        _locks.c.objsubid == literal_column("2"),
        _locks.c.granted,
    )
    .having(func.bool_or(_number == bindparam("judge", type_=BigInteger())))
    .scalar_subquery()
)
_talks_open = (
    select(_messages.c.conversation_id, func.max(_messages.c.turn_attempts).label("attempts"))
    .where(_messages.c.turn_state == _PENDING)
    .group_by(_messages.c.conversation_id)
    .subquery("open_messages")
)
_is_lost = and_(
    _talks_open.c.attempts == _ONE, _conversations.c.turn_claimed_by != all_(cast(_living, ARRAY(BigInteger())))
)
WAITING = (
    select(
        _talks_open.c.conversation_id, case((_is_free, null()), else_=_conversations.c.turn_fence).label("lost_fence")
    )
    .join(_conversations, _conversations.c.id == _talks_open.c.conversation_id)
    .where(or_(_is_free, _is_lost), _waits_no_more)
    .limit(bindparam("most", type_=BigInteger()))
)

_is_still_lost = _conversations.c.turn_fence == bindparam("lost_fence", type_=_conversations.c.turn_fence.type)
_claimable = (
    select(_conversations.c.id, and_(or_(_is_free, _is_still_lost), _waits_no_more).label("free"))
    .where(_conversations.c.id == _of_conversation)
    .with_for_update()
    .cte("claimable")
)
CLAIM_CONVERSATION = (
    update(_conversations)
    .where(_conversations.c.id == _claimable.c.id)
    .values(
        {
            **_claimed(_claimable.c.free),
            "turn_not_before": case((_claimable.c.free, null()), else_=_conversations.c.turn_not_before),
        }
    )
    .returning(*_COLUMNS, _claimable.c.free)
)

_INBOUND = [
    "id", "conversation_id", "seq", "author", "kind", "text", "data", "client_id", "turn_state", "turn_attempts",
    "created_at",
]  # fmt: skip
"""What is stored of a message that is to be answered."""

# A talk and its opening, which waits for its turn or is claimed at once.
_claims_it = bindparam("claims", type_=Boolean())
_begun = (
    insert(_conversations)
    .values(
        {
            **{
                name: bindparam(f"new_{name}", type_=_conversations.c[name].type)
                for name in (
                    "id", "channel", "language", "time_zone", "page_url", "contact_id", "account_id",
                    "contact_point_id",
                )
            },
            "thread": bindparam("new_thread", type_=JSONB(none_as_null=True)),
            "status": literal_column("'open'", Text()),
            "language_from": literal_column("'page'", Text()),
            "next_seq": _ONE,
            "debounce_ms": _ZERO,
            "turn_fence": case((_claims_it, _ONE), else_=_ZERO),
            "turn_claimed_until": case((_claims_it, func.now() + _CLAIM)),
            "turn_claimed_by": case((_claims_it, bindparam("by", type_=_conversations.c.turn_claimed_by.type))),
            "last_message_at": _at,
            "created_at": _at,
        }
    )
    .returning(*_COLUMNS)
    .cte("begun")
)  # fmt: skip
_opening = (
    insert(_messages)
    .from_select(
        _INBOUND,
        select(
            bindparam("opening_id", type_=_messages.c.id.type),
            _begun.c.id,
            _ZERO,
            bindparam("opening_author", type_=Text()),
            bindparam("opening_kind", type_=Text()),
            literal_column("''", Text()),
            bindparam("opening_data", type_=JSONB()),
            bindparam("opening_client_id", type_=_messages.c.client_id.type),
            _PENDING,
            case((_claims_it, _ONE), else_=_ZERO),
            _at,
        ).where(bindparam("opening_kind", type_=Text()).is_not(None)),
        include_defaults=False,
    )
    .returning(_messages.c.id)
    .cte("opening")
)  # fmt: skip
BEGIN = select(_begun, bindparam("opening_id", type_=_messages.c.id.type).label("opening_id")).add_cte(_opening)

# What somebody said, stored, and the conversation claimed for it, in one statement: it is whole or not at all, so it
# needs no transaction around it. A text waits for more when the open question says so, unless it is an opt-out.
_current = (
    select(
        _conversations.c.id,
        _conversations.c.next_seq,
        _conversations.c.debounce_ms,
        _conversations.c.turn_not_before,
        _is_free.label("free"),
        case(
            (_conversations.c.channel == _WEB, bindparam("stops_on_web", type_=Boolean())),
            else_=bindparam("stops_elsewhere", type_=Boolean()),
        ).label("stops"),
    )
    .where(_conversations.c.id == _of_conversation)
    .with_for_update()
    .cte("current")
)
_is_open = and_(_messages.c.conversation_id == _of_conversation, _messages.c.turn_state == _PENDING)
_first_open_at = select(func.min(_messages.c.created_at)).where(_is_open).scalar_subquery()
_debounce = _current.c.debounce_ms * _millisecond
_longest = _current.c.debounce_ms * literal_column(str(LONGEST_DEBOUNCE), BigInteger()) * _millisecond
_new_kind = bindparam("new_kind", type_=_messages.c.kind.type)
_not_before = case(
    (
        and_(_current.c.free, _new_kind == _TEXT, _current.c.debounce_ms > _ZERO, not_(_current.c.stops)),
        func.least(_at + _debounce, func.coalesce(_first_open_at, _at) + _longest),
    ),
    else_=null(),
)
_timed = select(_current, _not_before.label("not_before")).cte("timed")
_planned = select(
    _timed,
    and_(_timed.c.free, func.coalesce(_timed.c.not_before <= _at, true())).label("claims"),
    # A piece that waits is known by the row, which is locked; the others by what was there when the statement began.
    or_(_timed.c.turn_not_before.is_not(None), exists().where(_is_open)).label("others_wait"),
).cte("planned")
_stored = (
    insert(_messages)
    .from_select(
        _INBOUND,
        select(
            bindparam("new_id", type_=_messages.c.id.type),
            _planned.c.id,
            _planned.c.next_seq,
            _VISITOR,
            _new_kind,
            bindparam("new_text", type_=_messages.c.text.type),
            bindparam("new_data", type_=JSONB()).op("||")(
                case((_planned.c.stops, _STOPS), else_=_NOTHING)
            ),
            bindparam("new_client_id", type_=_messages.c.client_id.type),
            _PENDING,
            # Counted before the work starts, so that a message that kills its process is counted too.
            case((and_(_planned.c.claims, not_(_planned.c.others_wait)), _ONE), else_=_ZERO),
            _at,
        ),
        include_defaults=False,
    )
    .on_conflict_do_nothing(index_elements=["conversation_id", "client_id"])
    .returning(_messages.c.id)
    .cte("stored")
)  # fmt: skip
_numbered = (
    update(_conversations)
    # A message that was there before stores nothing, so it must change nothing here either.
    .where(_conversations.c.id == _planned.c.id, exists().select_from(_stored))
    .values(
        {
            **_claimed(_planned.c.claims),
            "turn_not_before": case(
                (_planned.c.claims, null()),
                else_=func.coalesce(_planned.c.not_before, _conversations.c.turn_not_before),
            ),
            "next_seq": _conversations.c.next_seq + _ONE,
            "last_message_at": _at,
        }
    )
    .returning(*_COLUMNS, _conversations.c.turn_not_before, _planned.c.claims, _planned.c.others_wait)
    .cte("numbered")
)
_spoke_last_at = (
    select(_messages.c.created_at)
    .where(_messages.c.conversation_id == _of_conversation, _messages.c.author == _VISITOR)
    .order_by(_messages.c.seq.desc())
    .limit(_ONE)
    .scalar_subquery()
)
STORE_AND_CLAIM = select(_numbered, _spoke_last_at.label("spoke_before_at"))

_earlier = _messages.alias("earlier")
_spoke_before_at = (
    select(_earlier.c.created_at)
    .where(
        _earlier.c.conversation_id == _messages.c.conversation_id,
        _earlier.c.author == _VISITOR,
        _earlier.c.seq < _messages.c.seq,
    )
    .order_by(_earlier.c.seq.desc())
    .limit(_ONE)
    .correlate(_messages)
    .scalar_subquery()
)
_MESSAGE_COLUMNS = (
    _messages.c.id,
    _messages.c.seq,
    _messages.c.kind,
    _messages.c.text,
    _messages.c.data,
    _messages.c.turn_attempts,
    _messages.c.created_at,
    _spoke_before_at.label("spoke_before_at"),
)
_open = select(_messages.c.id).where(_is_open)


def _take_on(open_messages: Select[tuple[UUID]]) -> ReturningUpdate[Any]:
    """Counts an attempt on the oldest of these messages, an opt-out before all others, and gives it."""
    first = open_messages.order_by(
        _messages.c.data.has_key(literal_column(f"'{STOP_MARK}'", Text())).desc(), _messages.c.seq
    ).limit(_ONE)
    counted = update(_messages).where(_messages.c.id == first.scalar_subquery())
    return counted.values(turn_attempts=_messages.c.turn_attempts + _ONE).returning(*_MESSAGE_COLUMNS)


CLAIM_OLDEST = _take_on(_open)
OPEN_AFTER = (
    select(_messages.c.id, _messages.c.seq, _messages.c.kind, _messages.c.text, _messages.c.data)
    .where(_is_open, _messages.c.seq > bindparam("after_seq", type_=_messages.c.seq.type))
    .order_by(_messages.c.seq)
    .limit(50)
)
_of_fence = bindparam("fence", type_=_conversations.c.turn_fence.type)
_count = bindparam("count", type_=_conversations.c.next_seq.type)
_holds = update(_conversations).where(_conversations.c.id == _of_conversation, _conversations.c.turn_fence == _of_fence)
_held = {
    "next_seq": _conversations.c.next_seq + _count,
    "turn_claimed_until": func.now() + _CLAIM,
}
HOLD = _holds.values(_held).returning(*_COLUMNS)
_RESULT: dict[str, ColumnElement[Any]] = {
    "state": func.coalesce(bindparam("new_state", type_=JSONB(none_as_null=True)), _conversations.c.state),
    "publication": func.coalesce(
        bindparam("new_publication", type_=_conversations.c.publication.type), _conversations.c.publication
    ),
    "language": func.coalesce(bindparam("new_language", type_=Text()), _conversations.c.language),
    "language_from": func.coalesce(bindparam("new_language_from", type_=Text()), _conversations.c.language_from),
    "timer": bindparam("new_timer", type_=JSONB(none_as_null=True)),
    "timer_due_at": bindparam("new_timer_due_at", type_=_conversations.c.timer_due_at.type),
    "debounce_ms": bindparam("new_debounce_ms", type_=_conversations.c.debounce_ms.type),
}
HOLD_WITH_RESULT = _holds.values({**_held, **_RESULT}).returning(*_COLUMNS)
KEEP = _holds.values(turn_claimed_until=func.now() + _CLAIM).returning(_conversations.c.id)
FREE = update(_conversations).where(_conversations.c.id == _of_conversation).values(_FREE)
RELEASE = _holds.values(_FREE).returning(_conversations.c.id)
# The end of a turn in one round trip, for who holds the conversation's row: the replies are stored, the message (or the
# pieces of it) is answered, the other processes are told, the next open message is taken on or else the conversation
# is freed.
_of_message = bindparam("of_message", type_=_messages.c.id.type)
_is_answered = _messages.c.id == any_(bindparam("of_pieces", type_=ARRAY(Uuid())))
_answering = (
    update(_messages)
    .where(_is_answered)
    .values(
        turn_state=literal_column("'done'", Text()),
        data=case(
            (_messages.c.id == _of_message, _messages.c.data.op("||")(bindparam("came_to", type_=JSONB()))),
            else_=_messages.c.data,
        ),
    )
)
_TOLD = func.pg_notify(literal_column(f"'{NOTIFY_CHANNEL}'", Text()), bindparam("notice", type_=Text())).label("told")
_answered = _answering.returning(_TOLD).cte("answered")
_taken_on = _take_on(_open.where(not_(_is_answered))).cte("taken_on")
_freed = (
    update(_conversations)
    .where(_conversations.c.id == _of_conversation, ~exists().select_from(_taken_on))
    .values(_FREE)
    .returning(_conversations.c.id)
    .cte("freed")
)
# The conversation is read anew: the turn's effects may have given it a contact or handed it to a person.
_replies = (
    func.jsonb_to_recordset(bindparam("replies", type_=JSONB()))
    .table_valued(column("id", Uuid()), column("seq", BigInteger()), column("text", Text()), column("data", JSONB()))
    .render_derived(name="reply", with_types=True)
)


def _say(replies: Select[Any]) -> CTE:
    """Stores what the bot says: id, conversation, seq, author, kind, text, data and time of each."""
    columns = ["id", "conversation_id", "seq", "author", "kind", "text", "data", "created_at"]
    stored = insert(_messages).from_select(columns, replies, include_defaults=False)
    return stored.returning(_messages.c.id).cte("said")


_said = _say(
    select(_replies.c.id, _of_conversation, _replies.c.seq, _BOT, _TEXT, _replies.c.text, _replies.c.data, _at)
)
FINISH_AND_CLAIM_NEXT = (
    select(*_COLUMNS, *(column.label(f"message_{column.name}") for column in _taken_on.c))
    .join_from(_taken_on, _conversations, _conversations.c.id == _of_conversation)
    .add_cte(_said, _answered, _freed)
)

# The same for a turn that changes nothing but its talk, and needs no transaction around it: one round trip instead of
# four. What came since the claim and was not yet there when the statement began is known by the row, which is locked:
# whoever adds a message that is to be answered numbers it there. Then the talk stays claimed, and is looked at again.
_holding = (
    select(_conversations.c.id, _conversations.c.next_seq)
    .where(_conversations.c.id == _of_conversation, _conversations.c.turn_fence == _of_fence)
    .with_for_update()
    .cte("holding")
)
_answered_alone = _answering.where(exists().select_from(_holding)).returning(_TOLD).cte("answered")
_numbered_replies = (
    func.jsonb_to_recordset(bindparam("replies", type_=JSONB()))
    .table_valued(column("id", Uuid()), column("place", BigInteger()), column("text", Text()), column("data", JSONB()))
    .render_derived(name="reply", with_types=True)
)
_said_alone = _say(
    select(
        _numbered_replies.c.id, _holding.c.id, _holding.c.next_seq + _numbered_replies.c.place, _BOT, _TEXT,
        _numbered_replies.c.text, _numbered_replies.c.data, _at,
    )
    .select_from(_holding.join(_numbered_replies, true()))
)  # fmt: skip
_more_came = or_(
    _holding.c.next_seq != bindparam("claimed_at_seq", type_=_conversations.c.next_seq.type),
    exists().where(_is_open, not_(_is_answered)),
)
_judged = select(_holding, _more_came.label("more_came")).cte("judged")
_ended = (
    update(_conversations)
    .where(_conversations.c.id == _judged.c.id)
    .values(
        {
            **_RESULT,
            "next_seq": _conversations.c.next_seq + _count,
            "turn_claimed_until": case((_judged.c.more_came, func.now() + _CLAIM), else_=null()),
            "turn_claimed_by": case((_judged.c.more_came, _conversations.c.turn_claimed_by), else_=null()),
        }
    )
    .returning(_conversations.c.next_seq, _judged.c.more_came)
    .cte("ended")
)
FINISH_ALONE = select(_ended).add_cte(_said_alone, _answered_alone)
