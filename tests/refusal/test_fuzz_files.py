"""The short form of `tests.fuzz.files`: a few hundred damaged files against a whole service."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from tests.fuzz.files import case
from tests.fuzz.mutations import damaged, damaged_text
from tests.fuzz.seeds import Seed
from tests.fuzz.trees import damaged_tree


@pytest.mark.slow
def test_damaged_files_cost_their_own_layer_and_tell_nothing() -> None:
    """D3, D4, D9: whatever is damaged, in datasets, layer files, services and documents, the answer is foreseen and tells no path."""
    asked = [sys.executable, "-m", "tests.fuzz.files", "--count", "250", "--seed", "7", "--workers", "2"]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=110, cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "250 files" in done.stdout and "drawn" in done.stdout


def test_the_same_seed_makes_the_same_files() -> None:
    """What was found once can be tried again by its number; other numbers give other files."""
    kinds = {"dataset": "a.tif", "layer file": "a.lyrx", "service": "a.toml", "document": "a.json"}
    seeds = [Seed(kind, name, {name: b'{"a": [1, 2, {"b": "c"}]}' * 9}) for kind, name in kinds.items()]
    made = [case(seeds, 1, number)[1] for number in range(50)]
    assert made == [case(seeds, 1, number)[1] for number in range(50)]
    assert len({repr(files) for files in made}) > 40


def test_damage_is_damage() -> None:
    """Every kind changes something often, and text that is damaged as a tree is still a text of its language."""
    raw, text = bytes(range(256)) * 4, '{"a": [1, 2, {"b": "c"}], "d": "e"}'
    changed = [damaged(Random(n), raw, raw[::-1]) != raw for n in range(200)]
    assert sum(changed) > 180
    assert sum(damaged_text(Random(n), text, text) != text for n in range(200)) > 180
    for name, content in (("a.json", text.encode()), ("a.sld", b"<a b='c'><d>e</d></a>"), ("a.toml", b'a = 1\nb = "c"\n')):
        trees = [damaged_tree(Random(n), name, content) for n in range(100)]
        assert None not in trees and len(set(trees)) > 20
