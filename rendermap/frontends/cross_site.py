"""Questions that change something, asked from pages of other sites: no visitor's browser is made to ask them with what it is known by.

Spec: W3C Fetch Metadata Request Headers.  Browsers send them to https and to the machine itself; no page can set them.
"""

from __future__ import annotations

from starlette.requests import Request

from rendermap.errors import NotSupported
from rendermap.frontends.identity import API_KEY_HEADER, BEARER_HEADERS

REFUSED = "Pages of other sites run and cancel tasks by fetch, and without cookies."
_KNOWN_BY = ("cookie", API_KEY_HEADER, *BEARER_HEADERS)


def demand_no_other_site(request: Request, *, is_jsonp: bool) -> None:
    """Raises NotSupported for what a picture, a frame, a form or a link of another site asks, or a script that spends a cookie.

    A fetch may bring a token that its page has; one in a header of anything else has been put there by a proxy.
    is_jsonp: the answer is wanted as a script, which is no fetch either; it is given to who is known by nothing but the address.
    """
    if request.headers.get("sec-fetch-site") != "cross-site":
        return
    if request.headers.get("sec-fetch-mode") == "cors":
        is_good = "cookie" not in request.headers
    else:
        is_script = is_jsonp and request.headers.get("sec-fetch-dest") == "script"
        is_good = is_script and not any(name in request.headers for name in _KNOWN_BY)
    if not is_good:
        raise NotSupported(details=(REFUSED,))
