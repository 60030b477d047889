"""The QR codes of badges, ten times faster than an encoder that knows every kind of symbol.

Badge codes are of one kind: version 6 (41 modules), correction level M, alphanumeric, one mask. For such
symbols each module is a sum, modulo 2, of bits of the message: error correction and mask are linear. So a
symbol is a fixed pattern and, for each bit that is set, the modules which that bit turns over, error
correction included. The fixed pattern comes from segno, which also draws every text of another kind; a test
holds the two against each other. Sizes and block structure: ISO/IEC 18004, tables 7, 9 and 1.
"""

from functools import cache

SIZE = 41
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
LONGEST = 154  # characters that such a symbol holds
MASK = 2  # any mask is valid; searching the best of eight is most of an encoder's time

_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_BLOCKS, _DATA, _CORRECTION = 4, 27, 16  # blocks, and codewords of each kind in a block
_BITS = 8 * _BLOCKS * _DATA
_FIELD = 0x11D  # the polynomial of GF(256)


def modules(text: str) -> list[str]:
    """The symbol of `text`, row by row, without the quiet zone: ``1`` is a dark module."""
    if len(text) > LONGEST or not text or not _VALUES.keys() >= set(text):
        return _by_segno(text)
    symbol = _fixed()
    for bit, turned in zip(_message(text), _turned(), strict=True):
        if bit == "1":
            symbol ^= turned
    dark = f"{symbol:0{SIZE * SIZE}b}"
    return [dark[start : start + SIZE] for start in range(0, SIZE * SIZE, SIZE)]


def _by_segno(text: str) -> list[str]:
    import segno  # 4 MB that only whoever makes badges needs

    code = segno.make_qr(text, error="m", mask=MASK, boost_error=False)
    return ["".join("01"[module] for module in row) for row in code.matrix]


def _message(text: str) -> str:
    """The bits of the data codewords: mode, length, characters in pairs, end, prescribed filling."""
    values = [_VALUES[character] for character in text]
    pairs = [f"{45 * first + second:011b}" for first, second in zip(values[::2], values[1::2], strict=False)]
    last = f"{values[-1]:06b}" if len(values) % 2 else ""
    bits = "".join(("0010", f"{len(text):09b}", *pairs, last))
    bits += "0" * min(4, _BITS - len(bits))
    bits += "0" * (-len(bits) % 8)
    return bits + ("1110110000010001" * _BITS)[: _BITS - len(bits)]


@cache
def _fixed() -> int:
    """What a symbol shows apart from its message: patterns, format, mask."""
    sample = "A" * LONGEST
    symbol = int("".join(_by_segno(sample)), 2)
    for bit, turned in zip(_message(sample), _turned(), strict=True):
        if bit == "1":
            symbol ^= turned
    return symbol


@cache
def _turned() -> list[int]:
    """For each bit of the message in turn, the modules that it turns over, as a number like a symbol's."""
    places = _places()
    turned = []
    for block in range(_BLOCKS):
        for position, remainder in enumerate(_remainders()):
            for weight in (128, 64, 32, 16, 8, 4, 2, 1):
                codewords = [(position * _BLOCKS + block, weight)]
                for number, factor in enumerate(remainder):
                    codewords.append(((_DATA + number) * _BLOCKS + block, _times(factor, weight)))
                turned.append(sum(_dark(codeword, value, places) for codeword, value in codewords))
    return turned


def _dark(codeword: int, value: int, places: list[int]) -> int:
    """The modules of one codeword that its `value` makes dark."""
    return sum(places[8 * codeword + bit] for bit in range(8) if value >> (7 - bit) & 1)


def _places() -> list[int]:
    """Where the bits of the codewords go: upwards and downwards in double columns from the right."""
    places: list[int] = []
    columns = [*range(SIZE - 1, 6, -2), 5, 3, 1]
    for number, right in enumerate(columns):
        for step in range(SIZE):
            row = step if number % 2 else SIZE - 1 - step
            free = (column for column in (right, right - 1) if not _reserved(row, column))
            places.extend(1 << (SIZE * SIZE - 1 - (row * SIZE + column)) for column in free)
    return places


def _reserved(row: int, column: int) -> bool:
    """Whether a module belongs to a finder, a timing or the alignment pattern, or to the format."""
    far = SIZE - 8
    finder = (row < 9 and (column < 9 or column >= far)) or (row >= far and column < 9)
    return finder or row == 6 or column == 6 or (32 <= row <= 36 and 32 <= column <= 36)


def _remainders() -> list[list[int]]:
    """The correction codewords that a 1 in each data codeword of a block causes (Reed-Solomon)."""
    generator = [1]
    root = 1
    for _degree in range(_CORRECTION):
        shifted, scaled = [*generator, 0], [0, *(_times(factor, root) for factor in generator)]
        generator = [one ^ other for one, other in zip(shifted, scaled, strict=True)]
        root = _times(root, 2)
    tail = generator[1:]
    remainders = [tail]
    for _position in range(_DATA - 1):
        first, *rest = remainders[-1]
        moved = zip([*rest, 0], tail, strict=True)
        remainders.append([one ^ _times(first, other) for one, other in moved])
    return remainders[::-1]


def _times(one: int, other: int) -> int:
    """The product in GF(256)."""
    product = 0
    while other:
        if other & 1:
            product ^= one
        one = one << 1 ^ (_FIELD if one & 128 else 0)
        other >>= 1
    return product
