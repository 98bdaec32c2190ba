"""Credentials: what is good, and that everything else is refused."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import anyio
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from jwt.algorithms import RSAAlgorithm

from rendermap.access import realm
from rendermap.access.doorkeeper import Binding, Credentials, Doorkeeper
from rendermap.access.grant import PUBLIC, UNBOUNDED, Bounds, Link, Operation, Principal, PrincipalKind
from rendermap.access.keyring import KeyRing
from rendermap.access.passwords import TRIES_OF_A_NAME, hash_password
from rendermap.access.realm import ApiKey, LinksDocument, RealmInvalid, User
from rendermap.errors import Broken, Busy, CredentialRefused, NotFound, RendermapError, SignInRequired

OLD, NEW = "an old key of the service", "a new key of the service"
ISSUER, AUDIENCE = "https://login.example/gis", "rendermap"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PRIVATE_PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
PUBLIC_PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
PASSWORD = "correct horse"
EVERYWHERE = Binding()


class Clock:
    """Seconds since 1970, as a test wants them."""

    def __init__(self) -> None:
        self.moment = float(int(time.time()))

    def __call__(self) -> float:
        return self.moment


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """People, a key, and an issuer with an offline key file."""
    realm.write_users(tmp_path, {"anna": User(password=hash_password(PASSWORD), groups=("planners",))})
    realm.write_keys(tmp_path, {"portal": ApiKey(digest=_sha256("rmk_abc"), groups=("portals",))})
    (tmp_path / "gis.pem").write_bytes(PUBLIC_PEM)
    issuer = f'issuer = "{ISSUER}"\naudience = "{AUDIENCE}"\nkeys = "gis.pem"\nname = "preferred_username"\nprefix = "gis:"'
    (tmp_path / "access.toml").write_text(f"[[issuers]]\n{issuer}\n")
    return tmp_path


def _sha256(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()


def who(door: Doorkeeper, **credentials: Any) -> Principal:
    """Who somebody with these credentials is."""
    return anyio.run(door.principal, Credentials(**credentials))


def refusal(door: Doorkeeper, **credentials: Any) -> type[RendermapError] | None:
    """What somebody with these credentials is told instead, None when let in."""
    try:
        who(door, **credentials)
    except RendermapError as error:
        return type(error)
    return None


def bearer(key: Any = KEY, algorithm: str = "RS256", headers: dict[str, Any] | None = None, **claims: Any) -> str:
    """A token of the issuer; claims of None are left out."""
    now = int(time.time())
    said = {"iss": ISSUER, "aud": AUDIENCE, "exp": now + 60, "preferred_username": "anna", "groups": ["planners"]} | claims
    return jwt.encode({name: value for name, value in said.items() if value is not None}, key, algorithm, headers)


# --- the public, and having to sign in ---------------------------------------------------------------------------------------


def test_without_credentials_one_is_the_public(folder: Path) -> None:
    """Counted by the address they come from."""
    door = Doorkeeper(folder, (NEW,), NEW)
    assert who(door) == PUBLIC
    assert who(door, address="10.1.2.3").account == "public:10.1.2.3"


def test_everybody_may_have_to_sign_in(folder: Path) -> None:
    """Then nobody is the public."""
    (folder / "access.toml").write_text('sign_in = "required"\n')
    door = Doorkeeper(folder, (NEW,), NEW)
    assert refusal(door) is SignInRequired
    assert who(door, token="rmk_abc").name == "portal"


# --- bearer tokens of an issuer ----------------------------------------------------------------------------------------------


def test_a_token_of_the_issuer_is_believed(folder: Path) -> None:
    """Name and groups come from its claims, with the issuer's prefix, so that gis:anna is nobody else's anna."""
    principal = who(Doorkeeper(folder, (NEW,), NEW), token=bearer())
    assert (principal.name, principal.kind, principal.groups) == ("gis:anna", PrincipalKind.USER, {"gis:planners"})


def _unsigned() -> str:
    return jwt.encode({"iss": ISSUER, "aud": AUDIENCE, "exp": int(time.time()) + 60, "preferred_username": "anna"}, None, "none")


def _confused() -> str:
    """Signed with HMAC by the public key, which is no secret."""
    import base64
    import hashlib
    import hmac

    def part(value: object) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

    claims = {"iss": ISSUER, "aud": AUDIENCE, "exp": int(time.time()) + 60, "preferred_username": "anna"}
    signed = part({"alg": "HS256", "typ": "JWT"}) + b"." + part(claims)
    return (signed + b"." + base64.urlsafe_b64encode(hmac.digest(PUBLIC_PEM, signed, hashlib.sha256)).rstrip(b"=")).decode()


BAD_TOKENS = {
    "expired by a second": lambda: bearer(exp=int(time.time()) - 1),
    "not yet valid": lambda: bearer(nbf=int(time.time()) + 30),
    "without end": lambda: bearer(exp=None),
    "wrong audience": lambda: bearer(aud="another service"),
    "no audience": lambda: bearer(aud=None),
    "wrong issuer": lambda: bearer(iss="https://login.example/other"),
    "no issuer": lambda: bearer(iss=None),
    "no name": lambda: bearer(preferred_username=None),
    "another key": lambda: bearer(OTHER),
    "another algorithm of the same key": lambda: bearer(algorithm="PS256"),
    "no algorithm": _unsigned,
    "HMAC with the public key": _confused,
    "a key of its own": lambda: bearer(OTHER, headers={"jwk": RSAAlgorithm.to_jwk(OTHER.public_key(), as_dict=True)}),
    "an address of a key": lambda: bearer(OTHER, headers={"jku": "https://evil.example/keys", "x5u": "https://evil.example/x"}),
    "a path as key id": lambda: bearer(OTHER, headers={"kid": "../../etc/passwd"}),
    "changed": lambda: bearer()[:-4] + "AAAA",
    "not a token": lambda: "abc",
    "nothing": lambda: "",
    "very long": lambda: "a" * 100_000,
    "not ASCII": lambda: "rmk_äbc",
}


@pytest.mark.parametrize("make", BAD_TOKENS.values(), ids=BAD_TOKENS)
def test_a_token_that_is_not_good_is_refused(folder: Path, make: Any) -> None:
    """Whatever is wrong with it, and it never makes its bearer the public."""
    assert refusal(Doorkeeper(folder, (NEW,), NEW), token=make()) is CredentialRefused


def test_keys_of_an_issuer_are_fetched_and_changed(tmp_path: Path) -> None:
    """From its address, once; a key that is not known is asked for only so often; while they cannot be had, signing in waits."""
    issuer = f'issuer = "{ISSUER}"\naudience = "{AUDIENCE}"\njwks = "https://login.example/keys"\nname = "preferred_username"'
    (tmp_path / "access.toml").write_text(f"[[issuers]]\n{issuer}\n")
    rows = [RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True) | {"kid": "one", "use": "sig"}]
    rows.append({"kty": "oct", "k": "c2VjcmV0", "kid": "one"})
    asked: list[str] = []

    def fetch(address: str) -> bytes:
        asked.append(address)
        return json.dumps({"keys": rows}).encode()

    door = Doorkeeper(tmp_path, (NEW,), NEW, fetch=fetch)
    assert who(door, token=bearer(headers={"kid": "one"})).name == "anna"
    assert {refusal(door, token=bearer(OTHER, headers={"kid": f"k{n}"})) for n in range(20)} == {CredentialRefused}
    assert asked == ["https://login.example/keys"]

    def gone(address: str) -> bytes:
        raise OSError("no route")

    assert refusal(Doorkeeper(tmp_path, (NEW,), NEW, fetch=gone), token=bearer(headers={"kid": "one"})) is Busy


def test_a_key_file_that_changes_counts_at_once(folder: Path) -> None:
    """The old key is good for nothing then; without the file nobody is."""
    door = Doorkeeper(folder, (NEW,), NEW)
    old, new = bearer(), bearer(OTHER)
    assert (refusal(door, token=old), refusal(door, token=new)) == (None, CredentialRefused)
    (folder / "gis.pem").write_bytes(OTHER.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    assert (refusal(fresh(door), token=old), refusal(door, token=new)) == (CredentialRefused, None)
    (folder / "gis.pem").unlink()
    assert refusal(fresh(door), token=new) is Busy


def test_an_issuer_that_tells_no_keys_is_believed_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that cannot be reached is, by the keys it told last."""
    issuer = f'issuer = "{ISSUER}"\naudience = "{AUDIENCE}"\njwks = "https://login.example/keys"\nname = "preferred_username"'
    (tmp_path / "access.toml").write_text(f"[[issuers]]\n{issuer}\n")
    answers: list[object] = [{"keys": [RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True)]}, OSError("no route"), {"keys": []}]

    def fetch(address: str) -> bytes:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return json.dumps(answer).encode()

    monkeypatch.setattr("rendermap.access.issuers.KEPT_S", -1.0)
    door = Doorkeeper(tmp_path, (NEW,), NEW, fetch=fetch)
    assert [refusal(door, token=bearer(jti=str(n))) for n in range(3)] == [None, None, Busy]


