"""What other rooms may do with contacts. All of it runs in the caller's transaction and never commits."""

from __future__ import annotations

from crm.contacts.identity import (
    Resolved,
    copy_claims,
    list_claims,
    resolve_captured_address,
    speaks_for_contact,
)
from crm.contacts.newcomers import join_newcomer
from crm.contacts.points import (
    Attached,
    attach_address,
    find_contact_by_address,
    has_address,
    read_addresses,
    read_points,
)
from crm.contacts.recognition import Recognised, prove_address, recognise_sender
from crm.contacts.records import (
    create_contact,
    get_contact,
    lock_contact,
    set_fields,
    set_qualification,
    set_stage,
)
from crm.contacts.rotation import reencrypt_addresses, reseal_external_ids
from crm.contacts.tags import change_tags, tag_contact

__all__ = [
    "Attached",
    "Recognised",
    "Resolved",
    "attach_address",
    "change_tags",
    "copy_claims",
    "create_contact",
    "find_contact_by_address",
    "get_contact",
    "has_address",
    "join_newcomer",
    "list_claims",
    "lock_contact",
    "prove_address",
    "read_addresses",
    "read_points",
    "recognise_sender",
    "reencrypt_addresses",
    "reseal_external_ids",
    "resolve_captured_address",
    "set_fields",
    "set_qualification",
    "set_stage",
    "speaks_for_contact",
    "tag_contact",
]
