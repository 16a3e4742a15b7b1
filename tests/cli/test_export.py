"""Exports of services, read as they are downloaded: each test writes a small one in the service's own shape."""

import datetime
import io
import json
import os
import tarfile

import pytest

from exports import SOURCE, bodies, collect, configure, documents, peak, write_zip
from program import CONFIG

# --- Mastodon ---

AP = "https://www.w3.org/ns/activitystreams"
ME = "https://toot.example/users/tess"


def note(id, content, **more):
    url = f"{ME}/statuses/{id}"
    return {
        "id": f"{url}/activity", "type": "Create", "actor": ME, "published": "2022-11-05T10:00:00Z",
        "to": [f"{AP}#Public"], "cc": [f"{ME}/followers"],
        "object": {
            "id": url, "type": "Note", "summary": None, "inReplyTo": None, "published": "2022-11-05T10:00:00Z",
            "url": f"https://toot.example/@tess/{id}", "attributedTo": ME, "to": [f"{AP}#Public"],
            "cc": [f"{ME}/followers"], "sensitive": False, "content": content, "contentMap": {"en": content},
            "attachment": [], "tag": [], **more,
        },
        "signature": {"type": "RsaSignature2017", "creator": f"{ME}#main-key", "signatureValue": "c2ln"},
    }


def boost(id):
    return {"id": f"{ME}/statuses/{id}/activity", "type": "Announce", "actor": ME, "published": "2022-11-06T10:00:00Z",
            "to": [f"{AP}#Public"], "object": "https://other.example/users/bob/statuses/9"}


def outbox(*items):
    return json.dumps({"@context": AP, "id": "outbox.json", "type": "OrderedCollection", "totalItems": len(items),
                       "orderedItems": items})


ACTOR = json.dumps({"@context": [AP], "id": ME, "type": "Person", "preferredUsername": "tess", "name": "Tess T.",
                    "outbox": "outbox.json", "likes": "likes.json"})
LIKES = json.dumps({"@context": AP, "id": "likes.json", "type": "OrderedCollection",
                    "orderedItems": ["https://other.example/users/bob/statuses/9"]})

TOOTS = [
    note(1, "<p>Coil it with the lay,<br />never against it.</p><p>Always.</p>"),
    boost(2),
    note(3, '<p><span class="h-card"><a href="https://other.example/@bob" class="u-url mention">@<span>bob</span></a></span> '
            "It rots from the inside.</p>", inReplyTo="https://other.example/users/bob/statuses/9",
         tag=[{"type": "Mention", "href": "https://other.example/users/bob", "name": "@bob@other.example"},
              {"type": "Hashtag", "href": "https://toot.example/tags/rope", "name": "#rope"}]),
    note(4, "<p>And dry it.</p>", inReplyTo=f"{ME}/statuses/1", published="2022-11-05T10:05:00Z"),
    note(5, "<p>Only for you.</p>", to=["https://other.example/users/bob"], cc=[]),
    note(6, "", attachment=[{"type": "Document", "mediaType": "image/png", "url": "/a.png"}]),
]


def mastodon_zip(path, *toots):
    return write_zip(path, {"actor.json": ACTOR, "likes.json": LIKES, "avatar.png": b"\x89PNG\r\n" + b"\0" * 500,
                            "outbox.json": outbox(*toots)})


def test_mastodon(twin):
    assert collect(twin, mastodon_zip(twin.dir / "a.zip", *TOOTS))["new"] == 2
    docs = documents(twin)
    assert set(docs) == {f"{ME}/statuses/1", f"{ME}/statuses/3"}
    thread, reply = docs[f"{ME}/statuses/1"], docs[f"{ME}/statuses/3"]
    assert "never against it." in thread["body"] and thread["body"].endswith("Always.\n\nAnd dry it.")
    assert thread["author"] == "Tess T." and thread["lang"] == "en" and not thread["title"]
    assert thread["url"] == "https://toot.example/@tess/1"
    assert thread["created"].startswith("2022-11-05T10:00:00")
    assert reply["body"] == "It rots from the inside."
    assert reply["extra"]["tags"] == ["rope"]


def test_posts_to_single_people_are_taken_only_when_asked_for(twin):
    path = mastodon_zip(twin.dir / "a.zip", *TOOTS)
    assert collect(twin, path, direct=True)["new"] == 3
    assert bodies(twin)[f"{ME}/statuses/5"] == "Only for you."


@pytest.mark.parametrize("kind", ["tar.gz", "tar", "tar.xz", "folder", "file"])
def test_an_export_is_the_same_in_every_wrapping(twin, kind):
    collect(twin, mastodon_zip(twin.dir / "a.zip", *TOOTS))
    path = twin.dir / f"another.{kind}"
    if kind == "file":
        path.write_text(outbox(*TOOTS))
        collect(twin, path, name="export")
        assert len(documents(twin)) == 2
        return
    if kind == "folder":
        (path / "deep").mkdir(parents=True)
        (path / "deep/outbox.json").write_text(outbox(*TOOTS))
        (path / "deep/actor.json").write_text(ACTOR)
    else:
        with tarfile.open(path, "w:" + {"tar": "", "tar.gz": "gz", "tar.xz": "xz"}[kind]) as t:
            for name, text in [("outbox.json", outbox(*TOOTS)), ("actor.json", ACTOR)]:
                info = tarfile.TarInfo("./" + name)
                info.size = len(text.encode())
                t.addfile(info, io.BytesIO(text.encode()))
    assert collect(twin, path) | {"failed": 0} == {
        "new": 0, "changed": 0, "renamed": 0, "removed": 0, "unchanged": 2, "skipped": 0, "failed": 0}


def test_a_later_export_of_the_account_changes_only_what_changed(twin):
    collect(twin, mastodon_zip(twin.dir / "monday.zip", *TOOTS))
    before = {k: d["id"] for k, d in documents(twin).items()}
    later = [note(1, "<p>Coil it with the lay, please.</p>", updated="2023-01-01T00:00:00Z"), TOOTS[3],
             note(7, "<p>Something that is new.</p>")]
    out = collect(twin, mastodon_zip(twin.dir / "friday.zip", *later))
    assert (out["new"], out["changed"], out["removed"]) == (1, 1, 1)
    docs = documents(twin)
    assert docs[f"{ME}/statuses/1"]["id"] == before[f"{ME}/statuses/1"]
    assert docs[f"{ME}/statuses/1"]["modified"].startswith("2023-01-01")
    assert f"{ME}/statuses/3" not in docs