# --- API keys ----------------------------------------------------------------------------------------------------------------


def test_an_api_key_is_good_until_its_end(folder: Path, clock: Clock) -> None:
    """And until it is taken out of its file."""
    realm.write_keys(folder, {"portal": ApiKey(digest=_sha256("rmk_abc"), ends=int(clock.moment) + 10)})
    door = Doorkeeper(folder, (NEW,), NEW, now=clock)
    assert who(door, token="rmk_abc").kind is PrincipalKind.KEY
    assert refusal(door, token="rmk_abd") is CredentialRefused
    clock.moment += 10
    assert refusal(door, token="rmk_abc") is CredentialRefused


# --- tokens of our own people ------------------------------------------------------------------------------------------------


def token_of(door: Doorkeeper, password: str = PASSWORD, name: str = "anna", binding: Binding = EVERYWHERE) -> str:
    """What a person is given for a password."""

    async def ask() -> str:
        return (await door.token_for(name, password, 5, binding, "10.0.0.1")).text

    return anyio.run(ask)


def test_a_password_gives_a_token_that_ends(folder: Path, clock: Clock) -> None:
    """On the very second."""
    door = Doorkeeper(folder, (NEW,), NEW, now=clock)
    token = token_of(door)
    assert who(door, token=token) == Principal("anna", PrincipalKind.USER, frozenset({"planners"}))
    clock.moment += 299
    assert refusal(door, token=token) is None
    clock.moment += 1
    assert refusal(door, token=token) is CredentialRefused


