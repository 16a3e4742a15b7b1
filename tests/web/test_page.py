"""The page of `twin serve` in a real browser, on a model whose words the test decides."""

import shutil

import pytest
from servers import serving
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="missing: Chromium with chromedriver")

CHAIN = "When should I replace a bicycle chain?"


@pytest.fixture(scope="session")
def browser():
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    b = webdriver.Chrome(service=Service(DRIVER), options=options)
    yield b
    b.quit()


def look(browser, width=1200, height=900, dark=False):
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})


class Page:
    def __init__(self, browser, server):
        self.b = browser
        look(browser)
        browser.get(server.url)
        self.wait(lambda: self.one("#name").text == "Mara Lindqvist")

    def wait(self, what):
        return WebDriverWait(self.b, 20, poll_frequency=0.05).until(lambda _: what())

    def one(self, css):
        return self.b.find_element(By.CSS_SELECTOR, css)

    def all(self, css):
        return self.b.find_elements(By.CSS_SELECTOR, css)

    def begin(self, question):
        self.one("#question").send_keys(question, Keys.ENTER)

    def done(self):
        self.wait(lambda: self.all(".answer") and not self.all(".answer[aria-busy=true]"))
        return self.all(".answer")[-1]

    def ask(self, question):
        self.begin(question)
        return self.done()


@pytest.fixture
def page(browser, scripted):
    p = Page(browser, scripted)
    yield p
    # Nothing that the policy forbids, no script that failed.
    bad = [line for line in browser.get_log("browser") if line["level"] == "SEVERE"]
    assert not bad


def test_a_question_gets_an_answer_with_its_sources(page, peer):
    peer.says("Before you think you need to [1]. Measure it with a **steel rule** [2].\n\n- nine-speed: `0.75`\n- others: 1")
    answer = page.ask(CHAIN)
    assert page.one(".asked").text.endswith(CHAIN)
    assert "Before you think you need to" in answer.text
    assert [e.text for e in answer.find_elements(By.TAG_NAME, "strong")] == ["steel rule"]
    assert len(answer.find_elements(By.TAG_NAME, "li")) == 2
    assert page.one("#status").get_attribute("textContent").startswith("Answer complete")
    card = page.one(".card")
    assert "When to replace a chain" in card.text
    assert "16 January 2022" in card.text
    assert "2022-01-16-when-to-replace-a-chain.md" in card.text
    assert page.one("#question").get_attribute("value") == ""


def test_a_citation_leads_to_its_passage(page, peer):
    peer.says("Turn it a quarter [1].")
    page.ask("How do you true a wheel by ear?")
    cite = page.one(".cite")
    assert cite.get_attribute("href").endswith("#source-1-1")
    passage = page.one("#source-1-1 details")
    assert not passage.get_attribute("open")
    cite.click()
    page.wait(lambda: passage.get_attribute("open"))
    assert page.b.switch_to.active_element.get_attribute("id") == "source-1-1"
    assert "start with your ears" in page.one("#source-1-1 blockquote").text


def test_it_streams(page, peer):
    peer.says("word " * 200, pause=0.02)
    page.begin(CHAIN)
    page.wait(lambda: "word word" in page.one(".answer").text)
    assert page.one(".answer").get_attribute("aria-busy") == "true"
    assert page.one("#send").text == "Stop"
    first = len(page.one(".answer").text)
    page.wait(lambda: len(page.one(".answer").text) > first)
    page.one("#send").click()
    page.done()


def test_escape_stops_and_keeps_what_was_said(page, peer, scripted):
    peer.says("word " * 2000, pause=0.02)
    before = scripted.metric('twin_answers_total{finish="cancelled"}')
    page.begin(CHAIN)
    page.wait(lambda: "word word" in page.one(".answer").text)
    page.one("#question").send_keys(Keys.ESCAPE)
    answer = page.done()
    assert "word word" in answer.text and "Stopped." in answer.text
    scripted.wait_metric('twin_answers_total{finish="cancelled"}', before + 1)
    peer.says("Quick [1].")
    assert "Quick" in page.ask(CHAIN).text


def test_what_a_model_writes_stays_text(page, peer):
    peer.says(
        "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script> "
        "[click](javascript:document.title='owned') **<b>bold</b>** `<i>` [1]\n\n"
        "```html\n<script>document.title='owned'</script>\n```\n\n![x](http://127.0.0.1:1/leak.png)"
    )
    answer = page.ask(CHAIN)
    assert "<img src=x" in answer.text and "<b>bold</b>" in answer.text
    assert not answer.find_elements(By.CSS_SELECTOR, "img, script, b, i, iframe, a:not(.cite)")
    assert page.b.title != "owned"


def test_a_title_from_a_document_stays_text(page, peer, browser):
    # The page's own functions, given what a hostile document could hold.
    made = browser.execute_script(
        "const li = card({n: 1, title: '<img src=x onerror=alert(1)>', url: 'javascript:alert(1)',"
        " key: '<b>k</b>', date: '2022-01-16', heading: '<i>h</i>', text: '<script>x</script>', cited: true}, 1);"
        "return [li.querySelectorAll('img, script, b, i, a').length, li.textContent];"
    )
    assert made[0] == 0 and "<img src=x" in made[1] and "<script>" in made[1]