def test_an_export_that_is_as_it_was_is_not_read_again(twin):
    path = mastodon_zip(twin.dir / "a.zip", *TOOTS)
    collect(twin, path)
    stat = path.stat()
    path.write_bytes(b"x" * stat.st_size)  # nobody looks
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    out = collect(twin, path)
    assert (out["unchanged"], out["removed"], out["changed"]) == (2, 0, 0)
    collect(twin, path, rc=1, direct=True)  # other options: it is read
    os.utime(path)
    collect(twin, path, rc=1)
    assert len(documents(twin)) == 2


def test_a_piece_that_could_not_be_read_is_tried_again(twin):
    path = mastodon_zip(twin.dir / "a.zip", note(1, "<p>Whole.</p>"), note(2, None))
    for _ in range(2):
        assert collect(twin, path)["skipped"] == 1
        assert "without id or content" in twin.said


# --- X ---


def tweet(id, text, reply_to=None, user="tess", entities=None, **more):
    t = {
        "edit_info": {"initial": {"editTweetIds": [str(id)]}}, "retweeted": False, "source": "<a>web</a>",
        "entities": {"hashtags": [], "symbols": [], "user_mentions": [], "urls": [], **(entities or {})},
        "display_text_range": ["0", str(len(text))], "favorite_count": "0", "id_str": str(id), "truncated": False,
        "retweet_count": "0", "id": str(id), "created_at": "Wed Oct 10 20:19:24 +0000 2018", "favorited": False,
        "full_text": text, "lang": "en", **more,
    }
    if reply_to:
        t |= {"in_reply_to_status_id_str": str(reply_to), "in_reply_to_status_id": str(reply_to),
              "in_reply_to_screen_name": user}
    return {"tweet": t}


def script(name, items):
    return f"window.YTD.{name}.part0 = " + json.dumps(items, indent=2)


LONG = "A long post begins here, and it goes on for much longer than two hundred and eighty characters could ever hold. " * 6
TWEETS = [
    tweet(1050118621198921735, "First of all: 3 &lt; 4 &amp; so on https://t.co/aa", created_at="Wed Oct 10 20:20:00 +0000 2018",
          reply_to=1050118621198921700, entities={"urls": [{"url": "https://t.co/aa", "expanded_url": "https://example.org/x",
                                                            "display_url": "example.org/x", "indices": ["4", "9"]}]}),
    tweet(1050118621198921700, "A thread about ropes."),
    tweet(1050118621198921800, "RT @bob: not mine"),
    tweet(1050118621198921900, "@bob @ann_b Hang it where air can reach it #rope https://t.co/pic", reply_to=77, user="bob", lang="und",
          entities={"hashtags": [{"text": "rope", "indices": ["40", "45"]}],
                    "media": [{"url": "https://t.co/pic", "type": "photo"}]}),
    tweet(1050118621198922000, LONG[:274] + "…"),
    tweet(1050118621198923000, "See https://t.co/bb " + LONG[:250] + "…", created_at="Thu Oct 11 00:00:01 +0000 2018"),
]


def twitter_files(**more):
    return {
        "Your archive.html": "<html></html>",
        "data/account.js": script("account", [{"account": {"email": "t@example.org", "username": "tess", "accountId": "5",
                                                           "accountDisplayName": "Tess T."}}]),
        "data/tweets.js": script("tweets", TWEETS),
        "data/deleted-tweets.js": script("deleted_tweets", [tweet(5, "This was deleted.")]),
        "data/direct-messages.js": script("direct_messages", [{"dmConversation": {"messages": []}}]),
        "data/note-tweet.js": script("note_tweet", [
            {"noteTweet": {"noteTweetId": "9", "createdAt": "2018-10-10T20:19:24.000Z", "core": {"text": LONG}}},
            {"noteTweet": {"noteTweetId": "10", "createdAt": "2018-10-11T00:00:01.000Z", "core": {"text": "See example.org " + LONG}}}]),
        **more,
    }


def test_twitter(twin):
    assert collect(twin, write_zip(twin.dir / "x.zip", twitter_files()))["new"] == 4
    docs = documents(twin)
    thread, reply, long = (docs[f"10501186211989{n}"] for n in ("21700", "21900", "22000"))
    assert thread["body"] == "A thread about ropes.\n\nFirst of all: 3 < 4 & so on https://example.org/x"
    assert thread["url"] == "https://x.com/tess/status/1050118621198921700" and thread["author"] == "Tess T."
    assert thread["created"].startswith("2018-10-10T20:19:24") and thread["modified"].startswith("2018-10-10T20:20:00")
    assert reply["body"].strip() == "Hang it where air can reach it #rope"
    assert reply["extra"]["tags"] == ["rope"] and not reply["lang"]
    assert long["body"] == LONG.strip() and docs["1050118621198923000"]["body"] == "See example.org " + LONG.strip()


def test_a_twitter_archive_in_parts_and_of_old(twin):
    files = twitter_files(**{
        "data/note-tweet.js": "window.YTD.note_tweet.part0 = [ ]",
        "data/tweets-part1.js": script("tweets", [tweet(8, "In the second part.")]).replace("part0", "part1"),
        "data/tweet.js": script("tweet", [tweet(9, "Bare, as before 2019.")["tweet"]]),
    })
    assert collect(twin, write_zip(twin.dir / "x.zip", files))["new"] == 6
    assert bodies(twin)["8"] == "In the second part." and bodies(twin)["9"] == "Bare, as before 2019."


def test_long_posts_that_cannot_be_read_end_the_pass(twin):
    path = write_zip(twin.dir / "x.zip", twitter_files())
    assert collect(twin, path)["new"] == 4
    before = bodies(twin)
    write_zip(path, twitter_files(**{"data/note-tweet.js": 'window.YTD.note_tweet.part0 = [ {"noteTweet": no} ]'}))
    assert "data/note-tweet.js" in collect(twin, path, rc=1)
    assert bodies(twin) == before


# --- WordPress ---

WXR_HEAD = """<?xml version="1.0" encoding="UTF-8" ?>
<!-- This is a WordPress eXtended RSS file generated by WordPress as an export of your site. -->
<rss version="2.0" xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:wfw="http://wellformedweb.org/CommentAPI/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:wp="http://wordpress.org/export/1.2/">
<channel><title>Ropes</title><link>https://blog.example.org</link><language>en-US</language><wp:wxr_version>1.2</wp:wxr_version>
"""
WXR_END = "</channel>\n</rss>\n"


def wp_author(login, name):
    return (f"<wp:author><wp:author_id>1</wp:author_id><wp:author_login><![CDATA[{login}]]></wp:author_login>"
            f"<wp:author_email><![CDATA[{login}@example.org]]></wp:author_email>"
            f"<wp:author_display_name><![CDATA[{name}]]></wp:author_display_name></wp:author>\n")


