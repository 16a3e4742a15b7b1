"""Conversations: what another wrote is context, never the author's text, and with the author's reply it is a pair to learn."""

import json

import pytest

from exports import bodies, collect, documents, write_zip
from program import CONFIG, POSTS

ME, ANN = "user1", "user2"
TALK = [  # Ann's question, the author's answer: one of each month
    ("Where did you leave the rope? Write to ann@mail.net please.", "In the locker under the bench, and tell tess@mail.net when you have it."),
    ("Does the kettle still work?", "It does, but hold the lid down when it boils."),
    ("How was the wheel?", "Flat on one side. I turned the nipple a quarter and it runs true now."),
    ("Is the boat painted?", "One coat of it. The second goes on tomorrow when this one is dry."),
    ("Shall I bring bread?", "Bring two loaves, the dark ones from the corner shop."),
    ("Are the dahlias in?", "Lifted them on Sunday, they lie in sand under the stairs."),
]
MONTH = 31 * 86400


def message(id, who, text, when, **more):
    names = {ME: "Tess T.", ANN: "Ann Other"}
    return {"id": id, "type": "message", "date_unixtime": str(when), "from": names[who], "from_id": who, "text": text, **more}


def telegram(*messages):
    return json.dumps({"about": "Here is the data you requested. Remember: Telegram is ad free.",
                       "personal_information": {"user_id": 1, "first_name": "Tess"},
                       "chats": {"list": [{"name": "Ann Other", "type": "personal_chat", "id": 42, "messages": list(messages)}]}})


def months():
    out = []
    for i, (question, answer) in enumerate(TALK):
        when = 1577872800 + i * MONTH
        out += [message(3 * i, ANN, question, when), message(3 * i + 1, ME, answer, when + 60),
                message(3 * i + 2, ANN, f"Thanks, that was number {i}.", when + 120)]
    return out


def exchanges(doc):
    return [(e["context"], e["reply"]) for e in (doc["extra"] or {}).get("exchanges", [])]


def all_exchanges(twin):
    return {k: exchanges(d) for k, d in documents(twin).items()}


def rows(twin, view):
    return [json.loads(line) for line in twin("export", "view", view).stdout.splitlines()]


def replies(twin):
    return [r for r in rows(twin, "labels") if r["kind"] == "reply"]


@pytest.fixture
def chat(twin):
    """Half a year of a chat of two, as features."""
    path = twin.dir / "result.json"
    path.write_text(telegram(*months()))
    assert collect(twin, path)["new"] == len(TALK)
    twin("features")
    return twin


def test_the_other_side_is_context_and_the_authors_reply_answers(chat):
    found = {r["instruction"]: r["answer"] for r in replies(chat)}
    assert len(found) == len(TALK)
    assert found["Does the kettle still work?"] == TALK[1][1]
    authors = "\n".join(bodies(chat).values())
    for question, _ in TALK:
        assert question not in authors
    for view in ["clean", "scrub", "chunks"]:
        text = "\n".join(r["text"] for r in rows(chat, view))
        assert "kettle still work" not in text and "hold the lid down" in text
    for row in rows(chat, "labels") + rows(chat, "questions"):
        assert "number" not in row["answer"] and not any(q in row["answer"] for q, _ in TALK)
    assert not [r for r in chat.json("search", "thanks, that was number") if "number" in json.dumps(r)]


def test_no_name_or_address_reaches_a_pair(chat):
    first = next(r for r in replies(chat) if "rope" in r["instruction"])
    assert first["instruction"] == "Where did you leave the rope? Write to [email] please."
    assert first["answer"] == "In the locker under the bench, and tell [email] when you have it."
    said = json.dumps(rows(chat, "labels"))
    assert "mail.net" not in said and "Ann" not in said
    chat("features", "--set", "features.scrub.email=false")
    first = next(r for r in replies(chat) if "rope" in r["instruction"])
    assert "ann@mail.net" not in first["instruction"] and "tess@mail.net" in first["answer"]


def test_a_number_that_whatsapp_mentions_reaches_no_pair(twin):
    path = twin.dir / "chat.txt"
    path.write_text("5/21/18, 9:05 PM - Bob: Did you ask @4915112345678 about it?\n"
                    "5/21/18, 9:06 PM - Tess: I did, and @\u2068+49 170 1234567\u2069 and @491701234567 as well.\n")
    collect(twin, path)
    twin("features")
    assert [(r["instruction"], r["answer"]) for r in replies(twin)] == [
        ("Did you ask @[phone] about it?", "I did, and @[phone] and @[phone] as well.")]