def test_a_token_is_for_where_it_was_made_for(folder: Path) -> None:
    """Another address or another page is refused; a browser that tells no page is not."""
    door = Doorkeeper(folder, (NEW,), NEW)
    bound = token_of(door, binding=Binding(address="10.0.0.1"))
    assert refusal(door, token=bound, address="10.0.0.1") is None
    assert refusal(door, token=bound, address="10.0.0.2") is CredentialRefused
    paged = token_of(door, binding=Binding(referer="https://app.example"))
    assert refusal(door, token=paged, referer="https://app.example") is None
    assert refusal(door, token=paged) is None
    assert refusal(door, token=paged, referer="https://evil.example") is CredentialRefused


def test_a_new_password_or_a_person_gone_ends_all_tokens(folder: Path) -> None:
    """Within a second, without a restart."""
    door = Doorkeeper(folder, (NEW,), NEW)
    token = token_of(door)
    realm.write_users(folder, {"anna": User(password=hash_password("another"))})
    assert refusal(fresh(door), token=token) is CredentialRefused
    realm.write_users(folder, {})
    assert refusal(fresh(door), token=token) is CredentialRefused


def fresh(door: Doorkeeper) -> Doorkeeper:
    """The same, a second later."""
    door._checked = float("-inf")
    return door


