"""Pages in a real browser: nothing fails, nothing is asked for, nothing overflows, and anybody can read them.

Chromium is driven by Playwright; ``.ci/run`` installs Debian's and fails where these tests are skipped.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pages
import pytest
from paths import ROOT

sync_api = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")

pytestmark = pytest.mark.slow  # starts a browser

NAMES = ("chromium", "chromium-browser", "google-chrome")
REQUIRED = "MLPDOCTOR_TESTS_NEED_CHROMIUM"
"""Set where a skipped browser is a failure."""
OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDTHS = (360, 800, 1400)
FIRST = "one feature, history, JSON"
EVERYTHING: dict[str, Any] = {}
COLOURS = {"runOnly": ["color-contrast"]}
"""What can differ between the two schemes."""
OVERFLOW = """() => {
  const wide = document.documentElement.scrollWidth, inside = innerWidth;
  const over = [...document.querySelectorAll("main *, footer *")].filter((one) => {
    const box = one.getBoundingClientRect();
    return box.width && box.right > inside + 1 && !one.closest("pre, .wide, svg");
  });
  return wide > inside ? [`page ${wide}`] : over.map((one) => `${one.tagName} ${one.className}`);
}"""
"""What sticks out at the right, but for what scrolls by itself."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        if os.environ.get(REQUIRED):
            pytest.fail(f"{REQUIRED} is set, and none of {', '.join(NAMES)} is installed")
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is installed")
    with sync_api.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=found, args=list(OPTIONS))
        yield started
        started.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The pages as files, as a user opens them."""
    before = Path.cwd()
    os.chdir(ROOT)
    try:
        made = {kind: pages.page(kind) for kind in pages.PAGES}
    finally:
        os.chdir(before)
    folder = tmp_path_factory.mktemp("pages")
    found = {}
    for name, text in made.items():
        path = folder / f"{name.partition(',')[0]}.html"
        path.write_text(text, encoding="utf-8")
        found[name] = path.as_uri()
    return found


@pytest.mark.parametrize("kind", pages.PAGES)
def test_a_page_shows_without_trouble_on_every_screen(browser: Any, files: dict[str, str], kind: str) -> None:  # noqa: ANN401
    page = browser.new_page()
    trouble: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: trouble.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: trouble.append(dialog.message))
    page.goto(files[kind])
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(OVERFLOW) == [], width
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        back = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (back == "rgb(255, 255, 255)") == (scheme == "light")
        if scheme == "dark" and kind != FIRST:
            continue  # all pages have one style
        found = axe.Axe().run(page, options=EVERYTHING if scheme == "light" else COLOURS)
        assert found.violations_count == 0, found.generate_report()
    assert trouble == []
    assert [url for url in asked if url != files[kind]] == []
    page.close()


def test_a_page_is_read_without_scripts(browser: Any, files: dict[str, str]) -> None:  # noqa: ANN401
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(files[FIRST])
    assert page.locator("h1").inner_text().startswith("The loss is stuck at 0.005676")
    assert page.locator("svg.figure").first.is_visible()
    assert page.locator(".copy button").first.is_hidden()
    fold = page.locator("#m1-ladder details")
    assert fold.locator("table").is_hidden()
    fold.locator("summary").click()
    assert fold.locator("table").is_visible()
    context.close()


def test_the_line_to_change_is_copied(browser: Any, files: dict[str, str]) -> None:  # noqa: ANN401
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(files[FIRST])
    button = page.locator(".do button")
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.do button').textContent === 'Copied'")
    assert page.evaluate("navigator.clipboard.readText()") == 'Dense(10, activation="tanh", name="dense")'
    page.goto(files["trials"])
    page.locator("#trial-1 .copy button").click()
    page.wait_for_function("document.querySelector('#trial-1 .copy button').textContent === 'Copied'")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == 'model = Sequential([\nDense(10, activation="tanh")\n])'
    context.close()


def test_a_page_prints(browser: Any, files: dict[str, str]) -> None:  # noqa: ANN401
    page = browser.new_page()
    page.goto(files[FIRST])
    printed = page.pdf(format="A4")
    assert printed.startswith(b"%PDF")
    assert 1 <= printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") <= 6
    page.close()


def test_the_drawing_has_its_words_as_text(browser: Any, files: dict[str, str]) -> None:  # noqa: ANN401
    page = browser.new_page()
    page.goto(files[FIRST])
    texts = page.locator("#m1-ladder svg text").all_text_contents()
    assert "0.005676  your model, to 6 digits" in texts
    colours = page.evaluate(
        "[...document.querySelectorAll('#m1-ladder svg text')].map((t) => getComputedStyle(t).fill)"
    )
    assert "rgb(194, 65, 12)" in colours
    page.close()
