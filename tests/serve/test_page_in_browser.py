"""The web page in a browser without a window: its views, its keys, its errors in words, its look and accessibility.

Skipped where Playwright or a browser is missing. Chromium is Playwright's own (`playwright install chromium`), or that
of the system.
"""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from arcparse.cli.serve import EXTRA
from arcparse.pipeline import Pipeline
from arcparse.treebank import parse_conllu

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Route

pytestmark = pytest.mark.slow

TEXT = "Two cats were sleeping. The old dog barked at the man with the hat!"
LONG = (
    "When the committee that had been appointed by the minister finally published its long report on the state of the "
    "harbours, several newspapers which had until then shown little interest in the matter began to ask why so much "
    "money had been spent on a wall that, as every fisherman in the town could have told them, was certain to be "
    "carried away by the first storm of the winter, as it was in November."
)
MIDDLE = (
    "The quick brown fox that I saw yesterday jumps over the lazy dog near the river, and nobody in the village knows."
)
SHORT = "Two cats slept soundly."
ARABIC = "قرأ الطالب الكتاب في المكتبة."
WIDTHS = {"phone": 390, "desktop": 1280}
VIEWS = ("tree", "alternatives", "search", "comparison")
CONTROLS = "[role=tab], #export, #status, #examples button, #api, select, .steps button"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def address(nlp: Pipeline) -> Iterator[str]:
    """A server with the English model, and with the small untrained one beside it."""
    for module in EXTRA:
        pytest.importorskip(module, reason=f"the server needs {module}: install the extra `serve`")
    import uvicorn

    from arcparse.serve import server
    from arcparse.serve.application import application
    from arcparse.serve.models import Models

    app = application(Models([(["en"], Pipeline.load("en")), (["tiny"], nlp)]))
    running = uvicorn.Server(uvicorn.Config(app, http="h11", ws="none", log_level="error"))
    with server.bound("127.0.0.1", 0) as listening:
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
        thread.start()
        yield server.address_of(listening)
        running.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api", reason="the page's tests need playwright")
    with playwright.sync_playwright() as started:
        found = next(filter(None, map(shutil.which, BROWSERS)), None)
        try:
            browser = started.chromium.launch(executable_path=found)
        except playwright.Error as error:
            pytest.skip(f"no browser can be started: {str(error).splitlines()[0]}")
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": WIDTHS["desktop"], "height": 900})
    context.set_default_timeout(60_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """An empty tab, in which no script may fail and no policy may be broken."""
    faults: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if "olicy" in said.text else None)
    yield page
    assert faults == []


def open_at(page: Page, address: str, text: str | None = None, **settings: Any) -> None:
    """Open the page with a text, as a link does."""
    page.goto("about:blank")
    page.goto(address + (f"#{urlencode({'text': text, **settings})}" if text is not None else ""))
    if text != "":
        page.wait_for_selector("[role=tabpanel]:not([hidden])")
    page.wait_for_load_state("networkidle")


def arcs(page: Page, within: str = "#tree") -> set[str]:
    return set(page.eval_on_selector_all(f"{within} [data-dependent]", "all => all.map(arc => arc.dataset.dependent)"))


def test_a_first_visit_shows_an_example(page: Page, address: str) -> None:
    open_at(page, address)
    page.wait_for_selector("#tree svg")
    words = page.locator("#words tbody tr").count()
    assert words > 5
    assert arcs(page) == set(map(str, range(1, words + 1)))
    assert f"1 sentence, {words} words" in page.inner_text("#status")


def test_the_tree_follows_the_text_as_it_is_written(page: Page, address: str) -> None:
    open_at(page, address, "")
    assert page.is_hidden("#sentence")
    page.fill("#text", TEXT)
    page.wait_for_selector("#words tbody tr:nth-child(5)")
    page.wait_for_selector("#words .share")
    page.wait_for_selector("#tree svg")
    first = Pipeline.load("en").parse(TEXT)[0]
    assert page.locator("#words tbody th").all_inner_texts() == list(first.forms)
    assert page.locator("#words tbody td:nth-child(3)").all_inner_texts() == list(first.lemmas)
    assert page.locator("#words tbody td:nth-child(4)").all_inner_texts() == list(first.upos)
    assert page.locator("#words tbody td:nth-child(6)").all_inner_texts() == list(first.labels)
    assert arcs(page) == {"1", "2", "3", "4", "5"}
    page.hover("#words tbody tr:nth-child(2)")
    assert page.locator("#tree [data-dependent].marked").get_attribute("data-dependent") == "2"


