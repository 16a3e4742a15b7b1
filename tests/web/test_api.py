"""The API of `twin serve`, asked by the official OpenAI client and by plain HTTP."""

import base64
import json
import math
import socket
import struct
import threading
import time

import openai
import pytest
from servers import run, serving

QUESTION = "When should I replace a bicycle chain?"
FAR = "What is the capital of Mongolia?"


def client(server, key="unused", **kw):
    return openai.OpenAI(base_url=server.url + "v1", api_key=key, max_retries=0, **kw)


def ask(server, question=QUESTION, **kw):
    kw.setdefault("max_tokens", 12)
    messages = [{"role": "user", "content": question}]
    return client(server).chat.completions.create(model="twin", messages=messages, **kw)


def error(text):
    e = json.loads(text)["error"]
    assert set(e) == {"message", "type", "param", "code"} and e["message"] and e["type"]
    return e


# ---- Answers ------------------------------------------------------------------


def test_an_answer_names_its_sources(server):
    r = ask(server)
    assert r.object == "chat.completion" and r.model == "mara-lindqvist"
    assert r.choices[0].message.role == "assistant" and r.choices[0].message.content
    assert r.choices[0].finish_reason in ("stop", "length")
    assert r.usage.total_tokens == r.usage.prompt_tokens + r.usage.completion_tokens
    assert r.usage.completion_tokens <= 12
    assert abs(r.created - time.time()) < 600
    assert r.sources[0]["title"] == "When to replace a chain"
    assert r.sources[0]["date"] == "2022-01-16"
    assert [s["n"] for s in r.sources] == list(range(1, len(r.sources) + 1))
    assert "v1 (revision 1)" in r.twin["deployment"]


def test_command_line_plain_http_and_client_name_the_same_sources(server, twin_dir):
    wanted = [(s["key"], s["row_id"]) for s in json.loads(run(twin_dir, "ask", QUESTION, "--json", "--max-tokens", "4"))["sources"]]
    body = {"model": "twin", "max_tokens": 4, "messages": [{"role": "user", "content": QUESTION}]}
    status, _, text = server.request("POST", "/v1/chat/completions", body)
    assert status == 200 and wanted
    assert [(s["key"], s["row_id"]) for s in json.loads(text)["sources"]] == wanted
    assert [(s["key"], s["row_id"]) for s in ask(server, max_tokens=4).sources] == wanted


def test_what_was_not_written_about_is_refused_without_a_source(server):
    r = ask(server, FAR)
    assert r.choices[0].message.content == "I have not written about that."
    assert r.choices[0].finish_reason == "stop"
    assert r.sources == [] and r.twin["finish"] == "refused"


def test_the_same_seed_gives_the_same_answer_streamed_or_not(server):
    whole = ask(server, seed=7, temperature=0.8)
    chunks = list(ask(server, seed=7, temperature=0.8, stream=True, stream_options={"include_usage": True}))
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == whole.choices[0].message.content
    assert chunks[0].choices[0].delta.role == "assistant"
    assert {c.id for c in chunks} == {chunks[0].id}
    assert chunks[-1].choices == [] and chunks[-1].usage == whole.usage
    assert [c.choices[0].finish_reason for c in chunks[:-2]] == [None] * (len(chunks) - 2)
    assert chunks[-2].choices[0].finish_reason == whole.choices[0].finish_reason
    assert chunks[0].sources[0]["title"] == "When to replace a chain"


def test_it_stops_before_a_stop_text(scripted, peer):
    peer.says("First line.\nSecond line.")
    assert ask(scripted, stop=["\n"]).choices[0].message.content == "First line."


def test_max_tokens_ends_an_answer(server):
    r = ask(server, max_tokens=3)
    assert r.choices[0].finish_reason == "length" and r.usage.completion_tokens == 3
    r = ask(server, max_tokens=openai.NOT_GIVEN, max_completion_tokens=2)
    assert r.usage.completion_tokens == 2


