"""The manual says what the program does."""

from __future__ import annotations

import re
from pathlib import Path

from rendermap.settings import Settings

ROOT = Path(__file__).parents[2]


def test_the_manual_lists_every_setting_and_no_other() -> None:
    """The table of settings in the manual has the program's names and words."""
    listed = dict(re.findall(r"^\| `(\w+)` \| `RENDERMAP_\w+` \| (.*?) \|", (ROOT / "docs/operate.md").read_text(), re.MULTILINE))
    assert listed == {name: field.description for name, field in Settings.model_fields.items()}


def test_links_between_documents_lead_somewhere() -> None:
    """Every relative link in the README and the manual names a file or folder that is there."""
    broken = []
    for page in (ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "SECURITY.md", *(ROOT / "docs").rglob("*.md")):
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
            if not (page.parent / target).exists():
                broken.append(f"{page.name}: {target}")
    assert not broken