def test_a_long_wait_is_told(page: Page, address: str) -> None:
    open_at(page, address, "")
    held: list[Route] = []
    page.route("**/v1/parse", lambda route: held.append(route))
    page.fill("#text", SHORT)
    page.wait_for_selector("#status >> text=parsing …")
    held.pop().continue_()
    page.wait_for_selector("#status >> text=1 sentence, 5 words")


def test_a_link_holds_text_settings_sentence_and_view(page: Page, address: str, context: BrowserContext) -> None:
    open_at(page, address, TEXT)
    page.keyboard.press("Tab")
    page.focus("#sentences [aria-selected=true]")
    page.keyboard.press("ArrowRight")
    page.select_option("#beam", "2")
    page.click("#tab-alternatives")
    page.wait_for_selector(".alternative")
    other = context.new_page()
    other.goto(page.url)
    other.wait_for_selector(".alternative")
    assert other.input_value("#text") == TEXT
    assert other.input_value("#beam") == "2"
    assert other.inner_text("#sentences [aria-selected=true]") == TEXT.partition(". ")[2]
    assert other.get_attribute("#tab-alternatives", "aria-selected") == "true"


def test_alternatives_come_with_probabilities_and_their_differences(page: Page, address: str) -> None:
    open_at(page, address, "I saw the man with the telescope.", view="alternatives")
    shares = [float(text.strip("<>%")) for text in page.locator(".alternative .share").all_inner_texts()]
    assert len(shares) > 1
    assert shares == sorted(shares, reverse=True)
    page.click(".alternative >> nth=1")
    page.wait_for_selector("#view-alternatives svg >> text=tree 2 alone")
    assert page.get_attribute(".alternative >> nth=1", "aria-pressed") == "true"


def test_a_search_is_played_forward_and_back(page: Page, address: str) -> None:
    text = "The old man the boats."
    open_at(page, address, text, view="search")
    page.wait_for_selector("#view-search svg")
    built = "#view-search [data-dependent]:not(.unbuilt)"
    assert page.locator(built).count() == 0
    assert page.locator(".stack .chip").all_inner_texts() == ["ROOT"]
    words = len(Pipeline.load("en").parse(text)[0])
    assert page.locator(".buffer .chip").count() == words
    page.keyboard.press("ArrowRight")
    assert page.locator(".stack .chip").all_inner_texts() == ["ROOT", "The"]
    assert "moves from the buffer onto the stack" in page.inner_text(".narration")
    page.keyboard.press("ArrowLeft")
    assert page.locator(".stack .chip").count() == 1
    page.keyboard.press("End")
    assert page.inner_text(".count") == f"{2 * words} of {2 * words}"
    assert page.locator(built).count() == words
    assert page.locator(".buffer .chip").count() == 0
    page.click("button[aria-label='One step back']")
    assert page.locator(built).count() == words - 1
    assert 1 < page.locator(".beam tbody tr").count() <= 9
    page.click(".beam tbody button >> nth=1")
    page.wait_for_selector(".beam tr.chosen >> nth=0")
    page.keyboard.press("Home")
    assert page.inner_text(".count") == f"0 of {2 * words}"
    page.click("button:has-text('Play')")
    page.wait_for_selector(".count >> text=1 of")
    page.click("button:has-text('Pause')")


def test_two_models_are_compared(page: Page, address: str) -> None:
    open_at(page, address, SHORT, view="comparison")
    page.select_option("#compared", label="tiny, default beam")
    page.wait_for_selector("#view-comparison svg >> text=tiny alone")
    agreed = page.inner_text(".agreement")
    rows = page.locator("#view-comparison tbody tr").count()
    assert agreed == f"They agree on {5 - rows} of 5 arcs."


def test_results_are_downloaded_and_copied(page: Page, address: str, context: BrowserContext) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_at(page, address, TEXT)
    page.wait_for_selector("#tree [data-dependent] path:not([stroke='#777777'])")
    page.click("#export summary")
    files = {}
    for name in ("CoNLL-U, all sentences", "JSON, all sentences", "SVG, this drawing", "PNG, this drawing"):
        with page.expect_download() as download:
            page.click(f"button[aria-label='Download {name}']")
        files[name.partition(",")[0]] = download.value.path().read_bytes()
    parsed = Pipeline.load("en").parse(TEXT)
    assert files["CoNLL-U"].decode() == str(parsed)
    assert json.loads(files["JSON"])["sentences"] == [sentence.to_dict() for sentence in parsed]
    assert files["SVG"].startswith(b"<svg ")
    assert b", confidence " in files["SVG"]
    assert files["PNG"].startswith(b"\x89PNG")
    page.click("button[aria-label='Copy CoNLL-U, this sentence']")
    page.wait_for_selector("text=Copied: CoNLL-U, this sentence.")
    assert parse_conllu(page.evaluate("navigator.clipboard.readText()"), name="clipboard") == [parsed[0]]
    page.keyboard.press("Escape")
    assert page.get_attribute("#export", "open") is None