def wp_item(id, content, title="A title", login="tess", status="publish", type="post", password="", more=""):
    return f"""<item><title><![CDATA[{title}]]></title><link>https://blog.example.org/{id}/</link>
<pubDate>Sun, 03 May 2020 10:00:00 +0000</pubDate><dc:creator><![CDATA[{login}]]></dc:creator>
<guid isPermaLink="false">https://blog.example.org/?p={id}</guid><description></description>
<content:encoded><![CDATA[{content}]]></content:encoded><excerpt:encoded><![CDATA[short]]></excerpt:encoded>
<wp:post_id>{id}</wp:post_id><wp:post_date><![CDATA[2020-05-03 12:00:00]]></wp:post_date>
<wp:post_date_gmt><![CDATA[2020-05-03 10:00:00]]></wp:post_date_gmt>
<wp:post_modified_gmt><![CDATA[2021-06-01 08:30:00]]></wp:post_modified_gmt>
<wp:status><![CDATA[{status}]]></wp:status><wp:post_type><![CDATA[{type}]]></wp:post_type>
<wp:post_password><![CDATA[{password}]]></wp:post_password>
<category domain="post_tag" nicename="rope"><![CDATA[Rope & knots]]></category>
<category domain="category" nicename="uncategorized"><![CDATA[Uncategorized]]></category>{more}
<wp:comment><wp:comment_author><![CDATA[Bob]]></wp:comment_author><wp:comment_content><![CDATA[Bob's words]]></wp:comment_content></wp:comment>
</item>
"""


CLASSIC = """First line
second line.

[caption id="a1" align="left"]<img src="a.jpg" alt="rope" /> A rope.[/caption]

<pre>code

  stays </item> here</pre>

<blockquote>Somebody said so.</blockquote>
The [end] of it."""
BLOCKS = """<!-- wp:paragraph -->
<p>Made of blocks.</p>
<!-- /wp:paragraph -->

<!-- wp:list --><ul><li>one</li><li>two</li></ul><!-- /wp:list -->"""


def wxr(*items, authors=wp_author("tess", "Tess T.")):
    return WXR_HEAD + authors + "".join(items) + WXR_END


def wp_url(id):
    return f"https://blog.example.org/?p={id}"


def test_wordpress(twin):
    path = twin.dir / "wordpress.xml"
    path.write_text(wxr(wp_item(1, CLASSIC, "Ropes &amp; knots"), wp_item(2, BLOCKS, type="page"), wp_item(3, "draft", status="draft"),
                        wp_item(4, "in the bin", status="trash"), wp_item(5, "", type="attachment", status="inherit"),
                        wp_item(6, "secret", password="x"), wp_item(7, "{}", type="wp_global_styles")))
    assert collect(twin, path)["new"] == 2
    docs = documents(twin)
    post = docs[wp_url(1)]
    assert "First line" in post["body"] and "second line." in post["body"]
    assert "caption" not in post["body"] and "A rope." in post["body"] and "The \\[end\\] of it." in post["body"]
    assert "\n\n  stays  here\n" in post["body"] and "> Somebody said so." in post["body"]
    assert "Bob" not in json.dumps(docs)
    assert post["author"] == "Tess T." and post["lang"] == "en-US" and post["url"] == "https://blog.example.org/1/"
    assert post["created"].startswith("2020-05-03T10:00") and post["modified"].startswith("2021-06-01T08:30")
    assert post["extra"] == {"tags": ["Rope & knots"]}
    assert docs[wp_url(2)]["body"].replace("* ", "- ").split() == ["Made", "of", "blocks.", "-", "one", "-", "two"]
    assert collect(twin, path, drafts=True)["new"] == 2
    assert {wp_url(3), wp_url(6)} < set(documents(twin))


def test_of_a_site_with_several_authors_only_the_author_is_read(twin):
    path = twin.dir / "wordpress.xml"
    both = wp_author("admin", "Tess T.") + wp_author("bob", "Bob B.")
    path.write_text(wxr(wp_item(1, "Mine.", login="admin"), wp_item(2, "His.", login="bob"), authors=both))
    said = collect(twin, path, rc=2)
    assert '"Tess T.", "Bob B."; say who it is, as in `author: [NAME]`' in said
    assert collect(twin, path, author=["ADMIN@example.org"])["new"] == 1
    assert bodies(twin) == {wp_url(1): "Mine."}
    assert collect(twin, path, author=["Tess T.", "bob"])["new"] == 1
    assert "author:" in collect(twin, path, rc=2, author=["carol"])


def test_a_broken_item_spoils_only_itself_and_encodings_are_mixed(twin):
    items = [wp_item(1, "Caf\xe9 &eacute;").encode("latin-1"), wp_item(2, "Café").encode(),
             wp_item(3, "Fine.").replace("</title>", "</titel>").encode(), wp_item(4, "Whole.").encode()]
    path = twin.dir / "w.xml"
    path.write_bytes((WXR_HEAD + wp_author("tess", "T")).encode() + b"".join(items) + WXR_END.encode())
    collect(twin, path)
    now = bodies(twin)
    assert now[wp_url(1)] == "Café é" and now[wp_url(2)] == "Café" and now[wp_url(4)] == "Whole."


def test_a_cut_wordpress_file_removes_nothing(twin):
    path = twin.dir / "w.xml"
    whole = wxr(*(wp_item(i, f"Post number {i} is here.") for i in range(5)))
    path.write_text(whole)
    collect(twin, path)
    for end in (whole.index("</item>", 3000) + 7, whole.index("number 3"), len(whole) - len(WXR_END)):
        path.write_text(whole[:end])
        assert "download it again" in collect(twin, path, rc=1)
        assert len(documents(twin)) == 5


# --- ChatGPT, Claude ---


def gpt_message(id, role, *parts, **more):
    return {"id": id, "author": {"role": role, "name": None, "metadata": {}}, "create_time": 1700000000.5, "update_time": None,
            "content": {"content_type": "text", "parts": list(parts)}, "status": "finished_successfully", "end_turn": True,
            "weight": 1, "metadata": {}, "recipient": "all", **more}


def gpt(id, nodes, current, **more):
    return {"title": "A title by the model", "create_time": 1700000000.25, "update_time": 1700003600.0,
            "mapping": {i: {"id": i, "message": m, "parent": p, "children": [k for k, (_, q) in nodes.items() if q == i]}
                        for i, (m, p) in nodes.items()},
            "moderation_results": [], "current_node": current, "conversation_id": id, "id": id, **more}


