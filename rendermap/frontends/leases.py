"""How long what was found about a job is believed: with what a look at it may be old already, half a second.

A lease is what one opening of a map found for a stranger, and so for all of them: no right comes of an address.  While it lasts, pictures
of that map that lie in memory are given without another look at the job's folder.  Before it ends, one question goes the whole way and so
renews it; what it finds counts for all.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from cachetools import LRUCache
from starlette.requests import Request

from rendermap.reply import Picture
from rendermap.request import JobRequest
from rendermap.service import OpenMap, OpenTemplate

LEASE_S = 0.4
RENEWED_S = 0.2
"""Old enough for one question to go the whole way."""

MOST_LEASES = 10_000
_SHOWN = "shown"


@dataclass(frozen=True, slots=True)
class Shown:
    """A map that a stranger was let see.  job: in nobody's name.  picture: what they were given; None when they have that already."""

    job: JobRequest
    opened: OpenMap
    picture: Picture | None


@dataclass(slots=True, eq=False)
class Look:
    """How a job looks to strangers; another object once it looks different.  opened: the last map that looked so."""

    opened: OpenMap


@dataclass(slots=True)
class Lease:
    """began: before the job was looked at, in seconds of a clock that never goes back."""

    opened: OpenMap
    look: Look
    began: float
    is_renewing: bool = False


class Leases:
    """Belongs to one event loop.  now: a clock in seconds that never goes back."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.now = now
        self._looks: LRUCache[JobRequest, Look] = LRUCache(MOST_LEASES)
        self._leases: LRUCache[JobRequest, Lease] = LRUCache(MOST_LEASES)

    def find(self, job: JobRequest) -> Lease | None:
        """The lease of a job; None when there is none, or when this question is the one that is to renew it."""
        lease = self._leases.get(job)
        age_s = self.now() - lease.began if lease else LEASE_S
        if lease is None or age_s >= LEASE_S:
            return None
        if age_s >= RENEWED_S and not lease.is_renewing:
            lease.is_renewing = True
            return None
        return lease

    def renew(self, shown: Shown, began: float) -> Look:
        """Believe what was found by a look that began then, unless a later one has told more."""
        look, known = self._look_of(shown), self._leases.get(shown.job)
        if known is None or known.began < began:
            self._leases[shown.job] = Lease(shown.opened, look, began)
        return look

    def forget(self) -> None:
        """As if all had ended."""
        self._leases.clear()

    def _look_of(self, shown: Shown) -> Look:
        look = self._looks.get(shown.job)
        if look is None or look.opened.appearance != shown.opened.appearance:
            look = self._looks[shown.job] = Look(shown.opened)
        # what is found unchanged next is mostly of the same objects, which are told alike at once
        look.opened = shown.opened
        return look


def note_shown(request: Request, job: JobRequest, opened: OpenMap | OpenTemplate, picture: Picture | None) -> None:
    """The answer shows that map; what only some may see, or is not to be kept, is not noted."""
    is_strangers = job.principal.is_stranger and opened.is_public and opened.is_kept
    if is_strangers and isinstance(opened, OpenMap) and (picture is None or (picture.is_whole and picture.is_kept and picture.is_public)):
        setattr(request.state, _SHOWN, Shown(JobRequest(job.service, job.job_id), opened, picture))


def shown_by(state: dict[str, object]) -> Shown | None:
    """What was noted in the state of a request."""
    shown = state.get(_SHOWN)
    return shown if isinstance(shown, Shown) else None
