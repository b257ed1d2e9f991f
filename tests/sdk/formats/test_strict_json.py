from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocketshelf.formats import strict_json

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-strict_json.MAX_INTEGER, strict_json.MAX_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(plain)
def test_what_json_has_is_read_as_python_reads_it(document: object) -> None:
    assert strict_json.loads(json.dumps(document)) == document
    assert strict_json.loads(json.dumps(document, ensure_ascii=False).encode()) == document


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("NaN", "NaN"),
        ('{"a": -Infinity}', "-Infinity"),
        ("1e999", "too large"),
        ("1" * 5000, "63 bits"),
        (str(2**63), "63 bits"),
        ("-" + str(2**64), "63 bits"),
        ("[" * 1500 + "]" * 1500, "nested"),
        ("[" * 200_000, "nested"),
        ('{"a":' * 65 + "1" + "}" * 65, "nested"),
        ('["\\ud800"]', "Unicode"),
        ('{"\\udfff": 1}', "Unicode"),
        ("", "Expecting value"),
        (b"\xff\xfe\x00", "codec"),
    ],
)
def test_what_others_cannot_read_is_one_value_error(text: str | bytes, says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        strict_json.loads(text)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200


def test_a_surrogate_pair_is_one_letter() -> None:
    assert strict_json.loads('"\\ud83d\\ude00"') == "😀"


def test_the_deepest_that_is_allowed() -> None:
    assert strict_json.loads("[" * 64 + "]" * 64) is not None
    with pytest.raises(ValueError, match="nested"):
        strict_json.loads("[[[[]]]]", depth=3)
