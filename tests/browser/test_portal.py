"""The page in a real browser, with the real Keycloak: signing in, renewal, searching, signing out, and an ended session."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.browser.conftest import TEXTS
from tests.sign_in.keycloak import PASSWORD

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def chromium():
    path = os.environ.get("RAGE_TEST_CHROMIUM")
    if not path:
        pytest.skip("no Chromium is there (RAGE_TEST_CHROMIUM)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


class Watched:
    """A page, and what the browser complained about on it."""

    def __init__(self, page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", lambda message: self._note(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self._note(str(error)))

    def _note(self, text: str) -> None:
        if "Failed to load resource" not in text:  # to the console every refused answer is an error
            self.complaints.append(text)


@pytest.fixture
def page(chromium) -> Iterator:
    context = chromium.new_context(viewport={"width": 1180, "height": 760})
    page = context.new_page()
    page.set_default_timeout(20_000)
    watched = Watched(page)
    yield page
    context.close()
    assert not watched.complaints


def sign_in(page, site, name):
    page.goto(site.url)
    page.get_by_role("link", name="Sign in").click()
    page.fill("#username", name)
    page.fill("#password", PASSWORD)
    page.click("#kc-login")
    page.wait_for_url(f"{site.url}/")
    page.get_by_text(name, exact=True).wait_for()


def session_cookie(page):
    return next(cookie for cookie in page.context.cookies() if cookie["name"] == "rage_session")


def shot(page, name):
    """Keeps a picture where somebody asked for one."""
    folder = os.environ.get("RAGE_TEST_SCREENSHOTS")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


def test_a_person_signs_in_searches_and_signs_out(page, site, person):
    name = person(groups=("/engineering/search",))
    page.goto(site.url)
    page.get_by_role("link", name="Sign in").wait_for()
    shot(page, "welcome")
    sign_in(page, site, name)
    assert page.locator("#groups li").all_inner_texts() == ["engineering", "engineering/search"]
    assert page.locator("#spaces li").all_inner_texts() == ["handbook\nreader"]
    cookie = session_cookie(page)
    assert cookie["httpOnly"] and cookie["sameSite"] == "Lax" and cookie["path"] == "/"
    assert page.evaluate("document.cookie") == ""
    page.get_by_label("What do you look for?").fill("bold claims receipt")
    page.keyboard.press("Enter")
    page.locator("#results li").first.wait_for()
    first = page.locator("#results li").first
    assert "travel.md" in first.inner_text()
    assert "<b>bold</b>" in first.inner_text() and "a receipt & a signature." in first.inner_text()
    assert first.locator("mark").count() > 0
    assert page.locator("#results b").count() == 0
    with page.expect_download() as download:
        first.get_by_role("link", name="Travel").click()
    assert Path(download.value.path()).read_text() == TEXTS["travel.md"]
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        shot(page, scheme)
    page.set_viewport_size({"width": 380, "height": 760})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shot(page, "narrow")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_text("You are signed out.").wait_for()
    assert page.url == f"{site.url}/"
    answer = httpx.get(f"{site.url}/auth/me", headers={"Cookie": f"rage_session={cookie['value']}"})
    assert answer.status_code == 401
    page.get_by_role("link", name="Sign in").click()
    page.locator("#password").wait_for()  # the issuer asks again: its session is over, too


def test_the_page_goes_on_when_its_token_is_renewed(page, site, person, short_tokens):
    sign_in(page, site, person())
    time.sleep(short_tokens)
    page.get_by_label("What do you look for?").fill("leave")
    page.get_by_role("button", name="Search").click()
    page.locator("#results li").first.wait_for()
    page.reload()
    page.get_by_text("Your spaces").wait_for()


def test_the_page_says_that_the_session_has_ended(page, site, person):
    name = person()
    sign_in(page, site, name)
    site.rows("UPDATE sessions SET expires_at = now() WHERE name = %s", name)
    page.get_by_label("What do you look for?").fill("leave")
    page.get_by_role("button", name="Search").click()
    page.get_by_text("Your session has ended. Sign in again to go on.").wait_for()
    assert page.locator("#home").is_hidden()
    assert name not in page.content()
    shot(page, "ended")
    page.get_by_role("link", name="Sign in").click()
    page.wait_for_url(f"{site.url}/")  # the issuer still knows who this is
    page.get_by_text(name, exact=True).wait_for()


def test_a_page_that_is_opened_with_an_ended_session_says_so(page, site, person):
    name = person()
    sign_in(page, site, name)
    site.keycloak.logout_user(name)
    page.reload()
    page.get_by_text("Your session has ended.").wait_for()


def test_a_refused_sign_in_is_a_page_that_leads_back(page, site):
    page.goto(f"{site.url}/auth/callback?state={'x' * 43}&code=x")
    page.get_by_text("was not begun in this browser").wait_for()
    shot(page, "refused")
    assert page.get_by_role("link", name="Sign in again").get_attribute("href") == "login?next=/"
    page.get_by_role("link", name="Sign in again").click()
    page.locator("#password").wait_for()


def test_all_of_it_can_be_done_with_the_keyboard(page, site, person):
    page.goto(site.url)
    page.get_by_role("link", name="Sign in").wait_for()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    for _ in range(2):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "sign-in"
    page.keyboard.press("Enter")
    page.locator("#username").wait_for()
    name = person()
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_text(name, exact=True).wait_for()
    assert page.evaluate("document.activeElement.id") == "query"


def test_the_page_brings_everything_itself(page, site):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(site.url, wait_until="networkidle")
    assert asked and all(url.startswith((site.url, "data:")) for url in asked)


def test_without_an_issuer_the_page_says_how_one_signs_in(page, local_site):
    page.goto(local_site)
    page.get_by_text("rage token").wait_for()
    assert page.locator("#by-issuer").is_hidden()
    shot(page, "local")
