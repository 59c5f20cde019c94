"""Understanding: knowledge index, gaps, proposals, opt-outs to be looked at"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import VECTOR
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Vectors of another length than this have no index: an index needs one length.
_NEAREST = """
CREATE INDEX ix_knowledge_passages_embedding ON knowledge_passages
USING hnsw ((embedding::vector(384)) vector_cosine_ops)
WHERE live AND vector_dims(embedding) = 384
"""


def upgrade() -> None:
    _create_vector_extension()
    op.create_table(
        "knowledge_articles",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("intent", sa.Text(), nullable=True),
        sa.Column("live", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("encoder", sa.Text(), nullable=True),
        sa.Column("indexed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_knowledge_articles")),
    )
    op.create_index(
        "ix_knowledge_articles_live", "knowledge_articles", ["file"], unique=False, postgresql_where=sa.text("live")
    )
    op.create_table(
        "understanding_proposals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("texts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("message_ids", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("status", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("based_on", sa.BigInteger(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("publication", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("kind in ('intent','article')", name=op.f("ck_understanding_proposals_kind")),
        sa.CheckConstraint(
            "status in ('waiting','measuring','ready','failed','accepted','rejected')",
            name=op.f("ck_understanding_proposals_status"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_understanding_proposals")),
    )
    op.create_index("ix_understanding_proposals_created_at", "understanding_proposals", ["created_at"], unique=False)
    op.create_table(
        "knowledge_passages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("article_sha256", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="passage", nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("heading", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("search", postgresql.TSVECTOR(), nullable=False),
        sa.Column("live", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("encoder", sa.Text(), nullable=True),
        sa.Column("embedding", VECTOR(), nullable=True),
        sa.ForeignKeyConstraint(
            ["article_sha256"],
            ["knowledge_articles.sha256"],
            name=op.f("fk_knowledge_passages_article_sha256_knowledge_articles"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_passages")),
        sa.UniqueConstraint("article_sha256", "number", name=op.f("uq_knowledge_passages_article_sha256_number")),
    )
    op.create_index(
        "ix_knowledge_passages_search",
        "knowledge_passages",
        ["search"],
        unique=False,
        postgresql_using="gin",
        postgresql_where=sa.text("live"),
    )
    op.create_table(
        "opt_out_reviews",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("scope", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("consent_event_id", sa.Uuid(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("reviewed_by", sa.Text(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status in ('open','confirmed','reversed')", name=op.f("ck_opt_out_reviews_status")),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_opt_out_reviews_contact_id_contacts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opt_out_reviews")),
        sa.UniqueConstraint("message_id", name=op.f("uq_opt_out_reviews_message_id")),
    )
    op.create_index(
        "ix_opt_out_reviews_open",
        "opt_out_reviews",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_table(
        "understanding_gap_groups",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("example_message_id", sa.Uuid(), nullable=True),
        sa.Column("nearest_intent", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["example_message_id"],
            ["messages.id"],
            name=op.f("fk_understanding_gap_groups_example_message_id_messages"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_understanding_gap_groups")),
    )
    op.create_table(
        "understanding_gaps",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("intent", sa.Text(), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("encoder", sa.Text(), nullable=True),
        sa.Column("embedding", VECTOR(), nullable=True),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("reason in ('missed','clarified','below_bar')", name=op.f("ck_understanding_gaps_reason")),
        sa.CheckConstraint("status in ('open','used','dismissed')", name=op.f("ck_understanding_gaps_status")),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["understanding_gap_groups.id"],
            name=op.f("fk_understanding_gaps_group_id_understanding_gap_groups"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_understanding_gaps_message_id_messages"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_understanding_gaps")),
    )
    op.create_index("ix_understanding_gaps_group_id", "understanding_gaps", ["group_id"], unique=False)
    op.create_index(
        "ix_understanding_gaps_open",
        "understanding_gaps",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("status = 'open'"),
    )
    op.execute(_NEAREST)
    op.add_column("conversations", sa.Column("language_from", sa.Text(), server_default="page", nullable=False))
    op.create_check_constraint(
        op.f("ck_conversations_language_from"), "conversations", "language_from in ('page','detected','chosen')"
    )


def _create_vector_extension() -> None:
    """pgvector must be installed on the server; creating it in a database may need a role that is allowed to."""
    connection = op.get_bind()
    if connection.scalar(sa.text("SELECT count(*) FROM pg_extension WHERE extname = 'vector'")):
        return
    if not connection.scalar(sa.text("SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'")):
        raise RuntimeError(
            "The database server has no pgvector (the extension `vector`). Install it there (Debian: "
            "postgresql-<version>-pgvector), then start Parley again."
        )
    try:
        with connection.begin_nested():
            connection.execute(sa.text("CREATE EXTENSION vector"))
    except sa.exc.DBAPIError as error:
        raise RuntimeError(
            "This database role may not create the extension `vector`. Have an administrator run "
            "CREATE EXTENSION vector; in Parley's database, then start Parley again."
        ) from error


def downgrade() -> None:
    raise NotImplementedError("Migrations only go forward: restore a backup instead.")