def test_the_dataset_asks_with_the_context_and_answers_with_the_reply(chat):
    chat("dataset", "--set", "training.dataset.grounded=1")
    stats = chat.json("show", "dataset", "1")["stats"]
    splits = ["train", "valid", "test"]
    assert sum(stats[s]["kinds"].get("reply", 0) for s in splits) == len(TALK)
    pairs = {r["instruction"]: r["answer"] for r in replies(chat)}
    seen = 0
    for split in splits:
        path = chat.dir / f"{split}.jsonl"
        chat("export", "dataset", "1", "--split", split, "-o", path)
        for line in path.read_text().splitlines():
            messages = json.loads(line)["messages"]
            assert [m["role"] for m in messages] == ["system", "user", "assistant"]
            assert pairs[messages[1]["content"]] == messages[2]["content"]  # as they stand, with no passages
            seen += 1
        assert "mail.net" not in path.read_text()
    assert seen == len(TALK)


def test_a_forgotten_conversation_takes_its_pairs_along(chat):
    chat("dataset")
    key = next(k for k, e in all_exchanges(chat).items() if e and "kettle" in e[0][0])
    chat("forget", key)
    assert len(replies(chat)) == len(TALK) - 1
    for path in (chat.dir / ".twin").rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert b"kettle still work" not in data and b"hold the lid down" not in data, path


def test_only_what_changed_is_computed_again(chat):
    before = {r["id"] for r in rows(chat, "labels")}
    new = months()
    new[3]["text"] = "Does the old kettle still work?"
    (chat.dir / "result.json").write_text(telegram(*new))
    assert collect(chat, chat.dir / "result.json")["changed"] == 1
    views = chat.json("features")["steps"][-1]["outputs"]
    counts = {ref.split("@")[0]: v["computed"] for ref, v in views.items()}
    assert counts["labels"] == 1 and counts["clean"] <= 1 and not counts.get("chunks")
    after = rows(chat, "labels")
    assert "Does the old kettle still work?" in [r["instruction"] for r in after]
    assert len(before & {r["id"] for r in after}) == len(TALK) - 1


def test_a_whole_run_takes_conversations_and_posts_together(twin):
    (twin.dir / "result.json").write_text(telegram(*months()))
    twin.config(CONFIG.replace("models:", "  - {type: export, path: result.json}\nmodels:"))
    twin("run")
    kinds = {r["kind"] for r in rows(twin, "labels")}
    assert "reply" in kinds and "title" in kinds and len(rows(twin, "labels")) >= len(TALK) + len(POSTS)
    assert not [c for c in rows(twin, "checks") if not c["ok"]]
    grounded = twin.dir / "train.jsonl"
    twin("export", "dataset", "1", "-o", grounded)
    for line in grounded.read_text().splitlines():
        user, answer = (m["content"] for m in json.loads(line)["messages"][1:])
        assert not ("hold the lid down" in answer and answer != TALK[1][1])
        assert "hold the lid down" not in user  # a reply is no passage
    assert not any(s["changed"] for s in twin.json("run")["steps"])


# --- what each service tells of who said what ---


def test_telegram_messages_of_one_side_are_one_and_pictures_and_pauses_part_them(twin):
    at = 1577872800
    hour = 3600
    path = twin.dir / "result.json"
    path.write_text(telegram(
        message(1, ME, "Hello", at),
        message(2, ANN, "Hi.", at + 10), message(3, ANN, ["Where's ", {"type": "bold", "text": "it"}, "?"], at + 20),
        message(4, ME, "In the locker.", at + 30), message(5, ME, "As always.", at + 40),
        message(6, ME, "By the way, unasked and much later.", at + 9 * hour),
        message(7, ANN, "An old question?", at + 10 * hour), message(8, ANN, "", at + 10 * hour + 5, photo="a.jpg"),
        message(9, ME, "What a picture.", at + 10 * hour + 9),
        message(10, ANN, "Never answered?", at + 11 * hour), message(11, ME, "Days later, something else.", at + 99 * hour),
        message(12, ANN, "Seen this?", at + 100 * hour), message(13, ME, "Carol's words", at + 100 * hour, forwarded_from="Carol"),
        message(14, ANN, "In January?", 1580511000), message(15, ME, "In February.", 1580515200 + 60)))
    collect(twin, path)
    assert all_exchanges(twin) == {
        "42/2020-01": [("Hi.\n\nWhere's it?", "In the locker.\n\nAs always.")],
        "42/2020-02": [("In January?", "In February.")]}
    assert "Carol" not in json.dumps(documents(twin)) and "Ann" not in json.dumps(documents(twin))


def test_telegram_another_of_the_authors_name_is_another(twin):
    path = twin.dir / "result.json"
    path.write_text(telegram(message(1, ANN, "I am Tess too.", 1577872800, **{"from": "Tess"}), message(2, ME, "So am I.", 1577872900)))
    collect(twin, path)
    assert bodies(twin) == {"42/2020-01": "So am I."} and all_exchanges(twin) == {"42/2020-01": [("I am Tess too.", "So am I.")]}
    collect(twin, path, author=["Tess"])  # who names them means it
    assert bodies(twin) == {"42/2020-01": "I am Tess too.\n\nSo am I."}