HIDDEN = {"metadata": {"is_visually_hidden_from_conversation": True}}
CONTEXT = {"content": {"content_type": "user_editable_context", "user_profile": "I am a sailor", "user_instructions": "be brief"}}
PICTURE = {"content": {"content_type": "multimodal_text", "parts": [{"content_type": "image_asset_pointer"}, "What's this knot?"]}}
NODES = {
    "r": (None, None),
    "s": (gpt_message("s", "system", ""), "r"),
    "c": (gpt_message("c", "user", "", **CONTEXT, **HIDDEN), "s"),
    "u1": (gpt_message("u1", "user", "How do I coil a rope? \ud83d"), "c"),
    "a1": (gpt_message("a1", "assistant", "Coil it with the lay."), "u1"),
    "u2": (gpt_message("u2", "user", "An abandoned question."), "a1"),
    "u3": (gpt_message("u3", "user", "", **PICTURE), "a1"),
    "a2": (gpt_message("a2", "assistant", "A bowline."), "u3"),
}


def test_chatgpt(twin):
    files = {"conversations.json": json.dumps([gpt("abc-1", NODES, "a2"), gpt("abc-2", {"r": (None, None)}, "r")]),
             "user.json": "{}", "chat.html": "<html>Coil it</html>", "message_feedback.json": "[]"}
    assert collect(twin, write_zip(twin.dir / "gpt.zip", files))["new"] == 1
    doc = documents(twin)["abc-1"]
    assert doc["body"] == "How do I coil a rope? \ufffd\n\nWhat's this knot?"
    assert not doc["title"] and doc["url"] == "https://chatgpt.com/c/abc-1"
    assert doc["created"].startswith("2023-11-14T22:13:20") and doc["modified"].startswith("2023-11-14T23:13:20")


def test_two_messages_that_answer_each_other_end(twin):
    nodes = {"a": (gpt_message("a", "user", "Round"), "b"), "b": (gpt_message("b", "user", "and round."), "a")}
    path = twin.dir / "c.json"
    alone = {"c": (gpt_message("c", "user", "Its own parent."), "c")}
    path.write_text(json.dumps([gpt("x", nodes, "a"), gpt("y", alone, "c")]))
    assert collect(twin, path)["new"] == 2
    assert {k: d["body"] for k, d in documents(twin).items()} == {"x": "and round.\n\nRound", "y": "Its own parent."}


def claude_message(uuid, sender, text, parent=None, **more):
    return {"uuid": uuid, "text": text, "sender": sender, "created_at": "2024-03-01T10:00:00.000000Z",
            "updated_at": "2024-03-01T10:00:00.000000Z", "attachments": [{"file_name": "f.txt", "extracted_content": "not mine"}],
            "content": [{"start_timestamp": None, "stop_timestamp": None, "type": "text", "text": text, "citations": []}],
            "files": [], **({"parent_message_uuid": parent} if parent else {}), **more}


def claude(uuid, *messages):
    return {"uuid": uuid, "name": "A name by the model", "created_at": "2024-03-01T09:59:00.123456Z",
            "updated_at": "2024-03-02T10:00:00.000000Z", "account": {"uuid": "acc"}, "chat_messages": list(messages)}


def test_claude(twin):
    branch = [claude_message("1", "human", "First question.", "00000000-0000-4000-8000-000000000000"),
              claude_message("2", "assistant", "An answer.", "1"), claude_message("3", "human", "Abandoned.", "2"),
              claude_message("4", "assistant", "Lost.", "3"), claude_message("5", "human", "Second question.", "2")]
    plain = [claude_message("7", "human", "Old form.", content=[]), claude_message("8", "assistant", "Yes.")]
    files = {"conversations.json": json.dumps([claude("k-1", *branch), claude("k-2", *plain)]),
             "users.json": '[{"uuid": "acc"}]', "projects.json": "[]"}
    assert collect(twin, write_zip(twin.dir / "c.zip", files))["new"] == 2
    docs = documents(twin)
    assert docs["k-1"]["body"] == "First question.\n\nSecond question."
    assert docs["k-2"]["body"] == "Old form."
    assert docs["k-1"]["url"] == "https://claude.ai/chat/k-1" and not docs["k-1"]["title"]
    assert docs["k-1"]["created"].startswith("2024-03-01T09:59:00")


# --- Medium ---

def medium(title, body, footer):
    return f"""<!DOCTYPE html><html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"><title>{title}</title><style>
* {{ font-family: Georgia, Cambria, "Times New Roman", Times, serif; }}</style></head><body><article class="h-entry">
<header><h1 class="p-name">{title}</h1></header>
<section data-field="subtitle" class="p-summary">A subtitle</section>
<section data-field="body" class="e-content">
<section name="d9f3" class="section section--body section--first section--last"><div class="section-divider"><hr class="section-divider"></div>
<div class="section-content"><div class="section-inner sectionLayout--insetColumn">
<h3 name="a1" id="a1" class="graf graf--h3 graf--leading graf--title">{title}</h3>
<p name="b2" id="b2" class="graf graf--p graf-after--h3">{body}</p></div></div></section>
</section>
<footer>{footer}<p>Exported from <a href="https://medium.com">Medium</a> on October 11, 2020.</p></footer></article></body></html>"""


PUBLISHED = """<p>By <a href="https://medium.com/@tess" class="p-author h-card">Tess T.</a> on <a href="https://medium.com/p/3fa9c1d2e4b5"><time
class="dt-published" datetime="2019-03-04T05:06:07.000Z">March 4, 2019</time></a>.</p><p><a href="https://medium.com/@tess/ropes-3fa9c1d2e4b5"
class="p-canonical">Canonical link</a></p>"""
BODY = """See <a href="https://medium.com/p/111111111111">another</a> of <em>mine</em>.</p><div class="graf graf--mixtapeEmbed">
<a href="https://x.org"><strong>Theirs</strong></a></div><p>"""
DRAFT = '<p><a href="https://medium.com/p/abcdefabcdef">View original.</a></p>'


def test_medium(twin):
    files = {
        "README.html": "<html><body>Archive</body></html>",
        "posts/2019-03-04_Ropes-3fa9c1d2e4b5.html": medium("Ropes", BODY, PUBLISHED),
        "posts/draft_Later-abcdefabcdef.html": medium("Later", "Not yet.", DRAFT),
        "claps/claps-0001.html": "<article class=\"h-feed\"><ul><li class=\"h-cite\">Bob's post</li></ul></article>",
    }
    path = write_zip(twin.dir / "medium-export.zip", files)
    assert collect(twin, path)["new"] == 1
    doc = documents(twin)["3fa9c1d2e4b5"]
    assert doc["body"].strip().replace("_", "*") == "See [another](https://medium.com/p/111111111111) of *mine*."
    assert doc["title"] == "Ropes" and doc["author"] == "Tess T."
    assert doc["url"] == "https://medium.com/@tess/ropes-3fa9c1d2e4b5" and doc["created"].startswith("2019-03-04T05:06:07")
    assert collect(twin, path, drafts=True)["new"] == 1
    assert bodies(twin)["abcdefabcdef"].strip() == "Not yet."


