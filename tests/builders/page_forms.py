"""The forms of pages, as a browser without scripts sends them."""

from __future__ import annotations

from html.parser import HTMLParser


class _Form(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self.offered: dict[str, list[str]] = {}
        self._select = self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        match tag:
            case "input" if told.get("type") != "checkbox" or "checked" in told:
                self.fields.append((told["name"], told.get("value", "")))
            case "select":
                self._select = told["name"]
            case "textarea":
                self._area = told["name"]
                self.fields.append((self._area, ""))
            case "option":
                self._offer(told.get("value", ""), is_chosen="selected" in told)

    def _offer(self, value: str, *, is_chosen: bool) -> None:
        values = self.offered.setdefault(self._select, [])
        values.append(value)
        if is_chosen or len(values) == 1:
            self.fields = [pair for pair in self.fields if pair[0] != self._select] + [(self._select, value)]

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.fields[-1] = (self._area, self.fields[-1][1] + data)


def form_fields(page: str) -> dict[str, str]:
    """What is sent when the button is pressed on a page with one form, empty fields too."""
    return dict(_read(page).fields)


def offered(page: str, name: str) -> list[str]:
    """The values of a choice."""
    return _read(page).offered[name]


def _read(page: str) -> _Form:
    form = _Form()
    form.feed(page[page.index("<form") : page.index("</form>")])
    return form