def test_citations_out_of_range_are_taken_out(scripted, peer):
    peer.says("At half a per cent [1]. Or later [99].")
    r = ask(scripted)
    assert r.choices[0].message.content == "At half a per cent [1]. Or later."
    assert [s["cited"] for s in r.sources] == [True] + [False] * (len(r.sources) - 1)


def test_an_answer_says_how_much_of_it_stands_in_its_passages(scripted, peer):
    peer.says("A chain doesn't stretch. What goes is the pins [1].")
    assert ask(scripted).twin["support"] > 0.9
    peer.says("Penguins march across frozen continents, singing opera [1].")
    assert ask(scripted).twin["support"] < 0.3
    assert ask(scripted, FAR).twin["support"] is None


def test_text_beyond_ascii_streams_whole(scripted, peer):
    peer.says("Grüße aus Skarness – 🚲 [1]")
    text = "".join(c.choices[0].delta.content or "" for c in ask(scripted, stream=True))
    assert text == "Grüße aus Skarness – 🚲 [1]"


def test_a_conversation_is_understood(server):
    messages = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": QUESTION}]},
        {"role": "assistant", "content": "At half a per cent."},
        {"role": "user", "content": "And why is that?"},
    ]
    r = client(server).chat.completions.create(model="mara-lindqvist", messages=messages, max_tokens=4, user="x")
    assert r.sources[0]["title"] == "When to replace a chain"


def test_text_is_continued_too(server):
    r = client(server).completions.create(model="twin", prompt="A wheel in tune", max_tokens=4, seed=3)
    assert r.object == "text_completion" and r.choices[0].text and r.usage.completion_tokens <= 4
    chunks = client(server).completions.create(model="twin", prompt="A wheel in tune", max_tokens=4, seed=3, stream=True)
    assert "".join(c.choices[0].text for c in chunks) == r.choices[0].text


# ---- What it refuses ----------------------------------------------------------


