"""What is said where a library of an extra is missing."""

import sys

import pytest

from recordings.errors import RecordingError
from recordings.extras import need_parquet, of_extra


def test_a_library_that_is_missing_is_named_with_what_brings_it() -> None:
    said = r"^a thing is not installed; install it with: pip install 'unisono\[study\]'$"
    with pytest.raises(RecordingError, match=said), of_extra("study", "a thing"):
        import no_such_library  # type: ignore[import-not-found]  # noqa: F401


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(ZeroDivisionError), of_extra("study", "a thing"):
        raise ZeroDivisionError


def test_parquet_without_pyarrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(RecordingError, match="pyarrow is not installed"):
        need_parquet()
