"""`--place` of `parley flows publish` says where people on removed steps go on."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from outreach.removed_steps import Told
from server.flows_publishing import _places, publish


def test_a_place_may_name_its_journey():
    assert _places(("old=new", "rescue:old=new")) == [Told("old", "new"), Told("old", "new", "rescue")]


@pytest.mark.parametrize("written", ["old", "old=", "=new", ":old=new", "rescue:=new"])
def test_a_place_that_is_written_otherwise_is_refused(written):
    done = CliRunner().invoke(publish, ["--place", written])
    assert done.exit_code == 2
    assert "STEP=STEP or JOURNEY:STEP=STEP" in done.output