def test_what_is_written_while_files_are_read_is_not_overlooked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A right that is taken away in that very moment is gone at the next look."""
    door, read = Doorkeeper(folder, (NEW,), NEW), realm.read_realm
    token = token_of(door)

    def read_slowly(place: Path) -> realm.Realm:
        found = read(place)
        monkeypatch.setattr("rendermap.access.doorkeeper.read_realm", read)
        realm.write_users(folder, {})
        return found

    monkeypatch.setattr("rendermap.access.doorkeeper.read_realm", read_slowly)
    realm.write_keys(folder, {})
    assert refusal(fresh(door), token=token) is None
    assert refusal(fresh(door), token=token) is CredentialRefused


def test_guessing_has_to_wait(folder: Path) -> None:
    """After some tries, for a name that nobody has as well, the right password too."""
    for name in ("anna", "nobody"):
        door = Doorkeeper(folder, (NEW,), NEW)
        for _ in range(TRIES_OF_A_NAME):
            with pytest.raises(CredentialRefused, match=r"Invalid username or password\."):
                token_of(door, "wrong", name)
        with pytest.raises(Busy):
            token_of(door, PASSWORD, name)


# --- signed links ------------------------------------------------------------------------------------------------------------


def link(clock: Clock, **changes: Any) -> Link:
    """A link that is good for ten seconds."""
    now = int(clock.moment)
    given = {"made": now, "starts": now, "ends": now + 10} | changes
    return Link("L1", "Demo", "j1", frozenset({0, 2}), Operation.VIEW, Bounds(5000.0, (1.0, 2.0, 3.0, 4.5)), **given)


def test_a_link_says_signed_what_it_is_for(folder: Path, clock: Clock) -> None:
    """Read back it is the very same."""
    door = Doorkeeper(folder, (NEW,), NEW, now=clock)
    for made in (link(clock), Link("L2", "F/Demo", "j2", None, Operation.DATA, UNBOUNDED, 1, 0, 1 << 40)):
        principal = who(door, link=door.link_token(made))
        assert (principal.link, principal.kind) == (made, PrincipalKind.LINK)


def test_a_link_that_is_not_good_is_unknown(folder: Path, clock: Clock) -> None:
    """Too early, a second too late, changed, signed for something else, of another service's key, revoked: all are told the same."""
    door = Doorkeeper(folder, (NEW,), NEW, now=clock)
    good = door.link_token(link(clock))
    assert refusal(door, link=good) is None
    early, late = door.link_token(link(clock, starts=int(clock.moment) + 1)), door.link_token(link(clock, ends=int(clock.moment)))
    foreign, misused = Doorkeeper(folder, (OLD,), OLD).link_token(link(clock)), KeyRing((NEW,)).sign("token", [1])
    for bad in (early, late, foreign, misused, good[:-2] + "xx", good.upper(), "", "..", "a" * 5000):
        assert refusal(door, link=bad) is NotFound, bad
    clock.moment += 10
    assert refusal(door, link=good) is NotFound


def test_links_are_revoked_one_by_one_or_by_job(folder: Path, clock: Clock) -> None:
    """A link of the job that is made afterwards is good."""
    door = Doorkeeper(folder, (NEW,), NEW, now=clock)
    good = door.link_token(link(clock))
    realm.write_links(folder, LinksDocument(revoked=("L1",)))
    assert refusal(fresh(door), link=good) is NotFound
    realm.write_links(folder, LinksDocument(jobs={"demo/j1": int(clock.moment)}))
    assert refusal(fresh(door), link=good) is NotFound
    clock.moment += 1
    assert refusal(fresh(door), link=door.link_token(link(clock))) is None


def test_keys_are_changed_without_a_gap(folder: Path, clock: Clock) -> None:
    """What an old key signed is good while the key is kept, and refused once it is gone."""
    made = Doorkeeper(folder, (OLD,), OLD, now=clock).link_token(link(clock))
    token = token_of(Doorkeeper(folder, (OLD,), OLD, now=clock))
    both, new = Doorkeeper(folder, (NEW, OLD), NEW, now=clock), Doorkeeper(folder, (NEW,), NEW, now=clock)
    assert refusal(both, link=made) is refusal(both, token=token) is None
    assert refusal(new, link=both.link_token(link(clock))) is None
    assert (refusal(new, link=made), refusal(new, token=token)) == (NotFound, CredentialRefused)


# --- the files ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("access.toml", "sign_in = 'perhaps'"),
        ("access.toml", "not toml"),
        ("access.toml", f"[[issuers]]\nissuer='{ISSUER}'\naudience='a'\nkeys='k'\nalgorithms=['HS256']"),
        ("access.toml", f"[[issuers]]\nissuer='{ISSUER}'\naudience='a'\njwks='http://plain.example/keys'"),
        ("users.json", "{"),
        ("links.json", '{"revoked": 3}'),
        ("secret.key", "short"),
    ],
)
def test_a_file_that_is_not_understood_lets_nobody_in(folder: Path, name: str, text: str) -> None:
    """At the start it is a fault; later everybody waits until it is mended, for it may be what took a right away."""
    (folder / name).write_text(text)
    with pytest.raises(RealmInvalid) as told:
        Doorkeeper(folder, (NEW,), NEW)
    assert name in str(told.value)
    (folder / name).unlink()
    door = Doorkeeper(folder, (NEW,), NEW)
    (folder / name).write_text(text)
    assert refusal(fresh(door), token="rmk_abc") is Broken and not door.is_understood
    assert refusal(door) is Broken
    (folder / name).unlink()
    assert refusal(fresh(door)) is None


def test_what_is_written_is_for_its_owner_alone(folder: Path) -> None:
    """Hashes and keys are nobody else's to read."""
    for name in ("users.json", "keys.json"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600
    assert PASSWORD not in (folder / "users.json").read_text()
