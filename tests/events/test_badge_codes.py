"""A badge's code proves itself with the network down; nothing else passes for one."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
import segno
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from events.badge_codes import (
    PREFIX,
    SHORT_ALPHABET,
    BadgeClaim,
    ForgedCode,
    MistypedCode,
    new_key_pair,
    new_token,
    public_key_jwk,
    public_key_of,
    read_short_code,
    short_code,
    sign,
    spaced,
    unverified_claim,
    verify,
)

DAKAR = new_key_pair()
LUXEMBOURG = new_key_pair()
ONDINE = BadgeClaim("DKR05", 17, "00ff00ff00ff00ff", datetime(2005, 11, 27, tzinfo=UTC))
CODE = sign(ONDINE, DAKAR.private)
ALPHANUMERIC = set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

claims = st.builds(
    BadgeClaim,
    edition=st.from_regex(r"[A-Z0-9-]{1,20}", fullmatch=True),
    serial=st.integers(0, 2**32 - 1),
    token=st.binary(min_size=8, max_size=8).map(bytes.hex),
    expires=st.integers(0, 2**32 - 1).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
)


@given(claims)
def test_what_was_signed_is_read_again(claim: BadgeClaim) -> None:
    text = sign(claim, DAKAR.private)
    assert verify(text, DAKAR.public) == unverified_claim(text) == claim
    assert set(text) <= ALPHANUMERIC
    assert len(text) <= 166


def test_a_usual_code_is_one_small_symbol() -> None:
    assert segno.make_qr(CODE, error="m", boost_error=False).designator == "6-M"


def test_the_code_of_another_edition_is_refused_and_can_be_named() -> None:
    foreign = sign(BadgeClaim("LUX13", 17, ONDINE.token, ONDINE.expires), LUXEMBOURG.private)
    with pytest.raises(ForgedCode):
        verify(foreign, DAKAR.public)
    assert unverified_claim(foreign).edition == "LUX13"


def test_a_code_signed_with_another_key_is_refused() -> None:
    with pytest.raises(ForgedCode):
        verify(sign(ONDINE, LUXEMBOURG.private), DAKAR.public)


def test_every_flipped_bit_is_noticed() -> None:
    body = base64.b32decode(_padded(CODE))
    for bit in range(8 * len(body)):
        flipped = bytearray(body)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(ForgedCode):
            verify(PREFIX + base64.b32encode(flipped).decode().rstrip("="), DAKAR.public)


@given(st.integers(0, len(CODE) - 1), st.characters(max_codepoint=0x24F))
def test_every_changed_character_is_noticed(place: int, character: str) -> None:
    changed = CODE[:place] + character + CODE[place + 1 :]
    if changed != CODE:
        with pytest.raises(ForgedCode):
            verify(changed, DAKAR.public)


def test_one_claim_has_one_text() -> None:
    twins = [CODE[:-1] + last for last in BASE32 if base64.b32decode(_padded(CODE[:-1] + last)) == _body()]
    assert len(twins) > 1, "the last character has unused bits, so a careless reader would accept its twins"
    for twin in twins:
        if twin != CODE:
            with pytest.raises(ForgedCode):
                verify(twin, DAKAR.public)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "test",
        PREFIX,
        PREFIX + "AAAA",
        CODE.lower(),
        CODE + "=",
        CODE + " ",
        " " + CODE,
        CODE[len(PREFIX) :],
        "é" * 142,
    ],
)
def test_what_is_not_a_code_is_refused(text: str) -> None:
    with pytest.raises(ForgedCode):
        verify(text, DAKAR.public)


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    for attempt in (text, PREFIX + text):
        with pytest.raises(ForgedCode):
            verify(attempt, DAKAR.public)


def test_expiry_is_told_apart_from_forgery() -> None:
    claim = verify(CODE, DAKAR.public)
    assert not claim.expired(ONDINE.expires - timedelta(seconds=1))
    assert claim.expired(ONDINE.expires)


@pytest.mark.parametrize(
    "wrong",
    [
        {"edition": "dkr05"},
        {"edition": "DAKAR 2005"},
        {"edition": "D" * 21},
        {"serial": -1},
        {"serial": 2**32},
        {"token": "00FF00FF00FF00FF"},
        {"token": "00ff"},
        {"expires": datetime(2005, 11, 27)},  # noqa: DTZ001
        {"expires": datetime(2005, 11, 27, microsecond=1, tzinfo=UTC)},
        {"expires": datetime(2107, 1, 1, tzinfo=UTC)},
    ],
)
def test_a_claim_that_could_not_be_read_back_is_never_made(wrong: dict[str, object]) -> None:
    good = {"edition": "DKR05", "serial": 17, "token": ONDINE.token, "expires": ONDINE.expires}
    with pytest.raises(ValueError):
        BadgeClaim(**{**good, **wrong})  # type: ignore[arg-type]


def test_the_documented_bytes_are_enough_for_another_program() -> None:
    """What a browser does, following the module's description and nothing else."""
    jwk = json.loads(json.dumps(public_key_jwk(DAKAR.public)))
    key = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(jwk["x"] + "="))
    body = _body()
    payload, signature = body[:-64], body[-64:]
    key.verify(signature, b"TG1-" + payload)
    length = payload[0]
    assert payload[1 : 1 + length] == b"DKR05"
    assert int.from_bytes(payload[1 + length : 5 + length]) == 17
    assert int.from_bytes(payload[5 + length : 9 + length]) == ONDINE.expires.timestamp()
    assert payload[9 + length :].hex() == ONDINE.token
    assert (jwk["kty"], jwk["crv"]) == ("OKP", "Ed25519")


