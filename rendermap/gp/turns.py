"""Who is next: clients in turn, each with its own jobs in the order they came."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Turns(Generic[T]):
    """What waits, by client; whoever has just been served is asked again after all others."""

    def __init__(self) -> None:
        self._lines: OrderedDict[str, deque[T]] = OrderedDict()

    def __len__(self) -> int:
        return sum(map(len, self._lines.values()))

    def __iter__(self) -> Iterator[T]:
        for line in self._lines.values():
            yield from line

    def of(self, client: str) -> int:
        """How many wait of one client."""
        return len(self._lines.get(client, ()))

    def add(self, client: str, item: T) -> None:
        """Wait behind the client's others."""
        self._lines.setdefault(client, deque()).append(item)

    def take(self) -> T | None:
        """The next, which waits no more; None when nothing waits."""
        if not self._lines:
            return None
        client, line = self._lines.popitem(last=False)
        item = line.popleft()
        if line:
            self._lines[client] = line
        return item

    def remove(self, client: str, item: T) -> bool:
        """Wait no more.  False where it did not wait."""
        line = self._lines.get(client)
        if line is None or item not in line:
            return False
        line.remove(item)
        if not line:
            del self._lines[client]
        return True