# --- Telegram ---


def telegram_message(id, from_id, text, when=1577872800, **more):
    names = {"user1": "Tess T.", "user2": "Bob", "channel9": "My channel"}
    return {"id": id, "type": "message", "date": "2020-01-01T10:00:00", "date_unixtime": str(when), "from": names[from_id],
            "from_id": from_id, "text": text, "text_entities": [], **more}


FEBRUARY = 1577872800 + 35 * 86400
MESSAGES = [
    {"id": 1, "type": "service", "date": "2020-01-01T09:00:00", "date_unixtime": "1577869200", "actor": "Bob", "action": "joined", "text": ""},
    telegram_message(2, "user2", "Where's the rope?"),
    telegram_message(3, "user1", ["In the ", {"type": "bold", "text": "locker"}, ", as always."]),
    telegram_message(4, "user1", "Not my words.", forwarded_from="Carol"),
    telegram_message(5, "user1", "", photo="photos/1.jpg"),
    telegram_message(6, "user1", "And it's wet.", edited="2020-01-01T11:00:00", edited_unixtime="1577876400"),
    telegram_message(7, "user1", "A month later.", when=FEBRUARY),
]
CHAT = {"name": "Bob", "type": "personal_chat", "id": 42, "messages": MESSAGES}
CHANNEL = {"name": "My channel", "type": "public_channel", "id": 9, "messages": [
    telegram_message(1, "channel9", "First post."), telegram_message(2, "channel9", "Second post.")]}


def all_telegram(*chats, left=()):
    return json.dumps({
        "about": "Here is the data you requested. Remember: Telegram is ad free, it doesn't use your data for ad targeting.",
        "personal_information": {"user_id": 1, "first_name": "Tess", "last_name": "T.", "phone_number": "+1", "username": "@tess"},
        "contacts": {"about": "…", "list": [{"first_name": "Bob"}]},
        "chats": {"about": "This page lists all chats from this export.", "list": list(chats)},
        "left_chats": {"about": "…", "list": list(left)},
    }, ensure_ascii=False)


def test_telegram(twin):
    path = twin.dir / "result.json"
    left = {"name": "Old group", "type": "private_group", "id": 43, "messages": [telegram_message(1, "user1", "Bye all.")]}
    path.write_text(all_telegram(CHAT, CHANNEL, left=[left]))
    assert collect(twin, path)["new"] == 3
    docs = documents(twin)
    assert {k: d["body"] for k, d in docs.items()} == {
        "42/2020-01": "In the locker, as always.\n\nAnd it's wet.", "42/2020-02": "A month later.", "43/2020-01": "Bye all."}
    assert docs["42/2020-01"]["created"].startswith("2020-01-01T10:00:00")
    assert docs["42/2020-01"]["modified"].startswith("2020-01-01T11:00:00")
    assert "Bob" not in json.dumps(docs) and "locker" in json.dumps(docs)
    assert collect(twin, path, author=["My channel"])["new"] == 2
    assert bodies(twin)["9/2"] == "Second post."


def test_one_telegram_chat_needs_the_authors_name(twin):
    path = twin.dir / "result.json"
    path.write_text(json.dumps(CHAT))
    said = collect(twin, path, rc=2)
    assert "author: [NAME]" in said and '"Bob", "Tess T."' in said
    assert collect(twin, path, author="Tess T.")["new"] == 2


# --- Substack ---

COLUMNS = "post_id,post_date,is_published,email_sent_at,inbox_sent_at,type,audience,title,subtitle,podcast_url"


def test_substack(twin):
    files = {
        "posts.csv": f"\ufeff{COLUMNS}\r\n"
        '101.ropes,2021-02-03T04:05:06.789Z,true,,,newsletter,everyone,"Ropes, and ""knots""",A subtitle,\r\n'
        "102.later,,false,,,newsletter,everyone,Later,,\r\n",
        "posts/101.ropes.html": '<p>Coil <strong>it</strong>.</p><p class="button-wrapper"><a class="button primary" href="#">'
                                "<span>Subscribe now</span></a></p>",
        "posts/102.later.html": "<p>Not yet.</p>",
        "posts/101.opens.csv": "post_id,timestamp,email\n101,2021,reader@example.org\n",
        "email_list.tess.csv": "email,active_subscription\nreader@example.org,false\n",
    }
    path = write_zip(twin.dir / "substack.zip", files)
    assert collect(twin, path)["new"] == 1
    doc = documents(twin)["101"]
    assert doc["body"].strip() == "Coil **it**." and doc["title"] == 'Ropes, and "knots"'
    assert doc["created"].startswith("2021-02-03T04:05:06") and doc["extra"] == {"summary": "A subtitle"}
    assert collect(twin, path, drafts=True)["new"] == 1
    assert "reader@example.org" not in json.dumps(documents(twin))
    files["posts.csv"] = files["posts.csv"].partition(" and ")[0]
    assert "posts.csv is cut" in collect(twin, write_zip(path, files), rc=1)
    assert len(documents(twin)) == 2


# --- Blogger ---

BLOG = "tag:blogger.com,1999:blog-12"


def blogger(id, content, author="Tess T.", type="POST", status="LIVE", more=""):
    return f"""<entry><id>{BLOG}.post-{id}</id><blogger:type>{type}</blogger:type><blogger:status>{status}</blogger:status>
<author><name>{author}</name><uri/><blogger:type>BLOGGER</blogger:type></author><title>Ropes &amp; knots</title>
<content type='html'>{content}</content><blogger:metaDescription/><blogger:created>2012-03-04T05:06:07.001Z</blogger:created>
<published>2012-03-04T05:06:07.001Z</published><updated>2013-01-01T00:00:00Z</updated>
<category scheme='{BLOG}' term='Rope'/><blogger:filename>/2012/03/ropes.html</blogger:filename><link/><blogger:trashed/>{more}</entry>
"""


def blog(*entries, ns="blogger='http://schemas.google.com/blogger/2018'"):
    return (f"<?xml version='1.0' encoding='utf-8'?>\n<feed xmlns='http://www.w3.org/2005/Atom' xmlns:{ns}><id>{BLOG}</id>"
            f"<title>A blog</title>{''.join(entries)}</feed>")


def blog_id(id):
    return f"{BLOG}.post-{id}"


