"""The application around the front ends."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI, Request

from rendermap.app import Forwarding
from rendermap.frontends.links import link

PROXIED = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "maps.example.org", "X-Forwarded-Prefix": "/gis"}


async def told(peer: str, headers: dict[str, str]) -> str:
    """The link a client behind peer is given."""
    app = FastAPI()

    @app.get("/where")
    async def where(request: Request) -> str:
        return link(request, "xyz", "Demo")

    forwarding = Forwarding(app, "127.0.0.1, 10.0.0.0/8")
    transport = httpx.ASGITransport(forwarding, client=(peer, 1234))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://inner:8080") as client:
        return str((await client.get("/where", headers=headers)).json())


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("peer", "headers", "link"),
    [
        ("127.0.0.1", PROXIED, "https://maps.example.org/gis/xyz/Demo"),
        ("10.1.2.3", PROXIED, "https://maps.example.org/gis/xyz/Demo"),
        ("192.0.2.9", PROXIED, "http://inner:8080/xyz/Demo"),
        ("127.0.0.1", {"X-Forwarded-Host": "maps.example.org, inner"}, "http://maps.example.org/xyz/Demo"),
        ("127.0.0.1", {"X-Forwarded-Host": 'x"><script>'}, "http://inner:8080/xyz/Demo"),
        ("127.0.0.1", {"X-Forwarded-Prefix": "//evil.example"}, "http://inner:8080/xyz/Demo"),
    ],
)
async def test_links_follow_what_trusted_proxies_say(peer: str, headers: dict[str, str], link: str) -> None:
    """Address, scheme and prefix come from trusted proxies only, and only where they look like what they should be."""
    assert await told(peer, headers) == link
