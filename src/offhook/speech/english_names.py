"""Telephone numbers, sums of money, addresses and people's names in English words."""

import re

from offhook.speech.english_numbers import ONES, cardinal, digits, number, ordinal

MONEY = {
    "USD": ("US dollar", "cent"),
    "EUR": ("euro", "cent"),
    "GBP": ("pound", "penny"),
    "INR": ("rupee", "paisa"),
    "JPY": ("yen", ""),
    "CNY": ("yuan", "fen"),
    "CHF": ("Swiss franc", "centime"),
    "CAD": ("Canadian dollar", "cent"),
    "AUD": ("Australian dollar", "cent"),
    "NZD": ("New Zealand dollar", "cent"),
    "SGD": ("Singapore dollar", "cent"),
    "HKD": ("Hong Kong dollar", "cent"),
    "MXN": ("Mexican peso", "centavo"),
    "BRL": ("Brazilian real", "centavo"),
    "ZAR": ("rand", "cent"),
    "AED": ("dirham", "fils"),
    "KRW": ("won", ""),
    "RUB": ("rouble", "kopeck"),
    "SEK": ("Swedish krona", "öre"),
    "NOK": ("Norwegian krone", "øre"),
    "DKK": ("Danish krone", "øre"),
    "PLN": ("zloty", "grosz"),
}
"""The whole and the hundredth of each currency (ISO 4217); none where it is not spoken of."""
SIGNS = {"$": "USD", "€": "EUR", "£": "GBP", "₹": "INR", "¥": "JPY"}
DOLLAR = ("dollar", "cent")
"""What the sign alone says: it does not tell whose dollars."""
PLURALS = {
    "penny": "pence",
    "paisa": "paise",
    "Swedish krona": "Swedish kronor",
    "Norwegian krone": "Norwegian kroner",
    "Danish krone": "Danish kroner",
    "Brazilian real": "Brazilian reais",
    "zloty": "zlotys",
    "grosz": "groszy",
}
SAME_IN_PLURAL = frozenset({"yen", "yuan", "won", "fen", "rand", "fils", "öre", "øre"})

STREETS = {
    "AVE": "Avenue",
    "BLVD": "Boulevard",
    "CIR": "Circle",
    "CT": "Court",
    "DR": "Drive",
    "HWY": "Highway",
    "LN": "Lane",
    "PKWY": "Parkway",
    "PL": "Place",
    "RD": "Road",
    "SQ": "Square",
    "ST": "Street",
    "TER": "Terrace",
    "APT": "Apartment",
    "STE": "Suite",
    "FL": "Floor",
}
DIRECTIONS = {
    "N": "North",
    "S": "South",
    "E": "East",
    "W": "West",
    "NE": "Northeast",
    "NW": "Northwest",
    "SE": "Southeast",
    "SW": "Southwest",
}
STATES: dict[str, str] = dict(
    re.findall(
        r"(\w+)=(\w+)",
        "AL=Alabama AK=Alaska AZ=Arizona AR=Arkansas CA=California CO=Colorado CT=Connecticut DE=Delaware FL=Florida "
        "GA=Georgia HI=Hawaii ID=Idaho IL=Illinois IN=Indiana IA=Iowa KS=Kansas KY=Kentucky LA=Louisiana ME=Maine "
        "MD=Maryland MA=Massachusetts MI=Michigan MN=Minnesota MS=Mississippi MO=Missouri MT=Montana NE=Nebraska "
        "NV=Nevada NH=New_Hampshire NJ=New_Jersey NM=New_Mexico NY=New_York NC=North_Carolina ND=North_Dakota OH=Ohio "
        "OK=Oklahoma OR=Oregon PA=Pennsylvania RI=Rhode_Island SC=South_Carolina SD=South_Dakota TN=Tennessee TX=Texas "
        "UT=Utah VT=Vermont VA=Virginia WA=Washington WV=West_Virginia WI=Wisconsin WY=Wyoming",
    )
)
TITLES = {
    "DR": "Doctor",
    "MR": "Mister",
    "MRS": "Missus",
    "MS": "Miz",
    "PROF": "Professor",
    "JR": "Junior",
    "SR": "Senior",
}

_PHONE = re.compile(
    r"[+(]?[0-9][0-9 ()./\-–]*(?:\s*(?:x|ext\.?)\s*(?P<extension>[0-9]{1,8}))?", re.IGNORECASE
)
_SUM = re.compile(
    r"(?P<minus>[-−]?)(?P<sign>[$€£₹¥]?)\s*(?P<figure>[0-9][0-9,]*(?:\.[0-9]+)?|\.[0-9]+)\s*(?P<code>[A-Za-z]{3}|[$€£₹¥])?"
)
_ORDINAL = re.compile(r"([0-9]{1,6})(?:st|nd|rd|th)", re.IGNORECASE)
NORTH_AMERICAN_DIGITS = 10


