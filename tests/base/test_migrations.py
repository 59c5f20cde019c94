"""The migrations and the models say the same."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

import admin.models
import bot.connectors.models
import bot.files.models
import bot.intake.models
import bot.knowledge.models
import bot.models
import bot.publishing.models
import bot.understanding.models
import channels.email.models
import channels.voice.models
import crm.companies.models
import crm.consent.models
import crm.contacts.models
import crm.events.models
import crm.fields.models
import crm.imports.models
import crm.meetings.models
import crm.owners.models
import crm.privacy.models
import crm.resolution.models
import crm.scoring.models
import crm.segments.models
import crm.tasks.models
import crm.timeline.models
import outreach.accounts.models
import outreach.entry_models
import outreach.experiments.models
import outreach.models
from base.database import driver_url
from base.migrate import migrate
from base.tables import Table

ROOMS = (
    admin.models,
    bot.connectors.models,
    bot.files.models,
    bot.intake.models,
    bot.knowledge.models,
    bot.models,
    bot.publishing.models,
    bot.understanding.models,
    channels.email.models,
    channels.voice.models,
    crm.companies.models,
    crm.consent.models,
    crm.contacts.models,
    crm.events.models,
    crm.fields.models,
    crm.imports.models,
    crm.meetings.models,
    crm.owners.models,
    crm.privacy.models,
    crm.resolution.models,
    crm.scoring.models,
    crm.segments.models,
    crm.tasks.models,
    crm.timeline.models,
    outreach.accounts.models,
    outreach.entry_models,
    outreach.experiments.models,
    outreach.models,
)


def test_the_migrated_schema_is_exactly_what_the_models_say(fresh_database_url: str) -> None:
    engine = create_engine(driver_url(fresh_database_url))
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Table.metadata)
    engine.dispose()
    assert [entry for entry in differences if "procrastinate" not in str(entry)] == []


def test_migrating_twice_changes_nothing(fresh_database_url: str) -> None:
    migrate(fresh_database_url)
    migrate(fresh_database_url)