@pytest.mark.parametrize(
    "more, status, param",
    [
        ({"model": "gpt-4o"}, 404, "model"),
        ({"n": 2}, 400, "n"),
        ({"temperature": 3}, 400, "temperature"),
        ({"max_tokens": 0}, 400, "max_tokens"),
        ({"stop": [""]}, 400, "stop"),
        ({"messages": []}, 400, "messages"),
        ({"messages": [{"role": "robot", "content": "x"}]}, 400, "messages"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, 400, "tools"),
        ({"logprobs": True}, 400, "logprobs"),
        ({"response_format": {"type": "json_object"}}, 400, "response_format"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(server, more, status, param):
    body = {"messages": [{"role": "user", "content": QUESTION}], **more}
    got, _, text = server.request("POST", "/v1/chat/completions", body)
    assert (got, error(text)["param"]) == (status, param)


def test_the_client_raises_its_own_exceptions(server):
    with pytest.raises(openai.NotFoundError) as e:
        client(server).chat.completions.create(model="none", messages=[{"role": "user", "content": "x"}])
    assert e.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError):
        ask(server, temperature=1.5, top_p=7)


def test_bodies_that_are_no_json_are_refused(server):
    for body in ("", "{", "[1]", '{"messages":NaN}', '{"a":1,"a":2}', "\x00", '"' + "[" * 100 + '"'):
        status, _, text = server.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
        assert status == 400, body
        error(text)
    status, _, text = server.request("POST", "/v1/chat/completions", "a=b", {"Content-Type": "text/plain"})
    assert status == 415


def test_a_body_that_is_too_large_is_refused_before_it_comes(server):
    s = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    s.sendall(
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
        b"Content-Type: application/json\r\nContent-Length: 99999999\r\n\r\n"
    )
    assert b"413" in s.recv(4096).split(b"\r\n")[0]
    s.close()


@pytest.mark.parametrize(
    "headers, status",
    [
        ({"Host": "evil.example"}, 421),
        ({"Host": "localhost.evil.example"}, 421),
        ({"Host": "localhost"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
def test_other_hosts_and_origins_are_refused(server, headers, status):
    got, more, _ = server.request("GET", "/v1/models", headers=headers)
    assert got == status
    assert not [h for h in more if h.lower().startswith("access-control")]


def test_the_page_may_ask_its_own_server(server):
    origin = f"http://127.0.0.1:{server.port}"
    status, _, _ = server.request("GET", "/v1/models", headers={"Origin": origin, "Sec-Fetch-Site": "same-origin"})
    assert status == 200


def test_unknown_places_and_methods_are_said(server):
    status, _, text = server.request("GET", "/v2/models")
    assert status == 404 and error(text)
    status, headers, _ = server.request("DELETE", "/v1/models")
    assert status == 405 and headers["Allow"] == "GET"


def test_a_token_guards_the_api(twin_dir, peer):
    with serving(twin_dir, "--model", "base", token="open sesame", **{"models.llm": peer.spec}) as s:
        for key in ("wrong", "open sesam", "open sesame!"):
            with pytest.raises(openai.AuthenticationError):
                client(s, key).models.list()
        assert client(s, "open sesame").models.list().data
        for path in ("/metrics", "/api/about", "/api/examples", "/api/search?q=x"):
            assert s.request("GET", path)[0] == 401
        status, headers, text = s.request("GET", "/v1/models")
        assert status == 401 and headers["WWW-Authenticate"] == "Bearer"
        assert error(text)["code"] == "invalid_api_key"
        for path in ("/", "/app.js", "/style.css", "/healthz"):
            assert s.request("GET", path)[0] == 200


# ---- Models and vectors -------------------------------------------------------


def test_models_are_listed_and_found(server):
    c = client(server)
    ids = [m.id for m in c.models.list()]
    assert ids[0] == "mara-lindqvist" and len(ids) == 2
    for name in (*ids, "twin"):
        assert c.models.retrieve(name).object == "model"
    with pytest.raises(openai.NotFoundError):
        c.models.retrieve("gpt-4o")


def test_vectors_are_the_same_in_both_encodings(server):
    c = client(server)
    name = [m.id for m in c.models.list()][1]
    texts = ["truing a wheel", "a loaf of bread"]
    both = c.embeddings.create(model=name, input=texts)  # base64
    floats = c.embeddings.create(model=name, input=texts, encoding_format="float")
    assert [d.index for d in both.data] == [0, 1] and both.usage.prompt_tokens > 4
    for a, b in zip(both.data, floats.data):
        assert len(a.embedding) == 384
        assert math.isclose(sum(x * x for x in a.embedding), 1, abs_tol=1e-4)
        assert max(abs(x - y) for x, y in zip(a.embedding, b.embedding)) < 1e-6
    _, _, text = server.request("POST", "/v1/embeddings", {"input": texts[0], "encoding_format": "base64"})
    raw = base64.b64decode(json.loads(text)["data"][0]["embedding"])
    assert struct.unpack("<384f", raw) == pytest.approx(both.data[0].embedding, abs=1e-6)


def test_what_cannot_be_embedded_is_refused(server):
    for body in ({"input": [1, 2]}, {"input": ""}, {"input": []}, {}, {"input": "x", "dimensions": 3}):
        status, _, text = server.request("POST", "/v1/embeddings", body)
        assert status == 400 and error(text)


# ---- What is behind the answers -----------------------------------------------


def test_an_answer_can_be_followed_to_its_documents(server):
    r = ask(server)
    line = server.get("/api/lineage/" + r.twin["prediction"])
    assert line["question"] == QUESTION and line["answer"] == r.choices[0].message.content
    assert line["passages"][0]["document"]["key"] == "2022-01-16-when-to-replace-a-chain.md"
    assert line["deployment"]["model"]["version"] == 1
    assert {v.split("@")[0] for v in line["deployment"]["views"]} >= {"chunks", "embeddings"}
    doc = line["passages"][0]["doc"]
    rows = server.get(f"/api/features/chunks@v1/{doc}")["rows"]
    assert line["passages"][0]["row_id"] in [row["id"] for row in rows]
    assert server.request("GET", f"/api/features/chunks/{doc}")[0] == 400


def test_search_gives_passages_with_scores(server):
    found = server.get("/api/search?q=slugs%20and%20lettuce&k=2")["passages"]
    assert 1 <= len(found) <= 2 and found[0]["title"] == "What to do about slugs"
    assert 0 < found[0]["cosine"] <= 1 and found[0]["bm25"] > 0
    assert server.get("/api/search?q=Mongolia")["passages"] == []
    assert server.request("GET", "/api/search")[0] == 400


def test_examples_can_be_answered(server):
    questions = server.get("/api/examples")["questions"]
    assert 1 <= len(questions) <= 4
    for q in questions:
        assert server.request("GET", "/api/search?q=" + q.replace(" ", "%20"))[2].count('"title"')


def test_about_and_health(server):
    assert server.get("/api/about")["name"] == "Mara Lindqvist"
    assert server.get("/healthz") == {"status": "ok"}


def test_metrics_count_in_prometheus_text(server):
    before = server.metric('twin_answers_total{finish="refused"}')
    ask(server, FAR)
    assert server.metric('twin_answers_total{finish="refused"}') == before + 1
    status, headers, text = server.request("GET", "/metrics")
    assert status == 200 and headers["Content-Type"].startswith("text/plain; version=0.0.4")
    for line in text.splitlines():
        assert line.startswith("#") or float(line.rsplit(" ", 1)[1]) >= 0
    assert server.metric('twin_deployment_revision{model="v1 (revision 1)"}') == 1


# ---- Under load, and at the end -----------------------------------------------


def test_a_client_that_leaves_frees_the_model(scripted, peer):
    peer.says("word " * 400, pause=0.05)
    before = scripted.metric('twin_answers_total{finish="cancelled"}')
    stream = ask(scripted, stream=True)
    for chunk in stream:
        if chunk.choices[0].delta.content:
            break
    stream.close()
    scripted.wait_metric('twin_answers_total{finish="cancelled"}', before + 1)
    peer.says("At once [1].")
    assert ask(scripted).choices[0].message.content == "At once [1]."


def test_a_full_queue_says_when_to_come_back(twin_dir, peer):
    with serving(twin_dir, "--model", "base", **{"models.llm": peer.spec, "serve.queue": 0}) as s:
        peer.says("word " * 400, pause=0.05)
        first = ask(s, stream=True)
        next(iter(first))
        with pytest.raises(openai.RateLimitError) as e:
            ask(s)
        assert int(e.value.response.headers["Retry-After"]) >= 1
        assert e.value.code == "queue_full"
        first.close()
        peer.says("At once [1].")
        # The client's own retries are enough to get through.
        again = openai.OpenAI(base_url=s.url + "v1", api_key="unused", max_retries=5)
        r = again.chat.completions.create(model="twin", messages=[{"role": "user", "content": QUESTION}])
        assert r.choices[0].message.content == "At once [1]."


def test_sigterm_finishes_what_has_begun_and_takes_nothing_new(twin_dir, peer):
    with serving(twin_dir, "--model", "base", **{"models.llm": peer.spec}) as s:
        peer.says("word " * 20, pause=0.05)
        text = []

        def listen():
            for chunk in ask(s, stream=True, max_tokens=200):
                text.append(chunk.choices[0].delta.content or "")

        t = threading.Thread(target=listen)
        t.start()
        while not any(text):
            time.sleep(0.02)
        s.terminate()
        t.join(60)
        assert "".join(text).split() == ["word"] * 20
        assert s.process.wait(30) == 0
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", s.port), timeout=5)