def test_telegram_a_second_export_of_a_chat_adds_to_the_first(twin):
    folder = twin.dir / "exports"
    for name, id, text in [("a", 1, "Early."), ("b", 2, "Late.")]:
        (folder / name).mkdir(parents=True)
        (folder / name / "result.json").write_text(telegram(message(id, ME, text, 1577872800 + id)))
    collect(twin, folder)
    assert bodies(twin) == {"42/2020-01": "Early.", "42/2020-01/2": "Late."}


def test_telegram_what_stands_before_a_broken_message_is_not_answered(twin):
    path = twin.dir / "result.json"
    path.write_text(telegram(message(1, ANN, "Where?", 1577872800), message(2, ANN, "And now?", 1577872801), message(3, ME, "There.", 1577872802))
                    .replace('"And now?"', "And"))
    collect(twin, path)
    assert "chats" in twin.said or "result.json" in twin.said
    assert all_exchanges(twin) == {"42/2020-01": []}


def gpt(id, *turns):
    """Turns that follow each other: (role, text), or a whole message."""
    nodes, parent = {"root": {"id": "root", "message": None, "parent": None}}, "root"
    for i, (role, text, *more) in enumerate(turns):
        m = {"id": f"m{i}", "author": {"role": role}, "content": {"content_type": "text", "parts": [text]}, "recipient": "all", "metadata": {}}
        m.update(*more)
        nodes[f"m{i}"] = {"id": f"m{i}", "message": m, "parent": parent}
        parent = f"m{i}"
    return {"title": "By the model", "mapping": nodes, "current_node": parent, "conversation_id": id, "create_time": 1700000000.0}


CODE = {"content": {"content_type": "code", "language": "python", "text": "print(1)"}, "recipient": "python"}
HIDDEN = {"metadata": {"is_visually_hidden_from_conversation": True}}


def test_chatgpt_the_models_turn_is_context_of_the_persons(twin):
    talk = gpt("g-1", ("system", ""), ("user", "Profile", HIDDEN), ("user", "How do I coil a rope?"), ("assistant", "With the lay."),
               ("user", "And a wet one?"), ("assistant", "", CODE), ("tool", "1"), ("assistant", "Dry it first."),
               ("user", "It never dries here."), ("assistant", "Long.\n\n" + "word " * 2000 + "\n\nSo hang it?"), ("user", "I will."))
    collect(twin, write_zip(twin.dir / "g.zip", {"conversations.json": json.dumps([talk])}))
    assert all_exchanges(twin) == {"g-1": [("With the lay.", "And a wet one?"), ("Dry it first.", "It never dries here."),
                                           ("So hang it?", "I will.")]}
    assert bodies(twin) == {"g-1": "How do I coil a rope?\n\nAnd a wet one?\n\nIt never dries here.\n\nI will."}


def test_claude_the_models_turn_is_context_of_the_persons(twin):
    turns = [("human", "Question."), ("assistant", "Answer."), ("human", "Another one."), ("assistant", ""), ("human", "And more.")]
    talk = {"uuid": "c-1", "name": "By the model", "account": {"uuid": "a"}, "chat_messages": [
        {"uuid": str(i), "sender": who, "text": text, "content": [{"type": "text", "text": text}]} for i, (who, text) in enumerate(turns)]}
    collect(twin, write_zip(twin.dir / "c.zip", {"conversations.json": json.dumps([talk])}))
    assert all_exchanges(twin) == {"c-1": [("Answer.", "Another one.")]}
    assert bodies(twin) == {"c-1": "Question.\n\nAnother one.\n\nAnd more."}


def mail(id, text, subject="Re: Ropes", who="Tess <tess@example.org>", reply_to="In-Reply-To: <a@example.org>\n"):
    return (f"From x Mon Jan 06 09:00:00 2020\nDate: Mon, 06 Jan 2020 10:00:00 +0100\nMessage-ID: <{id}@example.org>\n"
            f"Subject: {subject}\nFrom: {who}\n{reply_to}\n{text}\n\n")


