"""Which findings are consequences of which: data, so that a report shows a cause first and its effects below."""

from collections.abc import Mapping
from types import MappingProxyType

_BROUGHT_ABOUT_BY = {
    "A101": "",
    "A102": "",
    "A103": "",
    "A104": "",
    "A105": "",
    "A106": "W302",
    "A107": "",
    "D701": "",
    "D702": "W308 D713",
    "D703": "D713 D709",
    "D704": "",
    "D705": "",
    "D706": "",
    "D707": "W301 W302 O201 O202 O203 O205 U401 D702 L502",
    "D708": "",
    "D709": "",
    "D710": "",
    "D711": "",
    "D712": "",
    "D713": "",
    "D714": "",
    "L501": (
        "D713 W301 O201 O202 O203 O205 O206 O207 O204 A101 A102 A106 A103 A105 A107 L505 W302 W307 W308 W303 "
        "U401 U403 U402 D702 D714 D703 D709 D707 A104 W305 W306 U405 U404 L507"
    ),
    "L502": (
        "D713 W301 O201 O202 O203 O205 O206 O207 O204 A102 A106 A103 A105 A107 L505 W302 W307 W308 W303 U401 "
        "U402 D702 U403 D714 D703 D709 A104 W305 W306 U405 U404 L507"
    ),
    "L503": "D704",
    "L504": (
        "D713 W301 O201 O202 O203 O205 O206 O207 O204 A102 A106 A103 A105 A107 L505 W302 W307 W308 W303 U401 "
        "U402 D702 D703 D709 U403 D714 D707 A104 W305 W306 U405 U404 L506"
    ),
    "L505": "",
    "L506": (
        "D713 W301 O201 O202 O203 O205 O206 O207 O204 A103 A106 A107 W302 W307 W308 W303 U401 U402 U403 D702 D703 D709 "
        "A104 A105 W305 W306 U405 U404 L502 L501"
    ),
    "L507": "D704 D714",
    "L508": "L503",
    "O201": "",
    "O202": "",
    "O203": "",
    "O204": "O202 O203 O205 O206 O207",
    "O205": "",
    "O206": "O205",
    "O207": "O206",
    "O208": "",
    "O209": "D703",
    "U401": "W301 W302 D713 D703 W303 D702 O204 W307 D709 A104",
    "U402": "W301 W302 W303 W307 W308 O202 O203 O205 O206 O207 O204 D702 D713 D703",
    "U403": "W301 W302 W307 U401 A107 D702",
    "U404": (
        "D713 W301 D704 O201 O202 O203 O205 O206 O207 O204 A102 A106 A103 A105 A107 W302 W307 W308 W303 U401 U402 "
        "D702 D703 D709 U403 A104 W305 W306 U405"
    ),
    "U405": (
        "D713 W301 D704 O202 O203 O205 O206 O207 O204 A102 A101 A103 A105 A107 W302 W307 W308 W303 U401 U402 D702 D703 "
        "D709 A104 W305"
    ),
    "W301": "D701 D702 D703",
    "W302": "",
    "W303": "W307 D703 D702 D709",
    "W304": "",
    "W305": "U401 W302 W301 A106 A103 D702 D703 O202 O203",
    "W306": "",
    "W307": "",
    "W308": "D713",
}
CAUSES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {code: tuple(causes.split()) for code, causes in _BROUGHT_ABOUT_BY.items()}
)
"""For each rule, the rules that bring it about, the likeliest first. The first one present is named as its cause."""