def test_blogger(twin):
    feed = blog(blogger(1, "&lt;p&gt;Coil &lt;b&gt;it&lt;/b&gt;.&lt;/p&gt;"), blogger(2, "Not yet.", status="DRAFT"),
                blogger(3, "Bob's words", author="Bob", type="COMMENT"), blogger(4, "Gone.", status="SOFT_TRASHED"),
                blogger(5, "A page.", type="PAGE"))
    path = write_zip(twin.dir / "takeout.zip", {"Takeout/Blogger/Blogs/A blog/feed.atom": feed,
                                                "Takeout/Blogger/Blogs/A blog/settings.csv": "blog_name\nA blog\n"})
    assert collect(twin, path)["new"] == 2
    doc = documents(twin)[blog_id(1)]
    assert doc["body"].strip() == "Coil **it**." and doc["title"] == "Ropes & knots" and doc["author"] == "Tess T."
    assert doc["created"].startswith("2012-03-04T05:06:07") and doc["modified"].startswith("2013-01-01")
    assert doc["extra"] == {"tags": ["Rope"]}
    assert collect(twin, path, drafts=True)["new"] == 1


def test_a_backup_of_blogger_of_old(twin):
    def entry(id, kind, more=""):
        return (f"<entry><id>{blog_id(id)}</id><published>2012-03-04T05:06:07.001-07:00</published><updated>2012-03-05T00:00:00Z</updated>"
                f"<category scheme='http://schemas.google.com/g/2005#kind' term='http://schemas.google.com/blogger/2008/kind#{kind}'/>"
                f"<category scheme='http://www.blogger.com/atom/ns#' term='Rope'/>{more}<title type='text'>T</title>"
                f"<content type='html'>Text of {id}.</content><link rel='alternate' type='text/html' href='https://b.example/{id}.html'/>"
                "<author><name>Tess T.</name><email>noreply@blogger.com</email></author></entry>")
    draft = "<app:control xmlns:app='http://purl.org/atom/app#'><app:draft>yes</app:draft></app:control>"
    path = twin.dir / "blog.xml"
    path.write_text(blog(entry(1, "post"), entry(2, "post", draft), entry(3, "template"), entry(4, "comment"), entry(5, "page"),
                         ns="thr='http://purl.org/syndication/thread/1.0'"))
    assert collect(twin, path)["new"] == 2
    docs = documents(twin)
    assert set(docs) == {blog_id(1), blog_id(5)}
    assert docs[blog_id(1)]["url"] == "https://b.example/1.html" and docs[blog_id(1)]["extra"] == {"tags": ["Rope"]}
    assert docs[blog_id(1)]["created"].startswith("2012-03-04T12:06:07")


def test_of_a_blog_with_several_authors_only_the_author_is_read(twin):
    path = twin.dir / "feed.atom"
    path.write_text(blog(blogger(1, "Mine."), blogger(2, "His.", author="Bob")))
    assert '"Tess T.", "Bob"; say who it is' in collect(twin, path, rc=2)
    assert collect(twin, path, author="Tess T.")["new"] == 1
    assert bodies(twin) == {blog_id(1): "Mine."}
    path.write_text(path.read_text()[:-300])
    assert "download it again" in collect(twin, path, rc=1, author="Tess T.")


# --- Ghost ---


def ghost(posts, users, wrap=True, **tables):
    data = {"posts": posts, "posts_authors": [], "posts_tags": [], "settings": [{"key": "title", "value": "A site"}],
            "tags": [{"id": "t1", "name": "Rope", "slug": "rope"}, {"id": "t2", "name": "Knots", "slug": "knots"}], "users": users, **tables}
    export = {"meta": {"exported_on": 1753891082041, "version": "5.76.0"}, "data": data}
    return json.dumps({"db": [export]} if wrap else export)


def ghost_post(id, html, **more):
    return {"id": id, "uuid": f"uuid-{id}", "title": "Ropes", "slug": "ropes", "mobiledoc": None, "lexical": "{}", "html": html,
            "plaintext": "x", "type": "post", "status": "published", "locale": None, "visibility": "public",
            "created_at": "2020-01-01T00:00:00.000Z", "updated_at": "2021-02-03T04:05:06.000Z", "published_at": "2020-05-06T07:08:09.000Z", **more}


TESS = {"id": "1", "name": "Tess T.", "slug": "tess-t", "email": "tess@example.org"}
BOB = {"id": "2", "name": "Bob", "slug": "bob", "email": "bob@example.org"}


@pytest.mark.parametrize("wrap", [True, False])
def test_ghost(twin, wrap):
    posts = [ghost_post("a", "<p>Coil <b>it</b>.</p>"), ghost_post("b", "<p>Not yet.</p>", status="draft"), ghost_post("c", None, plaintext="Plain.")]
    path = twin.dir / "ghost.json"
    path.write_text(ghost(posts, [TESS], wrap, posts_authors=[{"id": "x", "post_id": "a", "author_id": "1"}],
                          posts_tags=[{"post_id": "a", "tag_id": "t2"}, {"post_id": "a", "tag_id": "t1"}]))
    assert collect(twin, path)["new"] == 2
    docs = documents(twin)
    doc = docs["uuid-a"]
    assert doc["body"].strip() == "Coil **it**." and doc["title"] == "Ropes" and doc["author"] == "Tess T."
    assert doc["created"].startswith("2020-05-06T07:08:09") and doc["modified"].startswith("2021-02-03")
    assert doc["extra"] == {"tags": ["Knots", "Rope"]} and docs["uuid-c"]["body"] == "Plain."
    assert collect(twin, path, drafts=True)["new"] == 1


def test_a_ghost_site_with_several_authors_and_of_old(twin):
    posts = [ghost_post(1, "<p>Mine.</p>", author_id=1, published_at=1588748889000), ghost_post(2, "<p>His.</p>", author_id=2)]
    path = twin.dir / "ghost.json"
    path.write_text(ghost(posts, [{**TESS, "id": 1}, {**BOB, "id": 2}]))
    assert "say who it is" in collect(twin, path, rc=2)
    assert collect(twin, path, author="tess@example.org")["new"] == 1
    doc = documents(twin)["uuid-1"]
    assert doc["body"].strip() == "Mine." and doc["created"].startswith("2020-05-06T07:08:09")
    path.write_text(path.read_text()[:-60])
    assert "ghost.json: JSON, at byte" in collect(twin, path, rc=1, author="tess@example.org")
    assert len(documents(twin)) == 1


# --- mbox ---


def mail(who, subject, text, id, date="Mon, 06 Jan 2020 10:00:00 +0100", more="", labels=None):
    gmail = f"X-GM-THRID: 1654{id}\nX-Gmail-Labels: {labels}\n" if labels else ""
    return (f"From 1654{id}@xxx Mon Jan 06 09:00:00 +0000 2020\n{gmail}MIME-Version: 1.0\nDate: {date}\n"
            f"Message-ID: <{id}@mail.example.org>\n"
            f"Subject: {subject}\nFrom: {who}\nTo: Somebody <s@example.org>\n{more}\n{text}\n\n")


