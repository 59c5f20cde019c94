"""One `parley up` to a data folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.data_folder import DataFolderInUse, hold_data_folder


def test_a_second_one_on_the_same_folder_is_refused_and_told_what_to_do(tmp_path: Path) -> None:
    with (
        hold_data_folder(tmp_path / "var"),
        pytest.raises(DataFolderInUse, match="PARLEY_DATA_DIR"),
        hold_data_folder(tmp_path / "var"),
    ):
        pass


def test_the_folder_can_be_had_again_afterwards_and_beside_another(tmp_path: Path) -> None:
    with hold_data_folder(tmp_path / "var"), hold_data_folder(tmp_path / "other"):
        pass
    with hold_data_folder(tmp_path / "var"):
        assert (tmp_path / "var").is_dir()
