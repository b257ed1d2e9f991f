"""The server fuzzed by its own OpenAPI document: whatever is sent, no 5xx, and answers as described."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import waitress
from server_products import SPACE, ColourPhotos, make_product

from pocketshelf_server.catalogue import Upsert, open_catalogue
from pocketshelf_server.making import make_site
from pocketshelf_server.site import SiteConfig

schemathesis = pytest.importorskip(
    "schemathesis", reason="needs schemathesis: pip install 'pocketshelf[dev]'"
)
from hypothesis import HealthCheck, given, settings  # noqa: E402
from schemathesis import GenerationMode  # noqa: E402
from schemathesis.checks import not_a_server_error  # noqa: E402
from schemathesis.specs.openapi.checks import (  # noqa: E402
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

# The others do not fit. `positive_data_acceptance`: a document cannot say that a vector of zeros has no
# direction, that a text of base64 must have so many bytes, or which bytes are a picture; which requests must
# succeed stands in `MUST_SUCCEED`. `unsupported_method` and `missing_required_header` look at schemathesis'
# coverage phase only, `use_after_free` and `ensure_resource_availability` at links: there are none.
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    ignored_auth,
]


OPERATIONS = [
    ("/v1/metadata/{name}", "GET"),
    ("/v1/targets/{name}", "GET"),
    ("/v1/search", "POST"),
    ("/v1/search/photo", "POST"),
    ("/v1/pictures", "GET"),
    ("/v1/changes", "GET"),
    ("/v1/changes", "POST"),
    ("/healthz", "GET"),
    ("/metrics", "GET"),
]
BOUNDS = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, str]]:
    """The document of a small site, with a server on loopback behind it, and the admin token."""
    from pocketshelf_server.http import create_app

    folder = tmp_path_factory.mktemp("fuzz")
    # The rate limit is out of the way: behind it nothing would be fuzzed.
    site = make_site(folder / "site", SPACE, SiteConfig(changes_per_minute=1_000_000))
    catalogue = open_catalogue(site)
    catalogue.apply([Upsert(make_product(f"p{i}")) for i in range(20)])
    server = waitress.create_server(create_app(site, catalogue, ColourPhotos()), host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.effective_port}/v1/openapi.json"
    yield schemathesis.openapi.from_url(url), site.token_path.read_text().strip()
    server.close()
    thread.join(5)
    catalogue.close()


# Negative requests break the document's rules; a path of any text and an empty request have none to break.
RULED = [
    ("/v1/search", "POST"),
    ("/v1/search/photo", "POST"),
    ("/v1/changes", "GET"),
    ("/v1/changes", "POST"),
]
# Among the requests that fit the document some must get through, or nothing behind the checks was fuzzed.
MUST_SUCCEED = {
    ("/v1/search", "POST", False),
    ("/v1/changes", "GET", True),
    ("/v1/changes", "POST", True),
    ("/healthz", "GET", False),
    ("/metrics", "GET", False),
}
FORMS = ("/v1/search/photo",)
ATTACKS = [
    *((path, method, GenerationMode.POSITIVE, False) for path, method in OPERATIONS),
    *((path, method, GenerationMode.NEGATIVE, False) for path, method in RULED),
    *(("/v1/changes", method, mode, True) for method in ("GET", "POST") for mode in GenerationMode),
]


def query_fits(url: str) -> bool:
    """Whether an address asks for changes as the document says, and no more."""
    parts = urlsplit(url)
    asked = parse_qs(parts.query, keep_blank_values=True)
    bounds = {"since": (0, 2**62), "limit": (1, 1000)}
    return parts.path == "/v1/changes" and all(
        name in bounds and len(values) == 1 and re.fullmatch("[0-9]{1,19}", values[0])
        and bounds[name][0] <= int(values[0]) <= bounds[name][1]
        for name, values in asked.items()
    )  # fmt: skip


@pytest.mark.parametrize(("path", "method", "mode", "with_token"), ATTACKS)
def test_no_request_breaks_the_server(
    api: tuple[Any, str], path: str, method: str, mode: GenerationMode, with_token: bool
) -> None:
    """Requests that fit the document and requests that do not, from strangers and from the shop."""
    schema, token = api
    operation = schema[path][method]
    headers = {"Authorization": f"Bearer {token}"} if with_token else {}
    # A form's fields are texts: whatever is put in place of one is a text again.
    checks = [check for check in CHECKS if check is not negative_data_rejection or path not in FORMS]
    answers: Counter[int] = Counter()

    @BOUNDS
    @given(case=operation.as_strategy(generation_mode=mode))
    def attack(case: Any) -> None:
        response = case.call(headers=headers)
        # What broke the rules may get lost on its way into a URL, or be put right by the token.
        fits = method == "GET" and with_token and query_fits(response.request.url)
        # With keep_good a change that breaks them costs itself, and the call is answered.
        fits = fits or (isinstance(case.body, dict) and case.body.get("keep_good") is True)
        chosen = [check for check in checks if not fits or check is not negative_data_rejection]
        case.validate_response(response, checks=chosen)
        answers[response.status_code] += 1

    attack()
    assert answers and max(answers) < 500, answers
    if mode is GenerationMode.POSITIVE and (path, method, with_token) in MUST_SUCCEED:
        assert answers[200], answers


def test_every_operation_is_fuzzed(api: tuple[Any, str]) -> None:
    operations = {(r.ok().path, r.ok().method.upper()) for r in api[0].get_all_operations()}
    assert operations == set(OPERATIONS)