def test_the_public_key_follows_from_the_private_one() -> None:
    assert public_key_of(DAKAR.private) == DAKAR.public


def test_short_codes_are_derived_and_differ() -> None:
    codes = {short_code("DKR05", new_token()) for _ in range(2000)}
    assert len(codes) == 2000
    assert short_code("DKR05", ONDINE.token) == short_code("DKR05", ONDINE.token)
    assert short_code("DKR05", ONDINE.token) != short_code("LUX13", ONDINE.token)


def test_a_short_code_is_read_as_people_type_it() -> None:
    code = short_code("DKR05", ONDINE.token)
    for typed in (code, code.lower(), spaced(code), f" {code[:4]}-{code[4:]} "):
        assert read_short_code(typed) == code


@given(st.binary(min_size=8, max_size=8), st.integers(0, 7), st.sampled_from(SHORT_ALPHABET))
def test_one_wrong_character_is_noticed(token: bytes, place: int, character: str) -> None:
    code = short_code("DKR05", token.hex())
    wrong = code[:place] + character + code[place + 1 :]
    if wrong != code:
        with pytest.raises(MistypedCode):
            read_short_code(wrong)


@given(st.binary(min_size=8, max_size=8), st.integers(0, 6))
def test_two_exchanged_neighbours_are_noticed(token: bytes, place: int) -> None:
    code = short_code("DKR05", token.hex())
    wrong = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    if wrong != code:
        with pytest.raises(MistypedCode):
            read_short_code(wrong)


@pytest.mark.parametrize("typed", ["", "7K4M", "7K4M92QDD", "O0O0O0O0", "١٢٣٤٥٦٧٨", "7K4M 92QE"])
def test_what_is_not_a_short_code_is_refused(typed: str) -> None:
    with pytest.raises(MistypedCode):
        read_short_code(typed)


def test_the_example_in_the_message_is_a_right_one() -> None:
    with pytest.raises(MistypedCode) as refusal:
        read_short_code("7")
    assert read_short_code(refusal.value.details["example"])


def _padded(text: str) -> str:
    encoded = text.removeprefix(PREFIX)
    return encoded + "=" * (-len(encoded) % 8)


def _body() -> bytes:
    return base64.b32decode(_padded(CODE))
