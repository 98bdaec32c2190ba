"""Style documents: no more is read than may be, and no more is told than people read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from rendermap.errors import StyleInvalid
from rendermap.limits import STYLE_BYTES
from rendermap.symbology import document
from rendermap.symbology.document import MOST_NOTES, Node, parse_document, read_document
from rendermap.symbology.xml_document import XmlNode, parse_xml, read_xml


@pytest.mark.parametrize("read", [read_document, read_xml])
def test_files_that_say_they_are_small(read: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch) -> None:
    """The bytes that are read count, not the size that a file tells beforehand."""
    monkeypatch.setattr(document, "STYLE_BYTES", replace(STYLE_BYTES, value=10))
    grown = Path("/proc/self/status")
    assert grown.stat().st_size == 0
    with pytest.raises(StyleInvalid) as caught:
        read(grown)
    assert "At most 10 bytes" in caught.value.sentence and str(grown) in str(caught.value.reason)


def test_of_a_key_that_stands_twice_the_last_counts() -> None:
    """As in every reader of JSON that these files are made for (D9): a style is drawn by one of the two, never by both."""
    assert parse_document(b'{"type": "a", "type": "b"}').type == "b"


@pytest.mark.parametrize("node", [Node({}, "$"), parse_xml(b"<a/>")])
def test_warnings_are_few_and_each_is_given_once(node: Node | XmlNode) -> None:
    """Of a document that is all wrong the first warnings are kept, and one that tells that there are more."""
    for _ in range(2):
        for i in range(100_000):
            node.warn(f"{i}", "nothing")
    assert [note.found for note in node.notes[:-1]] == [str(i) for i in range(MOST_NOTES)]
    assert "more" in node.notes[-1].found and len(node.notes) == MOST_NOTES + 1