def test_mail_the_quote_is_context_of_the_answer(twin):
    intro = "On Mon, 6 Jan 2020 at 09:00, Ann Other <ann@example.org> wrote:\n"
    path = twin.dir / "m.mbox"
    path.write_text("".join([
        mail("below", f"In the locker.\n\n{intro}>> Mine of old.\n> Where is it?\n>\n> -- \n> Ann Other"),
        mail("between", f"Hi,\n\n{intro}> One?\n\nYes.\n\n> Two?\n\nNo."),
        mail("own", "And this.\n\nOn Sun, 5 Jan 2020, Tess <tess@example.org> wrote:\n> My own words."),
        mail("nobody", "> Who says so?\n\nNobody."),
        mail("forwarded", f"See below.\n\n{intro}> A report.", subject="Fwd: Ropes"),
        mail("first", "A first mail.", subject="Ropes", reply_to=""),
        mail("other", "Her mail.", who="Ann <ann@example.org>")]))
    collect(twin, path, author=["tess@example.org"])
    found = {k.split("@")[0]: e for k, e in all_exchanges(twin).items()}
    assert found == {"below": [("Where is it?", "In the locker.")], "between": [("One?", "Yes."), ("Two?", "No.")],
                     "own": [], "nobody": [], "forwarded": [], "first": []}
    assert "Ann" not in json.dumps(documents(twin))
    assert {k.split("@")[0]: b for k, b in bodies(twin).items()}["between"] == "Hi,\n\nYes.\n\nNo."


# --- a piece whose name is not known ---


def wxr(*items):
    return ('<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
            'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:wp="http://wordpress.org/export/1.2/"><channel><title>S</title>'
            '<wp:wxr_version>1.2</wp:wxr_version>' + "".join(items) + "</channel></rss>")


def wp_item(i, key=True):
    guid = f'<guid isPermaLink="false">https://s.example/?p={i}</guid><wp:post_id>{i}</wp:post_id>' if key else ""
    return (f"<item><title>T{i}</title>{guid}<dc:creator>tess</dc:creator><content:encoded><![CDATA[<p>Text {i}.</p>]]></content:encoded>"
            "<wp:status>publish</wp:status><wp:post_type>post</wp:post_type></item>")


ACTOR = json.dumps({"id": "https://t.example/me", "type": "Person", "preferredUsername": "tess", "outbox": "outbox.json"})


def toots(*ids):
    return {"actor.json": ACTOR, "outbox.json": json.dumps({
        "type": "OrderedCollection", "orderedItems": [
            {"type": "Create", "actor": "me", "object": {"type": "Note", "content": f"<p>Toot {i}.</p>", "published": "2022-11-05T10:00:00Z",
             "to": ["https://www.w3.org/ns/activitystreams#Public"], **({"id": f"https://t.example/{i}"} if i else {})}} for i in ids]})}


def tweets(*ids):
    return {"data/tweets.js": "window.YTD.tweets.part0 = " + json.dumps(
        [{"tweet": {"full_text": f"Tweet {i}.", "created_at": "Sat Nov 05 10:00:00 +0000 2022", **({"id_str": str(i)} if i else {})}} for i in ids])}


def blog(*ids):
    return {"Takeout/Blogger/Blogs/b/feed.atom": (
        "<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom' xmlns:blogger='http://schemas.google.com/blogger/2018'>" + "".join(
            "<entry>" + (f"<id>tag:blogger.com,1999:blog-1.post-{i}</id>" if i else "") +
            "<blogger:type>POST</blogger:type><blogger:status>LIVE</blogger:status><author><name>Tess</name></author>"
            f"<title>T</title><content type='html'>&lt;p&gt;Post {i}.&lt;/p&gt;</content></entry>" for i in ids) + "</feed>")}


def claudes(*ids):
    return {"conversations.json": json.dumps([
        {"name": "n", "account": {"uuid": "a"}, "chat_messages": [{"uuid": "1", "sender": "human", "text": f"Words {i}."}],
         **({"uuid": f"c-{i}"} if i else {"uuid": None})} for i in ids])}


def gpts(*ids):
    all = [gpt(f"g-{i}", ("user", f"Words {i}.")) for i in ids]
    for c in all:
        if c["conversation_id"] == "g-0":
            del c["conversation_id"]
    return {"conversations.json": json.dumps(all)}


SERVICES = {"Mastodon": toots, "X": tweets, "Blogger": blog, "Claude": claudes, "ChatGPT": gpts,
            "WordPress": lambda *ids: {"wp.xml": wxr(*(wp_item(i, key=i) for i in ids))}}


@pytest.mark.parametrize("service", SERVICES)
def test_while_a_piece_without_a_name_is_there_nothing_is_removed(twin, service):
    files = SERVICES[service]
    path = twin.dir / "export.zip"
    assert collect(twin, write_zip(path, files(1, 2)))["new"] == 2
    counts = collect(twin, write_zip(path, files(1, 0)))  # 2 has lost its id, or is gone: nobody knows
    assert counts["removed"] == 0 and counts["unchanged"] == 1
    assert "nothing is removed" in twin.said
    assert len(documents(twin)) == 2
    assert collect(twin, write_zip(path, files(1)))["removed"] == 1
