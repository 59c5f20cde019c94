"""The audit log as a chain that has signed heads, as the consent ledger is one. Signs and checks nothing itself."""

from __future__ import annotations

from admin.audit.models import AuditEntry, AuditHead
from base.errors import ParleyError
from crm.consent.heads import Chain


class AuditLogCutOff(ParleyError):
    """The audit log is not the one whose head was signed before: do not sign it, run `parley audit-log verify`."""

    code = "audit_log_cut_off"
    status = 500


AUDIT_LOG = Chain(
    seq=AuditEntry.seq,
    hash=AuditEntry.hash,
    heads=AuditHead,
    kind="parley-audit-head+jws",
    file="audit-head",
    name="log",
    rows="entries",
    cut_off=AuditLogCutOff,
)
