"""Users and power: roles, second steps, API tokens, idempotency keys, the audit log

What is added to old tables may be null or has a default: the release before it goes on signing people in.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_JSON = postgresql.JSONB(astext_type=sa.Text())
_TEXTS = postgresql.ARRAY(sa.Text())
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.drop_constraint("ck_admin_users_role", "admin_users")
    op.alter_column("admin_users", "password_hash", nullable=True)
    op.add_column("admin_users", sa.Column("version", sa.BigInteger(), server_default="1", nullable=False))
    op.add_column("admin_users", sa.Column("deactivated_at", _MOMENT, nullable=True))
    op.add_column("admin_sessions", sa.Column("way", sa.Text(), server_default="password", nullable=False))
    op.add_column("admin_sessions", sa.Column("browser", sa.Text(), server_default="", nullable=False))
    op.add_column("admin_sessions", sa.Column("seen_at", _MOMENT, nullable=True))
    _create_power()
    _create_ways_in()
    _create_commands()
    _create_audit()


def _create_power() -> None:
    op.create_table(
        "admin_roles",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("permissions", _TEXTS, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_roles")),
        sa.UniqueConstraint("name", name=op.f("uq_admin_roles_name")),
    )
    op.create_table(
        "admin_invitations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        _user_key("admin_invitations", "invited_by"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_invitations")),
        sa.UniqueConstraint("email", name=op.f("uq_admin_invitations_email")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_admin_invitations_token_sha256")),
    )
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("permissions", _TEXTS, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("last_used_at", _MOMENT, nullable=True),
        sa.Column("revoked_at", _MOMENT, nullable=True),
        _user_key("api_tokens"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_api_tokens_token_sha256")),
    )
    op.create_index("ix_api_tokens_user_id", "api_tokens", ["user_id"])


def _create_ways_in() -> None:
    op.create_table(
        "admin_password_resets",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        _user_key("admin_password_resets"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_admin_password_resets")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_admin_password_resets_token_sha256")),
    )
    op.create_table(
        "admin_code_apps",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("confirmed_at", _MOMENT, nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=True),
        _user_key("admin_code_apps"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_admin_code_apps")),
    )
    op.create_table(
        "admin_recovery_codes",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("code_sha256", sa.LargeBinary(), nullable=False),
        _user_key("admin_recovery_codes"),
        sa.PrimaryKeyConstraint("user_id", "code_sha256", name=op.f("pk_admin_recovery_codes")),
    )
    op.create_table(
        "admin_passkeys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("used_at", _MOMENT, nullable=True),
        _user_key("admin_passkeys"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_passkeys")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_admin_passkeys_credential_id")),
    )
    op.create_index("ix_admin_passkeys_user_id", "admin_passkeys", ["user_id"])
    op.create_table(
        "admin_answered_challenges",
        sa.Column("challenge", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("challenge", name=op.f("pk_admin_answered_challenges")),
    )
    op.create_table(
        "admin_provider_identities",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        _user_key("admin_provider_identities"),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_admin_provider_identities")),
    )
    op.create_index("ix_admin_provider_identities_user_id", "admin_provider_identities", ["user_id"])


def _create_commands() -> None:
    op.create_table(
        "idempotent_commands",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("caller_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("begun_at", _MOMENT, nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("key_id", sa.Text(), nullable=True),
        sa.CheckConstraint("state in ('begun','done','answered')", name=op.f("ck_idempotent_commands_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotent_commands")),
        sa.UniqueConstraint("caller_id", "key", name=op.f("uq_idempotent_commands_caller_id_key")),
    )
    op.create_index("ix_idempotent_commands_begun_at", "idempotent_commands", ["begun_at"])


def _create_audit() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("schema_version", sa.BigInteger(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("token_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=True),
        sa.Column("details_sha256", sa.Text(), nullable=True),
        sa.Column("prev_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.CheckConstraint("author in ('user','token','command_line','nobody')", name=op.f("ck_audit_entries_author")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_entries")),
        sa.UniqueConstraint("id", name=op.f("uq_audit_entries_id")),
        sa.UniqueConstraint("hash", name=op.f("uq_audit_entries_hash")),
        sa.UniqueConstraint("prev_hash", name=op.f("uq_audit_entries_prev_hash")),
    )
    op.create_index("ix_audit_entries_at", "audit_entries", ["at", "id"])
    op.create_index("ix_audit_entries_user_id_at", "audit_entries", ["user_id", "at"])
    op.create_index("ix_audit_entries_subject", "audit_entries", ["subject_kind", "subject_id", "at"])
    op.execute(
        "CREATE TRIGGER audit_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries "
        "FOR EACH STATEMENT EXECUTE FUNCTION parley_refuse_change()"
    )
    op.create_table(
        "audit_details",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("salt", sa.Text(), nullable=False),
        sa.Column("before", _JSON, nullable=True),
        sa.Column("after", _JSON, nullable=True),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["audit_entries.id"], name=op.f("fk_audit_details_entry_id_audit_entries")
        ),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_audit_details")),
    )
    op.create_index("ix_audit_details_contact_id", "audit_details", ["contact_id"])
    op.create_index("ix_audit_details_at", "audit_details", ["at"])


def _user_key(table: str, column: str = "user_id") -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_admin_users")
    return sa.ForeignKeyConstraint([column], ["admin_users.id"], name=name, ondelete="CASCADE")


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward: restore a backup instead.")