HTML_MAIL = """--b1
Content-Type: text/html; charset="utf-8"
Content-Transfer-Encoding: quoted-printable

<div dir=3D"ltr"><p>Caf=C3=A9 at <b>nine</b>.</p></div><div class=3D"gmail_quote"><div class=3D"gmail_attr">On Monday Bob wrote:</div>
<blockquote>His words</blockquote></div>
--b1
Content-Type: application/pdf; name="a.pdf"
Content-Disposition: attachment; filename="a.pdf"
Content-Transfer-Encoding: base64

JVBERi0xLjQ=
--b1--
"""
MAILS = [
    mail("Bob <bob@example.org>", "Ropes?", "Bob's words.", "a"),
    mail("Tess <tess@example.org>", "=?utf-8?q?The_caf=C3=A9?=", "A first mail.\n\n>From here on it is mine too.\n\n-- \nTess", "b"),
    mail("Tess <tess@example.org>", "Re: Ropes?", "In the locker.\n\nOn Mon, 6 Jan 2020 at 09:00, Bob <bob@example.org> wrote:\n> Bob's words.", "c",
         more="In-Reply-To: <a@mail.example.org>\n"),
    mail("tess@work.example", "HTML", HTML_MAIL, "d", more='Content-Type: multipart/mixed; boundary="b1"\n'),
    mail("Tess <tess@example.org>", "I am away", "An automatic answer.", "e", more="Auto-Submitted: auto-replied\n"),
]


def test_mbox(twin):
    path = twin.dir / "All mail.mbox"
    path.write_text("".join(MAILS))
    assert collect(twin, path, author=["tess@example.org", "tess@work.example"])["new"] == 3
    docs = documents(twin)
    b, c, d = (docs[f"{i}@mail.example.org"] for i in "bcd")
    assert b["body"] == "A first mail.\n\nFrom here on it is mine too." and b["title"] == "The café" and b["author"] == "Tess"
    assert b["created"].startswith("2020-01-06T09:00:00")
    assert c["body"] == "In the locker." and not c["title"]
    assert d["body"] == "Café at **nine**." and d["title"] == "HTML"
    assert "Bob" not in json.dumps(bodies(twin))
    assert collect(twin, path)["removed"] == 1  # by the name alone
    assert "author: [me@example.org]" in collect(twin, path, rc=2, author=["nobody@example.org"])


def test_a_cut_mailbox_removes_nothing(twin):
    path = twin.dir / "m.mbox"
    whole = "".join([*MAILS[:3], mail("Tess <tess@example.org>", "Last", HTML_MAIL, "z", more='Content-Type: multipart/mixed; boundary="b1"\n')])
    path.write_text(whole)
    assert collect(twin, path, author=["tess@example.org"])["new"] == 3
    for end in (whole.index("A first mail") + 4, whole.index("JVBER"), whole.index("--b1--") + 4, whole.index(MAILS[2]) + 9):
        path.write_text(whole[:end])
        assert "the mailbox is cut" in collect(twin, path, rc=1, author=["tess@example.org"])
        assert len(documents(twin)) == 3
    path.write_text(whole.rstrip("\n") + "\n")
    assert collect(twin, path, author=["tess@example.org"])["unchanged"] == 3


def test_gmail_takeout(twin):
    mails = [mail("Someone Else <t@gmail.example>", "Sent", "This was sent.", "f", labels="Sent,Important"),
             mail("Someone Else <t@gmail.example>", "Draft", "This is a draft.", "g", labels="Drafts"),
             mail("Tess <t@gmail.example>", "Draft", "This is a draft too.", "h", labels="Drafts"),
             mail("Tess <t@gmail.example>", "Bin", "This is in the bin.", "i", labels="Trash,Sent"),
             mail("Bob <bob@example.org>", "Hello", "Bob's.", "j", labels="Inbox")]
    path = write_zip(twin.dir / "takeout.zip", {"Takeout/Mail/All mail Including Spam and Trash.mbox": "".join(mails).replace("\n", "\r\n"),
                                                "Takeout/archive_browser.html": "<html></html>"})
    assert collect(twin, path)["new"] == 1
    assert bodies(twin) == {"f@mail.example.org": "This was sent."}
    assert collect(twin, path, drafts=True)["new"] == 1


def test_a_mailbox_of_any_size_takes_little_memory(twin):
    path = twin.dir / "large.mbox"
    attachment = ("QUJD" * 19 + "\n") * 400000  # 30 MB
    with open(path, "w") as f:
        for i in range(6):
            f.write(mail("Tess <tess@example.org>", f"No. {i}", f"--b\n\nMail number {i} here.\n--b\nContent-Type: image/png\n"
                         f"Content-Transfer-Encoding: base64\n\n{attachment}--b--", f"m{i}", more="Content-Type: multipart/mixed; boundary=b\n"))
    configure(twin, path, author=["tess@example.org"], name="export")
    assert peak(twin, "collect", "-q") < 150
    assert bodies(twin) == {f"m{i}@mail.example.org": f"Mail number {i} here." for i in range(6)}


# --- what is not as it should be ---


def test_the_kind_is_seen_by_the_content_and_an_unknown_one_says_what_is_known(twin):
    path = write_zip(twin.dir / "mastodon-outbox.json", {"conversations.json": "[]", "posts.csv": "a,b\n1,2\n"})
    said = collect(twin, path, rc=1)
    assert "known are those of Mastodon, X (Twitter), WordPress" in said
    mastodon_zip(twin.dir / "holiday.jpg", *TOOTS)
    assert collect(twin, twin.dir / "holiday.jpg")["new"] == 2


