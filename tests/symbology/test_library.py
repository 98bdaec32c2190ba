"""Styles by file."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rendermap.errors import StyleInvalid
from rendermap.symbology.library import Library
from rendermap.symbology.readers.table import NamedStyle, read_styles
from tests.builders.styles import feature_layer, simple, style_file


def test_read_once_until_the_file_changes(tmp_path: Path) -> None:
    """The very same object while the file stands, a new one when it changes, None without a file."""
    library = Library()
    file = style_file(tmp_path / "a.lyrx", feature_layer(simple(), "one"))
    first = library.style_for(file, None)
    assert first is library.style_for(file, None)
    style_file(file, feature_layer(simple(), "another"))
    os.utime(file, ns=(1, 1))
    second = library.style_for(file, None)
    assert second is not None and second.name == "another"
    assert library.style_for(None, None) is None


def test_layers_by_name(tmp_path: Path) -> None:
    """One of several, without regard to case; a name that is not there is told with those that are."""
    file = style_file(tmp_path / "a.lyrx", feature_layer(simple(), "One"), feature_layer(simple(), "Two"))
    library = Library()
    two = library.style_for(file, "two")
    assert two is not None and two.name == "Two"
    with pytest.raises(StyleInvalid) as caught:
        library.style_for(file, "three")
    assert "'One', 'Two'" in (caught.value.reason or "")


def test_a_file_that_takes_long_to_read_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one reads its new version, others have the old one, and other files' styles at once."""
    library = Library()
    slow, quick = (style_file(tmp_path / name, feature_layer(simple(), name)) for name in ("slow.lyrx", "quick.lyrx"))
    old = library.style_for(slow, None)
    started, done = threading.Event(), threading.Event()

    def read(path: Path) -> tuple[NamedStyle, ...]:
        if path == slow:
            started.set()
            assert done.wait(20)
        return read_styles(path)

    monkeypatch.setattr("rendermap.symbology.library.read_styles", read)
    style_file(slow, feature_layer(simple(), "new"))
    os.utime(slow, (1, 1))
    with ThreadPoolExecutor(1) as others:
        new = others.submit(library.style_for, slow, None)
        assert started.wait(20)
        assert library.style_for(slow, None) is old and library.style_for(quick, None) is not None
        done.set()
        found = new.result(20)
    assert found is not None and found.name == "new" and library.style_for(slow, None) is found


def test_faults_are_remembered_and_mended(tmp_path: Path) -> None:
    """A broken file is broken each time it is asked for, and good as soon as it is mended."""
    library, file = Library(), tmp_path / "a.lyrx"
    with pytest.raises(StyleInvalid):
        library.style_for(file, None)
    file.write_bytes(b"")
    for _ in range(2):
        with pytest.raises(StyleInvalid):
            library.style_for(file, None)
    style_file(file, feature_layer(simple(), "good"))
    good = library.style_for(file, None)
    assert good is not None and good.name == "good"