def test_an_answer_that_the_passages_do_not_hold_says_so(page, peer):
    peer.says("Penguins march across frozen continents, eating mackerel and singing opera [1].")
    assert "Check it against them" in page.ask(CHAIN).text
    peer.says("A chain doesn't stretch. What goes is the pins [1].")
    assert "Check" not in page.ask(CHAIN).text


def test_what_was_not_written_about_is_said_plainly(page):
    answer = page.ask("What is the capital of Mongolia?")
    assert answer.text == "I have not written about that."
    assert not page.all(".card")


def test_an_example_can_be_asked(page, peer):
    peer.says("Like this [1].")
    page.wait(lambda: page.all(".example"))
    question = page.one(".example").text
    page.one(".example").click()
    page.done()
    assert page.one(".asked").text.endswith(question)
    assert page.all(".card") and not page.all("#welcome")


def test_the_keyboard_is_enough(page, peer):
    peer.says("Yes [1].")
    assert page.b.switch_to.active_element.get_attribute("id") == "question"
    keys = page.b.switch_to.active_element
    keys.send_keys("When should I replace", Keys.SHIFT, Keys.ENTER)
    webdriver.ActionChains(page.b).key_up(Keys.SHIFT).perform()
    assert not page.all(".turn")
    keys.send_keys("a bicycle chain?", Keys.ENTER)
    page.done()
    assert page.one(".asked").get_attribute("textContent").endswith("When should I replace\na bicycle chain?")
    # Backwards from the question: the passage, then its citation.
    seen = []
    for _ in range(12):
        webdriver.ActionChains(page.b).key_down(Keys.SHIFT).send_keys(Keys.TAB).key_up(Keys.SHIFT).perform()
        e = page.b.switch_to.active_element
        seen.append(e.tag_name)
        if e.get_attribute("class") == "cite":
            break
    assert "summary" in seen and seen[-1] == "a"
    page.b.switch_to.active_element.send_keys(Keys.ENTER)
    page.wait(lambda: page.b.switch_to.active_element.get_attribute("id") == "source-1-1")


def lightness(color):
    return sum(int(x) for x in color[color.index("(") + 1 : color.index(")")].split(",")[:3]) / 3


def contrast(page, css):
    e = page.one(css)
    return abs(lightness(e.value_of_css_property("color")) - lightness(page.one("body").value_of_css_property("background-color")))


@pytest.mark.parametrize("dark", [False, True])
def test_it_follows_the_colours_of_the_system(page, peer, dark):
    peer.says("Before you think you need to [1].")
    look(page.b, dark=dark)
    page.ask(CHAIN)
    background = lightness(page.one("body").value_of_css_property("background-color"))
    assert (background < 60) == dark
    for css in (".answer", ".card", "#keys", "h1"):
        assert contrast(page, css) > 80, css


@pytest.mark.parametrize("width", [320, 390, 1200])
def test_nothing_runs_off_a_narrow_screen(page, peer, width):
    long = "x" * 200
    peer.says(f"Before [1]. {long} [1]\n\n```\n{long}\n```")
    look(page.b, width, 700)
    page.ask(CHAIN)
    assert page.b.execute_script("return document.documentElement.scrollWidth") <= width
    send = page.one("#send").rect
    assert send["x"] + send["width"] <= width and send["height"] >= 44
    page.one(".card summary").click()
    assert page.b.execute_script("return document.documentElement.scrollWidth") <= width


def test_a_token_is_asked_for_and_kept_out_of_sight(twin_dir, browser, peer):
    peer.says("Yes [1].")
    with serving(twin_dir, "--model", "base", token="open sesame", **{"models.llm": peer.spec}) as s:
        look(browser)
        browser.get(s.url)
        wait = WebDriverWait(browser, 20, poll_frequency=0.05)
        wait.until(lambda b: b.find_element(By.ID, "locked").get_attribute("open"))
        field = browser.find_element(By.ID, "token")
        field.send_keys("wrong", Keys.ENTER)
        wait.until(lambda b: "not right" in b.find_element(By.ID, "locked-why").text)
        field.send_keys("open sesame", Keys.ENTER)
        wait.until(lambda b: b.find_element(By.ID, "name").text == "Mara Lindqvist")
        assert browser.find_element(By.ID, "token").get_attribute("type") == "password"
        browser.find_element(By.ID, "question").send_keys(CHAIN, Keys.ENTER)
        wait.until(lambda b: b.find_elements(By.CSS_SELECTOR, ".card"))
        browser.get_log("browser")  # the refusals were meant


def test_a_server_that_is_gone_is_said_and_can_be_asked_again(twin_dir, browser, peer):
    peer.says("Yes [1].")
    with serving(twin_dir, "--model", "base", **{"models.llm": peer.spec}) as s:
        p = Page(browser, s)
    p.begin(CHAIN)
    p.done()
    assert "cannot be reached" in p.one(".failed").text
    assert p.one(".failed button").text == "Ask again"
    with serving(twin_dir, "--model", "base", **{"models.llm": peer.spec, "serve.port": 0}) as s:
        p = Page(browser, s)
        assert "Yes" in p.ask(CHAIN).text
    browser.get_log("browser")


def test_an_answer_that_breaks_off_keeps_its_beginning(page, peer):
    peer.says("word " * 40, breaks_at=100)
    answer = page.ask(CHAIN)
    assert "word word" in answer.text and "broke off" in answer.text
    peer.says("Yes [1].")
    page.one(".failed button").click()
    page.wait(lambda: "Yes" in page.one(".answer").text)
    assert len(page.all(".turn")) == 1
