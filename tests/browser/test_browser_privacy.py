"""No request leaves the kiosk's own address, and no photo stays in the browser."""

from __future__ import annotations

from playwright.sync_api import expect

from browser.conftest import Visiting
from browser.shelves import Shelf

KEPT = """async () => {
  const caches_ = [];
  for (const name of await caches.keys())
    for (const request of await (await caches.open(name)).keys()) caches_.push(new URL(request.url).pathname);
  return {
    local: Object.entries(localStorage).map(String), session: Object.entries(sessionStorage).map(String),
    databases: (await indexedDB.databases?.() ?? []).map(one => one.name),
    caches: caches_, cookies: document.cookie,
  };
}"""


def test_no_request_leaves_the_kiosk_on_the_whole_way(visit: Visiting, shelf: Shelf) -> None:
    visitor = visit()
    visitor.go()
    visitor.find("start").click()
    expect(visitor.find("box").first).to_be_visible()
    visitor.find("shutter").click()
    visitor.best_hit().click()
    expect(visitor.find("product-title")).to_be_visible()
    visitor.go("/privacy")
    expect(visitor.page.locator("h1")).to_be_visible()
    assert len(visitor.requests) > 10 and visitor.foreign == []


def test_neither_photo_nor_hits_stay_in_the_browser(visit: Visiting, shelf: Shelf) -> None:
    visitor = visit()
    visitor.go("/?view=live")
    visitor.find("upload-input").first.set_input_files(shelf.scene)
    expect(visitor.best_hit()).to_be_visible()
    kept = visitor.page.evaluate(KEPT)
    assert kept["databases"] == [] and kept["cookies"] == ""
    assert sum(map(len, [*kept["local"], *kept["session"]])) < 500
    assert not [path for path in kept["caches"] if path.startswith(("/api/", "/picture/"))]


def test_the_policy_stops_a_script_and_a_request_that_got_in(visit: Visiting) -> None:
    """The Content-Security-Policy, tried from within."""
    visitor = visit()
    visitor.go("/?view=live")
    tried = visitor.page.evaluate(
        """async () => {
          const stopped = [];
          const note = event => stopped.push(event.effectiveDirective);
          document.addEventListener('securitypolicyviolation', note);
          const script = document.createElement('script');
          script.textContent = 'window.taken = true';
          document.head.append(script);
          document.body.insertAdjacentHTML('beforeend', '<img src="https://elsewhere.example/p.png">');
          await fetch('https://elsewhere.example/').catch(() => null);
          await new Promise(done => setTimeout(done, 200));
          return {stopped, taken: window.taken === true};
        }"""
    )
    assert tried["taken"] is False
    assert {"script-src-elem", "img-src", "connect-src"} <= set(tried["stopped"])
    visitor.forgive("Content.Security.Policy|violates")
    # The browser names what it was asked for; none of it was sent.
    visitor.foreign = [url for url in visitor.foreign if "elsewhere.example" not in url]