def test_problems_are_told_in_words(page: Page, address: str) -> None:
    open_at(page, address, SHORT)
    for status, words in ((413, "too long for this server"), (429, "too many requests"), (503, "busy")):
        page.route("**/v1/parse", answer_with(status))
        page.fill("#text", f"{status} cats slept.")
        page.wait_for_selector(f"[role=alert] >> text={words}")
    page.unroute("**/v1/parse")
    page.click("button:has-text('Try again')")
    page.wait_for_selector("[role=alert]", state="detached")
    page.route("**/v1/parse", lambda route: route.abort())
    page.fill("#text", "Nobody answers.")
    page.wait_for_selector("[role=alert] >> text=The server does not answer")


def test_a_server_without_a_parser_is_told_in_words(page: Page, address: str) -> None:
    models = {"models": [{"name": "tags", "parser": False}], "default": "tags"}
    page.route("**/v1/models", lambda route: route.fulfill(json=models))
    page.goto(address)
    page.wait_for_selector("[role=alert] >> text=No model of this server makes trees")


def answer_with(status: int) -> Callable[[Route], None]:
    return lambda route: route.fulfill(status=status, json={"error": "no"})


def test_a_sentence_too_long_for_a_trace_is_told_in_words(page: Page, address: str) -> None:
    open_at(page, address, f"{LONG[:-1]} and {LONG}", view="search", beam=8)
    page.wait_for_selector("#view-search [role=alert] >> text=words")


def test_text_from_right_to_left(page: Page, address: str) -> None:
    open_at(page, address, ARABIC)
    assert page.eval_on_selector("#text", "text => getComputedStyle(text).direction") == "rtl"
    assert page.eval_on_selector("#words table", "table => getComputedStyle(table).direction") == "rtl"
    places = page.eval_on_selector_all(
        "#tree text[data-word][font-size='15']", "all => all.map(word => word.getBoundingClientRect().left)"
    )
    assert places == sorted(places, reverse=True)
    page.click("#tab-search")
    page.wait_for_selector("#view-search .stack")
    stack, buffer = (page.locator(f"#view-search .{side}").bounding_box() for side in ("stack", "buffer"))
    assert stack["x"] > buffer["x"]
    page.keyboard.press("ArrowRight")  # acts on the view, no longer on the tabs
    assert page.locator(".stack .chip").count() == 2


OVERLAPS = """places => {
  const boxes = [...document.querySelectorAll(places)].map((part) => [part.textContent, part.getBoundingClientRect()])
    .filter(([, box]) => box.width);
  const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3;
  const pairs = boxes.flatMap((one, i) => boxes.slice(i + 1).map((two) => [one, two]));
  return pairs.filter(([one, two]) => meet(one[1], two[1])).map(([one, two]) => `${one[0]}, ${two[0]}`);
}"""


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("text", [SHORT, MIDDLE, LONG], ids=["short", "middle", "long"])
def test_nothing_overlaps_or_sticks_out(page: Page, address: str, text: str, width: str) -> None:
    page.set_viewport_size({"width": WIDTHS[width], "height": 844})
    open_at(page, address, text)
    for view in VIEWS:
        page.click(f"#tab-{view}")
        page.wait_for_selector(f"#view-{view} svg")
        if view == "search":
            page.click("button[aria-label='To the end']")
        assert page.evaluate(OVERLAPS, f"#view-{view} svg text") == []
        assert page.evaluate(OVERLAPS, CONTROLS) == []
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0, view


@pytest.mark.parametrize(("scheme", "width"), [("light", "phone"), ("dark", "desktop")])
def test_axe_finds_nothing(browser: Browser, address: str, scheme: Any, width: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python").Axe()
    context = browser.new_context(color_scheme=scheme, viewport={"width": WIDTHS[width], "height": 844})
    page = context.new_page()
    open_at(page, address, TEXT)
    for view in VIEWS:
        page.click(f"#tab-{view}")
        page.wait_for_selector(f"#view-{view} svg")
        page.click("#export summary")
        found = axe.run(page).response["violations"]
        told = [(fault["id"], [node["target"] for node in fault["nodes"]]) for fault in found]
        assert told == [], view
    context.close()