def telephone(text: str, form: str = "") -> str | None:
    """A telephone number digit by digit; its country's code is told apart, and an area code in parentheses named."""
    found = _PHONE.fullmatch(text.strip())
    if found is None or not re.fullmatch("[0-9]{0,3}", form):
        return None
    extension = found["extension"]
    main = text.strip()[: found.start("extension")] if extension else text.strip()
    figure = re.sub("[^0-9]", "", main)
    said = []
    if main.startswith("+"):
        said.append("plus")
    elif re.match(r"\(?[0-9]{3}\)", main) and form in ("", "1") and len(figure) == NORTH_AMERICAN_DIGITS:
        said.append("area code")
    said.append(digits(figure))
    return " ".join([*said, *(("extension", digits(extension)) if extension else ())])


def currency(text: str, form: str = "") -> str | None:
    """A sum of money: 99.9 USD is "ninety-nine US dollars and ninety cents". `form` may name the currency."""
    found = _SUM.fullmatch(text.strip())
    if found is None or (found["sign"] and found["code"] in SIGNS):
        return None
    named = (found["code"] or form or found["sign"]).upper()
    names = DOLLAR if named == "$" else MONEY.get(SIGNS.get(named, named))
    whole, _, part = found["figure"].replace(",", "").partition(".")
    if names is None:
        return None
    minus = "minus " if found["minus"] else ""
    unit, hundredth = names
    if len(part) > 2 or (part and not hundredth):
        return f"{minus}{number(f'{whole or 0}.{part}')} {_counted(unit, 2)}"
    units, hundredths = int(whole or 0), int(part.ljust(2, "0") or 0)
    said = [f"{cardinal(units)} {_counted(unit, units)}"] if units or not hundredths else []
    if hundredths:
        said.append(f"{cardinal(hundredths)} {_counted(hundredth, hundredths)}")
    return minus + " and ".join(said)


def address(text: str) -> str | None:
    """An address with its abbreviations spelled out; house numbers and codes as people say them."""
    words = re.findall(r"[^\s,;]+|[,;]", text)
    if not words:
        return None
    said: list[str] = []
    after_comma = False
    for index, word in enumerate(words):
        if word in ",;":
            after_comma = True
            continue
        is_last = all(rest[0].isdigit() or rest in ",;" for rest in words[index + 1 :])
        said.append(_part_of_address(word, is_first=not said, may_be_state=after_comma and is_last))
    return " ".join(said)


def name(text: str) -> str | None:
    """A person's name: as a word, never spelled, with its titles in full."""
    words = text.split()
    said = [TITLES.get(word.rstrip(".").upper(), _as_word(word)) for word in words]
    return " ".join(said) or None


def _as_word(word: str) -> str:
    """ED is Ed, a person; a single letter stays an initial."""
    bare = word.rstrip(".,")
    return bare.title() if bare.isupper() and len(bare) > 1 else bare


def _part_of_address(word: str, *, is_first: bool, may_be_state: bool) -> str:
    bare = word.rstrip(".")
    key = bare.upper()
    if may_be_state and bare.isupper() and key in STATES:
        return STATES[key].replace("_", " ")
    if found := _ORDINAL.fullmatch(bare):
        return ordinal(int(found[1]))
    if re.fullmatch("[0-9]{5}(?:-[0-9]{4})?", bare):
        return digits(bare)
    if re.fullmatch("[0-9]{1,4}", bare):
        return _house(bare)
    if bare.isdecimal() and bare.isascii():
        return digits(bare)
    if key in DIRECTIONS and bare.isupper():
        return DIRECTIONS[key]
    if key == "ST" and is_first:
        return "Saint"
    return STREETS.get(key, bare)


def _house(figure: str) -> str:
    """1234 is twelve thirty-four, 505 five oh five."""
    if len(figure) < 3 or figure[0] == "0" or figure.endswith("00"):
        return cardinal(int(figure)) if figure[0] != "0" or len(figure) == 1 else digits(figure)
    first, last = figure[:-2], int(figure[-2:])
    return f"{cardinal(int(first))} {cardinal(last) if last > 9 else f'oh {ONES[last]}'}"


def _counted(unit: str, count: int) -> str:
    if count == 1 or unit in SAME_IN_PLURAL:
        return unit
    return PLURALS.get(unit, f"{unit}s")
