"""Composition root: settings, app factories, CLI, supervisor. The only room that knows all others."""