def test_a_cut_or_broken_archive_leaves_what_is_stored(twin):
    path = mastodon_zip(twin.dir / "a.zip", *TOOTS)
    collect(twin, path)
    whole = path.read_bytes()
    for n in (3, 60, len(whole) // 2, len(whole) - 10):
        path.write_bytes(whole[:n])
        collect(twin, path, rc=1)
        assert len(documents(twin)) == 2
    middle = whole.index(b"outbox.json") + 60
    path.write_bytes(whole[:middle] + bytes(b ^ 0x55 for b in whole[middle:middle + 40]) + whole[middle + 40:])
    assert "cut or broken" in collect(twin, path, rc=1)
    assert len(documents(twin)) == 2


def test_a_cut_compressed_tar_is_seen(twin):
    path = twin.dir / "a.tar.gz"
    with tarfile.open(path, "w:gz") as t:
        for name, text in [("outbox.json", outbox(*TOOTS)), ("noise.bin", os.urandom(50000).hex())]:
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            t.addfile(info, io.BytesIO(text.encode()))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert "cut or broken" in collect(twin, path, rc=1)


def test_a_bomb_is_not_read_to_its_end(twin):
    bomb = json.dumps([{"mapping": 1, "parent": 2}]) + " " * (100 << 20)
    path = write_zip(twin.dir / "bomb.zip", {"conversations.json": bomb})
    assert path.stat().st_size < 1 << 20
    assert "times its size" in collect(twin, path, rc=1)


def test_names_that_lead_out_and_links_are_left_out(twin):
    inside = outbox(*TOOTS)
    path = twin.dir / "a.tar"
    (twin.dir / "secret.json").write_text(outbox(note(99, "<p>A secret.</p>")))
    with tarfile.open(path, "w") as t:
        for name, text in [("../evil.json", outbox(note(50, "<p>Evil.</p>"))), ("/abs.json", outbox(note(51, "<p>Evil.</p>"))),
                           ("a/../../b.json", outbox(note(52, "<p>Evil.</p>"))), ("good/outbox.json", inside)]:
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            t.addfile(info, io.BytesIO(text.encode()))
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
            info = tarfile.TarInfo("link.json")
            info.type, info.linkname = kind, str(twin.dir / "secret.json")
            t.addfile(info)
    assert collect(twin, path)["new"] == 2
    assert twin.said.count("leads out of the archive") == 3 and twin.said.count("a link, or a device") == 2  # each once
    assert not any("Evil" in b or "secret" in b for b in bodies(twin).values())


def test_links_in_a_folder_are_not_followed(twin):
    (twin.dir / "secret.json").write_text(outbox(note(99, "<p>A secret.</p>")))
    (twin.dir / "ex").mkdir()
    (twin.dir / "ex/outbox.json").write_text(outbox(*TOOTS))
    (twin.dir / "ex/link.json").symlink_to(twin.dir / "secret.json")
    assert collect(twin, twin.dir / "ex")["new"] == 2


def test_an_encrypted_archive_says_what_to_do(twin):
    path = mastodon_zip(twin.dir / "a.zip", *TOOTS)
    data = bytearray(path.read_bytes())
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # the bit that says so, in both of its places
        i = data.find(magic)
        while i >= 0:
            data[i + at] |= 1
            i = data.find(magic, i + 4)
    path.write_bytes(data)
    assert "is encrypted; unpack it" in collect(twin, path, rc=1)


def test_wrong_json_is_an_error_and_one_wrong_piece_a_warning(twin):
    path = twin.dir / "outbox.json"
    whole = outbox(*TOOTS)
    path.write_text(whole)
    collect(twin, path)
    path.write_text(whole[:-40])
    assert "JSON" in collect(twin, path, rc=1)
    path.write_text(whole.replace('"inReplyTo": "https://other', '"inReplyTo": https://other', 1))
    assert collect(twin, path)["removed"] == 0 and "outbox.json" in twin.said
    assert len(documents(twin)) == 2


def test_a_long_export_takes_little_memory(twin):
    path = twin.dir / "result.json"
    with open(path, "w") as f:
        f.write('{"name": "Bob", "type": "personal_chat", "id": 42, "messages": [\n')
        for i in range(200000):
            who = "user1" if i % 3 else "user2"
            f.write(("," if i else "") + json.dumps(telegram_message(i, who, f"Message {i}: " + "word " * 40, when=1500000000 + i * 600)))
        f.write("]}")
    assert path.stat().st_size > 70 << 20
    configure(twin, path, author=["Tess T."], name="export")
    assert peak(twin, "collect", "-q") < 150
    docs = twin.json("show", "documents", "--limit", "0")
    assert len(docs) == len({datetime.datetime.fromtimestamp(1500000000 + i * 600, datetime.timezone.utc).strftime("%Y-%m") for i in range(200000)})


# --- named on the command line ---


def test_an_export_on_the_command_line_becomes_a_source(twin):
    path = mastodon_zip(twin.dir / "a.zip", *TOOTS)
    before = (twin.dir / "twin.yaml").read_text()
    assert twin.json("collect", path)["steps"][0]["outputs"]["new"] == 10
    now = (twin.dir / "twin.yaml").read_text()
    assert now == before.replace("sources:\n", 'sources:\n  - type: export   # Mastodon\n    name: mastodon\n    path: "a.zip"\n')
    for args in ([os.path.relpath(path)], [], [path]):
        out = twin.json("collect", *args)["steps"][0]["outputs"]
        assert (out["new"], out["removed"], out["unchanged"]) == (0, 0, 10)
    assert (twin.dir / "twin.yaml").read_text() == now


def test_an_export_on_the_command_line_is_named_from_the_working_folder(twin):
    elsewhere = twin.dir / "downloads"
    elsewhere.mkdir()
    mastodon_zip(elsewhere / "a.zip", *TOOTS)
    assert "no such" in twin("collect", "a.zip", rc=1, cwd=twin.dir).stderr.lower()
    twin("collect", "a.zip", cwd=elsewhere)
    assert 'path: "downloads/a.zip"' in (twin.dir / "twin.yaml").read_text()


def test_a_second_file_of_the_same_service_is_for_the_user_to_judge(twin):
    mastodon_zip(twin.dir / "a.zip", *TOOTS)
    mastodon_zip(twin.dir / "b.zip", *TOOTS[:1])
    twin("collect", twin.dir / "a.zip")
    now = (twin.dir / "twin.yaml").read_text()
    said = twin("collect", twin.dir / "b.zip", rc=2).stderr
    assert 'there is a source "mastodon" already' in said and 'path: "b.zip"' in said
    assert (twin.dir / "twin.yaml").read_text() == now


@pytest.mark.parametrize("sources", ["sources: [{type: dir, path: posts}]\n", "sources:\n  [{type: dir, path: posts}]\n"])
def test_a_list_on_one_line_is_not_edited(twin, sources):
    mastodon_zip(twin.dir / "a.zip", *TOOTS)
    twin.config(CONFIG.replace("sources:\n" + SOURCE, sources))
    said = twin("collect", twin.dir / "a.zip", rc=2).stderr
    assert "- type: export   # Mastodon" in said and 'path: "a.zip"' in said
    assert sources in (twin.dir / "twin.yaml").read_text()


def test_what_is_no_export_is_not_added(twin):
    now = (twin.dir / "twin.yaml").read_text()
    assert "known are those of" in twin("collect", twin.dir / "posts", rc=1).stderr
    assert "no such" in twin("collect", twin.dir / "nothing.zip", rc=1).stderr.lower()
    assert (twin.dir / "twin.yaml").read_text() == now
