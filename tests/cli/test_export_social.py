"""Exports of networks and of reading: posts and comments of LinkedIn, Reddit, Stack Exchange; passages of books with one's notes."""

import base64
import csv
import io
import json

import pytest

from exports import bodies, collect, configure, documents, peak, write_zip


def table(names, *rows, **how):
    out = io.StringIO()
    w = csv.writer(out, lineterminator="\n", **how)
    w.writerow(names.split(","))
    w.writerows(rows)
    return out.getvalue()


def exchanges(doc):
    return [(e["context"], e["reply"]) for e in (doc["extra"] or {}).get("exchanges", [])]


# --- LinkedIn ---

FEED = "https://www.linkedin.com/feed/update/urn%3Ali%3A"
SHARES = "Date,ShareLink,ShareCommentary,SharedUrl,MediaUrl,Visibility"
ARTICLE = """<html>
<head>
  <title>Whipping a rope's end</title>
  <style>body { margin: 0 auto; }</style>
</head>
<body>
    <img src="https://media.example/cover" alt="" title="" />
      <h1><a href="https://www.linkedin.com/pulse/whipping-ropes-end-tess">Whipping a rope's end</a></h1>
    <p class="created">Created on 2021-02-24 00:06</p>
  %s
  <div><p>Waxed twine, <strong>pulled tight</strong>.</p><blockquote>Never tape.</blockquote><p>So said the rigger.</p></div>
</body>
</html>
"""
COMMENTS = (
    "Date,Link,Message\n"
    f"2021-05-08 09:00:00,{FEED}ugcPost%3A7458,Replying to myself.\n"
    f"2021-05-08 09:30:00,{FEED}ugcPost%3A7458,And once more.\n"
    f",{FEED}activity%3A7401,\"Undated, this one.\"\n"
    f"2021-06-09 09:00:00,https://www.linkedin.com/feed/update/urn:li:activity:7400?commentUrn=urn%3Ali%3Acomment%3A%28x%2C1%29,Below a comment.\n"
    f"2021-06-10 18:53:49,{FEED}activity%3A7402,\"When I led the \\\"tea\\\" team,\n\nit was hot.\"\n"
    f"2021-06-11 18:53:49,{FEED}activity%3A7403,\"He said \\\"no\\\"\"\n"
)
MESSAGES = table(
    "CONVERSATION ID,CONVERSATION TITLE,FROM,SENDER PROFILE URL,TO,DATE,SUBJECT,CONTENT,FOLDER,ATTACHMENTS,IS MESSAGE DRAFT",
    ["2-a", "", "Tess T.", "", "Bob", "2021-01-01 10:06:00 UTC", "", "Never sent.", "INBOX", "", "Yes"],
    ["2-a", "", "Tess T.", "", "Bob", "2021-01-01 10:05:00 UTC", "", "In the locker.", "INBOX", "", "No"],
    ["2-a", "", "Bob", "", "Tess T.", "2021-01-01 10:00:00 UTC", "", "Where are the ropes?", "INBOX", "", "No"],
    ["2-b", "", "Ann", "", "Tess T.", "2021-01-02 10:00:00 UTC", "", "Only Ann's words.", "INBOX", "", "No"],
)
LINKEDIN = {
    "Connections.csv": "Notes:\n\"When exporting your connection data, …\"\n\nFirst Name,Last Name,URL\nBob,B.,https://x\n",
    "Profile.csv": "First Name,Last Name,Maiden Name,Headline,Summary\nTess,T.,,Rigger,My summary\n",
    "Shares.csv": table(
        SHARES,
        ["2021-05-07 16:41:18", f"{FEED}ugcPost%3A7458", "Coil it.\n\nAnd \"dry\" it, too.", "", "", "MEMBER_NETWORK"],
        ["2021-04-01 12:00:00", f"{FEED}share%3A7448", "", "https://example.org/others", "", "PUBLIC"]),
    "Comments.csv": COMMENTS,
    "InstantReposts.csv": "Date,Link\n2021-01-01 00:00:00,https://x\n",
    "messages.csv": MESSAGES,
    "Articles/Articles/a.html": ARTICLE % '<p class="published">Published on 2021-02-25 00:09</p>',
    "Articles/Articles/draft.html": ARTICLE.replace("whipping", "draft") % "",
}


def test_linkedin(twin):
    assert collect(twin, write_zip(twin.dir / "li.zip", LINKEDIN))["new"] == 8
    docs = documents(twin)
    share = docs["urn:li:ugcPost:7458"]
    assert share["body"].strip() == "Coil it.\n\nAnd \"dry\" it, too." and not share["title"]
    assert share["created"].startswith("2021-05-07T16:41:18") and share["url"] == f"{FEED}ugcPost%3A7458"
    quoted = docs["urn:li:activity:7402@2021-06-10 18:53:49"]
    assert quoted["body"].strip() == "When I led the \"tea\" team,\n\nit was hot."
    assert quoted["extra"]["in_reply_to"] == "urn:li:activity:7402"
    assert docs["urn:li:activity:7403@2021-06-11 18:53:49"]["body"].strip() == "He said \"no\""
    assert sum(k.startswith("urn:li:ugcPost:7458@") for k in docs) == 2
    assert any(k.startswith("urn:li:activity:7401@") and len(k) == 37 for k in docs)
    assert docs["urn:li:activity:7400@2021-06-09 09:00:00"]["extra"]["in_reply_to"] == "urn:li:activity:7400"
    article = docs["https://www.linkedin.com/pulse/whipping-ropes-end-tess"]
    assert article["title"] == "Whipping a rope's end" and article["created"].startswith("2021-02-25T00:09")
    assert article["body"].strip() == "Waxed twine, **pulled tight**.\n\n> Never tape.\n\nSo said the rigger."
    assert "ropes?" not in json.dumps(docs) and "Bob" not in json.dumps(docs)


def test_linkedin_drafts_and_messages_are_taken_only_when_asked_for(twin):
    path = write_zip(twin.dir / "li.zip", LINKEDIN)
    assert collect(twin, path, drafts=True)["new"] == 9
    out = collect(twin, path, direct=True)
    assert (out["new"], out["removed"]) == (1, 1)
    doc = documents(twin)["2-a/2021-01"]
    assert doc["body"].strip() == "In the locker." and exchanges(doc) == [("Where are the ropes?", "In the locker.")]
    assert "Ann" not in json.dumps(documents(twin))
    collect(twin, path, direct=True, drafts=True)
    assert "Never sent." in documents(twin)["2-a/2021-01"]["body"]
    assert "no message in it is by the author" in collect(twin, path, rc=2, direct=True, author=["Somebody"])


def test_a_contact_of_the_same_name_on_linkedin(twin):
    path = twin.dir / "messages.csv"
    path.write_text(table(
        "CONVERSATION ID,FROM,SENDER PROFILE URL,DATE,CONTENT",
        ["2-a", "Tess", "https://www.linkedin.com/in/tess-1", "2021-01-01 10:05:00 UTC", "Mine."],
        ["2-a", "Tess", "https://www.linkedin.com/in/tess-2", "2021-01-01 10:00:00 UTC", "Hers."]))
    assert collect(twin, path, direct=True, author=["https://www.linkedin.com/in/tess-1"])["new"] == 1
    assert bodies(twin) == {"2-a/2021-01": "Mine."}


def test_the_complete_copy_of_linkedin_has_other_names(twin):
    files = {name.replace(".csv", "_17529409.csv"): text for name, text in LINKEDIN.items()}
    assert collect(twin, write_zip(twin.dir / "li.zip", files))["new"] == 8


# --- Reddit ---

REDDIT = {
    "posts.csv": table(
        "id,permalink,date,ip,subreddit,gildings,title,url,body",
        ["abc1", "https://www.reddit.com/r/ropes/comments/abc1/which_lay/", "2022-11-05 10:00:00 UTC", "203.0.113.9", "ropes", "0",
         "Which lay &amp; why?", "", "Right-hand lay,\n\n&gt; as he said\n\nis **usual**."],
        ["abc2", "https://www.reddit.com/r/ropes/comments/abc2/a_link/", "2022-11-06 10:00:00 UTC", "", "ropes", "0", "A link",
         "https://example.org/", ""]),
    "comments.csv": table(
        "id,permalink,date,ip,subreddit,gildings,link,parent,body,media",
        ["def1", "/r/boats/comments/x/_/def1/", "2022-12-01 08:00:00 UTC", "", "boats", "0", "https://www.reddit.com/r/boats/comments/x/",
         "t3_x", "> It rots.\n> Always.\n\nFrom the inside, if you let it.\n\n> Really?\n\nYes.", ""],
        ["def2", "/r/boats/comments/x/_/def2/", "2022-12-02 08:00:00 UTC", "", "boats", "0", "https://x", "", "[removed]", ""]),
    "comment_headers.csv": table("id,permalink,date,ip,subreddit,gildings,link,parent", ["zzz", "/r/x", "2020-01-01", "", "x", "0", "", ""]),
    "messages.csv": table("id,permalink,thread_id,date,ip,from,to,subject,body", ["m1", "", "", "2020-01-01", "", "bob", "tess", "Hi", "Bob's"]),
    "saved_posts.csv": "id,permalink\nq,https://www.reddit.com/r/others/comments/q/\n",
}


def test_reddit(twin):
    assert collect(twin, write_zip(twin.dir / "reddit.zip", REDDIT))["new"] == 2
    docs = documents(twin)
    post, comment = docs["t3_abc1"], docs["t1_def1"]
    assert post["title"] == "Which lay & why?" and post["extra"] == {"tags": ["ropes"]}
    assert post["body"].strip() == "Right-hand lay,\n\n> as he said\n\nis **usual**."
    assert post["created"].startswith("2022-11-05T10:00:00") and post["url"].startswith("https://www.reddit.com/r/ropes/")
    assert not comment["title"] and comment["url"] == "https://www.reddit.com/r/boats/comments/x/_/def1/"
    assert comment["extra"]["in_reply_to"] == "t3_x"
    assert exchanges(comment) == [("It rots.\nAlways.", "From the inside, if you let it."), ("Really?", "Yes.")]
    assert "203.0.113.9" not in json.dumps(docs)


def test_what_looks_like_a_quotation_on_reddit_and_is_none(twin):
    path = twin.dir / "comments.csv"
    rows = [["c1", "/r/a", "", "films", ">!He dies!< in the end."],
            ["c2", "/r/a", "", "code", "Type this:\n\n    > ls\n\nand look."],
            ["c3", "/r/a", "", "code", "So:\n\n```\n> ls\n```\n\n> Why?\n\nTo look."]]
    path.write_text(table("id,permalink,date,subreddit,body", *rows))
    assert collect(twin, path)["new"] == 3
    docs = documents(twin)
    assert docs["t1_c1"]["body"].strip() == "\\>!He dies!< in the end."
    assert [exchanges(docs[f"t1_c{i}"]) for i in (1, 2, 3)] == [[], [], [("Why?", "To look.")]]


# --- Stack Exchange ---


def rows(root, *all):
    body = "".join("  <row %s />\n" % " ".join(f'{k}="{escape(v)}"' for k, v in r.items()) for r in all)
    return f'\ufeff<?xml version="1.0" encoding="utf-8"?>\n<{root}>\n{body}</{root}>'


def escape(text):
    for c, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("\n", "&#xA;")):
        text = text.replace(c, name)
    return text


def post(id, kind, owner, body, **more):
    return {"Id": str(id), "PostTypeId": str(kind), "CreationDate": "2015-03-31T19:11:24.947", "Score": "3", "Body": body,
            "OwnerUserId": str(owner), **more}


USERS = [{"Id": "-1", "DisplayName": "Community"}, {"Id": "7", "DisplayName": "Bob & Co"}, {"Id": "8", "DisplayName": "Tess"}]
SITE = {
    "Badges.xml": rows("badges", {"Id": "1", "UserId": "8", "Name": "Teacher"}),
    "Comments.xml": rows(
        "comments",
        {"Id": "1", "PostId": "3", "Score": "0", "Text": "@Tess `x > 1`?", "CreationDate": "2015-04-01T00:00:00.000", "UserId": "7"},
        {"Id": "2", "PostId": "1", "Score": "0", "Text": "Which \"rope\"?", "CreationDate": "2015-04-02T00:00:00.000", "UserId": "8"}),
    "Posts.xml": rows(
        "posts",
        post(1, 1, 7, "<p>It <b>frays</b>.</p>", Title="What to do with the end > of a rope?", Tags="<rope><knots>"),
        post(2, 2, 7, "<p>Bob's answer.</p>", ParentId="1"),
        post(3, 2, 8, "<p>Whip it:</p>\n\n<pre><code>a &lt; b\n</code></pre>\n", ParentId="1", LastEditDate="2016-01-01T00:00:00.000"),
        post(4, 1, 8, "<p>How long?</p>", Title="Whipping", Tags="|rope|twine|"),
        post(5, 5, 8, "<p>A tag's wiki.</p>")),
    "Users.xml": rows("users", *USERS),
}


@pytest.mark.parametrize("author", [None, ["tess"], ["8"]])
def test_stack_exchange(twin, author):
    path = write_zip(twin.dir / "dump.zip", SITE)
    assert collect(twin, path, **({"author": author} if author else {}))["new"] == 3
    docs = documents(twin)
    answer, question, comment = docs["posts/3"], docs["posts/4"], docs["comments/2"]
    assert answer["body"].strip() == "Whip it:\n\n```\na < b\n```" and not answer["title"]
    assert answer["created"].startswith("2015-03-31T19:11:24") and answer["modified"].startswith("2016-01-01")
    assert answer["extra"]["in_reply_to"] == "posts/1"
    assert exchanges(answer) == [("What to do with the end > of a rope?\n\nIt **frays**.", answer["body"].strip())]
    assert question["title"] == "Whipping" and question["extra"] == {"tags": ["rope", "twine"]}
    assert exchanges(comment)[0][1] == "Which \"rope\"?" and comment["body"] == "Which \"rope\"?"
    assert "Bob's answer" not in json.dumps(docs)


def test_odd_rows_of_stack_exchange(twin):
    odd = rows(
        "comments",
        {"Id": "1", "PostId": "3", "Text": 'Look for PostTypeId="1" in it.', "UserId": "8"},
        {"Id": "2", "PostId": "3", "Text": "=" * 2000 + " > is a line", "UserId": "8"},
        {"Id": "3", "PostId": "3", "Text": "A\nsign: BELL.", "UserId": "8"},
        {"Id": "4", "PostId": "1", "Text": "@Ann no, the other end.", "UserId": "8"})
    path = write_zip(twin.dir / "dump.zip", SITE | {"Comments.xml": odd.replace("BELL", "&#x7;")})
    assert collect(twin, path)["new"] == 6
    docs = documents(twin)
    assert docs["comments/1"]["body"] == 'Look for PostTypeId="1" in it.'
    assert docs["comments/2"]["body"] == "=" * 2000 + " > is a line"
    assert docs["comments/3"]["body"].startswith("A\nsign: ")
    assert not exchanges(docs["comments/4"]) and docs["comments/4"]["extra"]["in_reply_to"] == "posts/1"  # it answers Ann's comment


def test_stack_exchange_names_that_say_too_little(twin):
    path = write_zip(twin.dir / "dump.zip", SITE)
    assert "author: [12345]" in collect(twin, path, rc=2, author=["nobody"])
    twice = SITE | {"Users.xml": rows("users", *USERS, {"Id": "9", "DisplayName": "Tess"})}
    write_zip(path, twice)
    assert "2 users of this site have that name" in collect(twin, path, rc=2)
    assert collect(twin, path, author=["8"])["new"] == 3
    bare = twin.dir / "Posts.xml"
    bare.write_text(SITE["Posts.xml"])
    assert "author: [12345]" in collect(twin, bare, rc=2)
    assert collect(twin, bare, author=["8"])["removed"] == 1  # the comment is in another file


def test_a_cut_dump_removes_nothing(twin):
    folder = twin.dir / "dump"
    folder.mkdir()
    for name, text in SITE.items():
        (folder / name).write_text(text)
    assert collect(twin, folder)["new"] == 3
    whole = SITE["Posts.xml"]
    for end in (whole.index('Id="4"') + 20, whole.index("</posts>"), len(whole) - 3):
        (folder / "Posts.xml").write_text(whole[:end])
        assert "cut" in collect(twin, folder, rc=1)
        assert len(documents(twin)) == 3


SEVEN_ZIP = (
    "N3q8ryccAAPoW69CqQAAAAAAAABIAAAAAAAAAHUj+x0AHg/LhxHYzmaRD4Meyv17M9R/6bfaKDF2JWYgTSoJbYm6XYkbkElKQJCIAU2tXVNc6k"
    "VPxMgUgj0IPB7iO/lbRhfkOrlu2Vv5S0l3BH5T/idGRbXp9jAnFoa0J8FtqCG8TIq4o/J2xMCLfKbn0f44QPOWutpb7HQxQRW4ALE+NA6FCbZk"
    "9Ly7ckjRlhD+vnHfKpUKZL/SOPu787u9jGsa/x7rqfT61tt9AQQGAAEJgKkABwsBAAEjAwEBBV0AAIAADIC+AAgKATW9L6oAAAUBERUAUABvAH"
    "MAdABzAC4AeABtAGwAAAAVBgEAIICkgQAA"
)  # Posts.xml with one answer of the user 8, as libarchive packs it


def test_a_dump_is_read_as_it_was_downloaded(twin):
    path = twin.dir / "knots.stackexchange.com.7z"
    path.write_bytes(base64.b64decode(SEVEN_ZIP))
    assert collect(twin, path, author=["8"])["new"] == 1
    assert bodies(twin) == {"posts/3": "Whip it."}
    path.write_bytes(base64.b64decode(SEVEN_ZIP)[:-30])
    assert "cut or broken" in collect(twin, path, rc=1, author=["8"])
    assert len(documents(twin)) == 1


BOMB = (
    "N3q8ryccAAMfTkQauQEAAAAAAABFAAAAAAAAAJfXbFxCWmg2MUFZJlNZoRi/XgOpad+AgBBQALBHECDGAAYB3OAACCAAdQypo0xqPUNGgeQRUgA0"
    "DQBpeQmqiIIi0gAogiLUewKABQQCCCWRE1AjmZ06Lq0h40A8LFnk9vf4zX5RCM4kSH3EpyAFEERfzFBWSZTWTre1YYA6l4QAMAAAAggADCATUZBK"
    "SNSCUkcxQVkmU1k63tWGAOpeEADAAAAIIAAwgE1GQSkjUglJHMUFZJlNZOt7VhgDqXhAAwAAACCAAMIBNRkEpI1IJSRzFBWSZTWTre1YYA6l4QAM"
    "AAAAggADCATUZBKSNSCUkcxQVkmU1k63tWGAOpeEADAAAAIIAAwgE1GQSkjUglJHMUFZJlNZOt7VhgDqXhAAwAAACCAAMIBNRkEpI1IJSRzFBWSZ"
    "TWTre1YYA6l4QAMAAAAggADCATUZBKSNSCUkcxQVkmU1k63tWGAOpeEADAAAAIIAAwgE1GQSkjUglJHMUFZJlNZOt7VhgDqXhAAwAAACCAAMIBNR"
    "kEpI1IJSRzFBWSZTWWDMRKsAQb6QQMAAAACACCAAMMwJqmmQIqraoCKq8XckU4UJAHl69yABBAYAAQmBuQAHCwEAAQMEAgIM8AAAwBIACAoB4mNZ"
    "tgAABQERFQBQAG8AcwB0AHMALgB4AG0AbAAAABUGAQAggKSBAAA="
)  # Posts.xml of 300 MiB


def test_a_7z_that_expands_out_of_proportion_is_refused(twin):
    path = twin.dir / "bomb.7z"
    path.write_bytes(base64.b64decode(BOMB))
    assert "more than 200 times its size" in collect(twin, path, rc=1, author=["8"])


# --- Kindle ---

CLIPPINGS = """\ufeffCien años de soledad (Gabriel García Márquez)
- Tu subrayado en la página 7 | posición 89-92 | Añadido el martes, 12 de marzo de 2024 21:30:15

Muchos años después.
==========
\ufeffDune (Dune Chronicles) (Frank Herbert)
- Your Highlight on page 45 | Location 680-682 | Added on Monday, January 1, 2024 3:19:56 PM

Fear is the mind-killer.
==========
Dune (Dune Chronicles) (Frank Herbert)
- Your Note on page 45 | Location 682 | Added on Monday, January 1, 2024 3:20:56 PM

# I say this before *every* exam.
==========
Dune (Dune Chronicles) (Frank Herbert)
- Your Bookmark on page 45 | Location 690 | Added on Monday, January 1, 2024 3:20:56 PM


==========
Dune (Dune Chronicles) (Frank Herbert)
- Your Highlight on page 12 | Location 180-82 | Added on Monday, 1 January 2024 10:58:06

The spice must
==========
Dune (Dune Chronicles) (Frank Herbert)
- Your Highlight on page 12 | Location 180-183 | Added on Monday, 1 January 2024 10:59:06

The spice must flow.
==========
Dune (Dune Chronicles) (Frank Herbert)
- Your Note on Location 9000 | Added on Tuesday, January 2, 2024 12:20:56 AM

Read it again.
==========
Dune (Dune Chronicles) (Frank Herbert)
- Your Highlight on Location 9500-9501 | Added on Tuesday, January 2, 2024 12:20:56 AM

 <You have reached the clipping limit for this item>
==========
Der Prozess (Franz Kafka)
- Ihre Markierung bei Position 233-235 | Hinzugefügt am Dienstag, 5. März 2024 21:12:45

Jemand musste Josef K. verleumdet haben.
==========
Der Prozess (Franz Kafka)
- Ihre Notiz bei Position 235 | Hinzugefügt am Dienstag, 5. März 2024 21:13:45

Der beste erste Satz.
==========
こころ (夏目漱石)
- 位置No. 152-155のハイライト | 追加日： 2024年4月2日火曜日 22:15:08

私はその人を常に先生と呼んでいた。
==========
こころ (夏目漱石)
- 45ページ|位置No. 155のメモ |追加日： 2024年4月2日火曜日 22:16:00

始まり。
==========
三体 (刘慈欣)
– 您在位置 #351-352的标注 | 添加于 2024年3月5日星期二 下午9:12:45

不要回答！
==========
Språk (Somebody)
- Din markering på side 5 | Lagt til 5. mai 2024

Whatever the words for it are.
==========
"""
DUNE = "Dune (Dune Chronicles) (Frank Herbert)"


def test_kindle_clippings(twin):
    path = twin.dir / "My Clippings.txt"
    path.write_text(CLIPPINGS)
    assert collect(twin, path)["new"] == 6
    docs = documents(twin)
    dune = docs[DUNE]
    assert dune["body"].strip() == (
        "> The spice must flow.\n>\n> — Frank Herbert, Dune (Dune Chronicles)\n\n"
        "> Fear is the mind-killer.\n>\n> — Frank Herbert, Dune (Dune Chronicles)\n\n"
        "\\# I say this before \\*every\\* exam.\n\nRead it again.")
    assert exchanges(dune) == [("Fear is the mind-killer.", "\\# I say this before \\*every\\* exam.")]
    assert not dune["title"] and dune["author"] == "Tess"
    assert dune["created"].startswith("2024-01-01T10:58:06") and dune["modified"].startswith("2024-01-02T00:20:56")
    assert docs["Cien años de soledad (Gabriel García Márquez)"]["created"].startswith("2024-03-12T21:30:15")
    prozess = docs["Der Prozess (Franz Kafka)"]
    assert exchanges(prozess) == [("Jemand musste Josef K. verleumdet haben.", "Der beste erste Satz.")]
    assert prozess["created"].startswith("2024-03-05T21:12:45")
    kokoro = docs["こころ (夏目漱石)"]
    assert exchanges(kokoro) == [("私はその人を常に先生と呼んでいた。", "始まり。")] and kokoro["created"].startswith("2024-04-02T22:15:08")
    assert docs["三体 (刘慈欣)"]["created"].startswith("2024-03-05T21:12:45")
    assert all(line.startswith(">") for line in docs["Språk (Somebody)"]["body"].splitlines() if line)  # unknown words: a quotation


@pytest.mark.parametrize("text", ["utf-16", "utf-8-sig", "crlf"])
def test_kindle_clippings_are_the_same_in_every_encoding(twin, text):
    path = twin.dir / "My Clippings.txt"
    path.write_text(CLIPPINGS)
    collect(twin, path)
    bytes = CLIPPINGS.replace("\n", "\r\n").encode() if text == "crlf" else CLIPPINGS.lstrip("\ufeff").encode(text)
    path.write_bytes(bytes)
    out = collect(twin, path)
    assert (out["unchanged"], out["new"], out["changed"], out["removed"]) == (6, 0, 0, 0)


def test_cut_clippings_remove_nothing(twin):
    path = twin.dir / "My Clippings.txt"
    path.write_text(CLIPPINGS)
    collect(twin, path)
    for end in (len(CLIPPINGS) - 4, CLIPPINGS.index("Der beste"), CLIPPINGS.index("Der Prozess") + 20):
        path.write_text(CLIPPINGS[:end])
        assert "is cut" in collect(twin, path, rc=1)
        assert len(documents(twin)) == 6


NOTEBOOK = """<html xmlns="http://www.w3.org/TR/1999/REC-html-in-xml" xml:lang="en" lang="en"><head><meta charset="UTF-8" />
<style>.bookTitle { font-size: 24px } .noteHeading, .noteText, .sectionHeading { margin: 0 }</style></head><body>
<div class="bodyContainer"><div class="notebookFor">Notebook for</div><div class="bookTitle">
    Piranesi
</div><div class="authors">
    Clarke, Susanna
</div><div class="citation"></div><hr />
<div class="sectionHeading">Part 1: A note on Statues</div>
<div class="noteHeading">Highlight(<span class="highlight_yellow">yellow</span>) - A note &gt; Page 12 · Location 180</div>
<div class="noteText">The Beauty of the House &amp; its Kindness.</div>
<div class="noteHeading">Note - A note &gt; Page 12 · Location 181</div>
<div class="noteText">Keep<br/>this.</div>
<div class="noteHeading">Bookmark - Page 13 · Location 200</div>
<div class="noteHeading">Markering(<span class="highlight_blue">blå</span>) - Location 900</div>
<div class="noteText">Second.</div>
</div></body></html>
"""


@pytest.mark.parametrize("kind", ["apps", "mac"])
def test_kindle_notebook(twin, kind):
    html = NOTEBOOK
    if kind == "mac":  # wrong ends, as that program writes them
        html = html.replace('<div class="noteHeading">', "<h3 class='noteHeading'>").replace('<div class="sectionHeading">', "<h2 class='sectionHeading'>")
        html = html.replace('class="noteText"', "class='noteText'").replace("this.</div>", "this.</h3>").replace("Kindness.</div>", "Kindness.</h3>")
    path = twin.dir / "Piranesi-Notebook.html"
    path.write_text(html)
    assert collect(twin, path)["new"] == 1
    doc = documents(twin)["Piranesi (Clarke, Susanna)"]
    assert doc["body"].strip() == (
        "> The Beauty of the House & its Kindness.\n>\n> — Clarke, Susanna, Piranesi\n\nKeep  \nthis.\n\n"
        "> Second.\n>\n> — Clarke, Susanna, Piranesi")
    assert exchanges(doc) == [("The Beauty of the House & its Kindness.", "Keep  \nthis.")] and not doc["title"]
    twin.write({"a.html": html, "b.html": html.replace("Clarke", "Another")}, folder="books")
    assert collect(twin, twin.dir / "books", name="books")["new"] == 2  # of one title


# --- Readwise, Goodreads ---

READWISE = "Highlight,Book Title,Book Author,Amazon Book ID,Note,Color,Tags,Location Type,Location,Highlighted at,Document tags"


def test_readwise(twin):
    path = twin.dir / "readwise-data.csv"
    path.write_text("\ufeff" + table(
        READWISE,
        ["Attention is trained,\nnot given.", "The Slow Book", "Mara Ellison", "B00X", "Key idea", "yellow", "", "page", "12", "2020-10-05 10:15:30+00:00", ""],
        ["You have power.", "Meditations", "Marcus Aurelius", "", "", "", "", "page", "3", "2021-10-05 10:15:30+00:00", ""],
        ["She said \"hello\".", "The Slow Book", "Mara Ellison", "B00X", "", "", "", "page", "2", "2020-10-06 08:00:00+00:00", ""],
        ["Of no place.", "Meditations", "Marcus Aurelius", "", "", "", "", "page", "nan", "2021-10-05 10:15:30+00:00", ""],
        ["", "", "", "", "", "", "", "", "", "", ""]))
    assert collect(twin, path)["new"] == 2
    docs = documents(twin)
    assert docs["B00X"]["body"].strip() == (
        "> She said \"hello\".\n>\n> — Mara Ellison, The Slow Book\n\n"
        "> Attention is trained,  \n> not given.\n>\n> — Mara Ellison, The Slow Book\n\nKey idea")
    assert exchanges(docs["B00X"]) == [("Attention is trained,\nnot given.", "Key idea")]
    assert docs["B00X"]["created"].startswith("2020-10-05T10:15:30") and not docs["B00X"]["title"]
    assert docs["Meditations (Marcus Aurelius)"]["author"] == "Tess"
    assert docs["Meditations (Marcus Aurelius)"]["body"].startswith("> Of no place.")


def test_readwise_answers_of_the_api(twin):
    highlight = {"id": 456, "text": "Plot your course.", "location": 5, "location_type": "order", "note": "By hand.", "color": "yellow",
                 "highlighted_at": "2022-09-13T16:41:53.186Z", "is_discard": False, "tags": []}
    books = [
        {"user_book_id": 123, "title": "Some title", "author": "Someone", "source": "raindrop", "source_url": "https://example.org/a",
         "document_note": None, "summary": "A machine's", "highlights": [highlight, {**highlight, "id": 457, "text": "Gone.", "note": "", "is_discard": True}]},
        {"title": "no id", "highlights": [highlight]},
    ]
    path = twin.dir / "export.json"
    path.write_text(json.dumps({"count": 2, "nextPageCursor": None, "results": books}))
    out = collect(twin, path)
    assert (out["new"], out["skipped"]) == (1, 1) and "user_book_id" in twin.said
    doc = documents(twin)["123"]
    assert doc["body"].strip() == "> Plot your course.\n>\n> — Someone, Some title\n\nBy hand." and doc["url"] == "https://example.org/a"


def test_goodreads(twin):
    names = "Book Id,Title,Author,Author l-f,Additional Authors,ISBN,ISBN13,My Rating,Average Rating,Publisher,Date Read,Date Added," \
            "Bookshelves,Bookshelves with positions,Exclusive Shelf,My Review,Spoiler,Private Notes,Read Count,Owned Copies"
    path = twin.dir / "goodreads_library_export.csv"
    path.write_text(table(
        names,
        ["54785515", "Four Thousand Weeks", "Oliver Burkeman", "", "", '="0374159122"', "", "5", "4.18", "", "2021/09/12", "2021/08/01", "time, own", "",
         "read", "Changed how I plan.<br/><br/><blockquote>We are finite.</blockquote>Re-read &amp; lent.", "", "A secret.", "1", "0"],
        ["1", "Unread", "Somebody", "", "", "", "", "0", "4", "", "", "2021/08/01", "", "", "to-read", "", "", "", "0", "0"]))
    assert collect(twin, path)["new"] == 1
    doc = documents(twin)["54785515"]
    assert doc["title"] == "Four Thousand Weeks" and doc["created"].startswith("2021-09-12") and doc["extra"] == {"tags": ["time", "own"]}
    assert doc["body"].strip() == "Changed how I plan.\n\n> We are finite.\n\nRe-read & lent."


# --- what others wrote stays theirs ---


def test_passages_of_books_never_become_answers(twin):
    passage = "Passage number {} of the book says at some length what its writer thinks about the sea, and it does so in many words."
    note = "My own note {}: I have seen this myself on the pier, more than once, and I would not put it in quite the same way today."
    entries = "".join(
        f"The Sea (A. Writer)\n- Your Highlight on Location {i}0-{i}5 | Added on Monday, January 1, 2024 10:00:00 AM\n\n{passage.format(i)}\n==========\n"
        + (f"The Sea (A. Writer)\n- Your Note on Location {i}5 | Added on Monday, January 1, 2024 10:01:00 AM\n\n# Heading\n\n{note.format(i)}\n==========\n" if i % 2 else "")
        for i in range(1, 9))
    path = twin.dir / "clips.txt"
    path.write_text(entries)
    configure(twin, path, name="export")
    twin("collect", "-q")
    twin("features", "-q")
    rows = [json.loads(line) for line in twin("export", "view", "labels").stdout.splitlines()]
    assert not any("Passage number" in row["answer"] for row in rows)
    assert not any(row["answer"].lstrip().startswith(">") for row in rows)
    replies = {row["instruction"]: row["answer"] for row in rows if row["kind"] == "reply"}
    assert replies == {passage.format(i): f"\\# Heading\n\n{note.format(i)}" for i in (1, 3, 5, 7)}
    chunks = twin("export", "view", "chunks").stdout
    assert all(passage.format(i) in chunks for i in range(1, 9))  # a question finds them


# --- what is not as it should be ---


def test_a_cut_table_removes_nothing(twin):
    path = twin.dir / "comments.csv"
    path.write_text(REDDIT["comments.csv"])
    assert collect(twin, path)["new"] == 1
    path.write_text(REDDIT["comments.csv"][:REDDIT["comments.csv"].index("From the inside")])
    assert "is cut" in collect(twin, path, rc=1)
    assert len(documents(twin)) == 1


def test_a_table_that_is_cut_within_a_row_removes_nothing(twin):
    path = twin.dir / "comments.csv"
    text = "id,permalink,date,subreddit,body\na1,/r/a,2020-01-01,boats,One\na2,/r/a,2020-01-01,boats,Two\n"
    path.write_text(text)
    assert collect(twin, path)["new"] == 2
    path.write_text(text[:text.index("boats,Two")])
    assert "is cut" in collect(twin, path, rc=1)
    assert len(documents(twin)) == 2


def test_names_of_columns_in_quotes_behind_a_mark(twin):
    path = twin.dir / "comments.csv"
    path.write_text('\ufeff"id","permalink","date","subreddit","body"\n"a1","/r/a","","boats","x"\n')
    assert collect(twin, path)["new"] == 1


def test_odd_tables(twin):
    path = twin.dir / "comments.csv"
    text = "SUBREDDIT,date,ID,permalink,body\r\nboats,2020-01-01,a1,/r/a,One \"quote\" within\r\n\r\nboats,2020-01-02,a2\r\nboats,,a3,,\"x\n\ny\""
    path.write_bytes(b"\xef\xbb\xbf" + text.encode().replace(b"within", b"caf\xe9"))
    assert collect(twin, path)["new"] == 2
    assert bodies(twin) == {"t1_a1": "One \"quote\" café", "t1_a3": "x\n\ny"}


def test_a_row_that_is_too_long_costs_itself(twin):
    path = twin.dir / "comments.csv"
    with open(path, "w") as f:
        f.write("id,permalink,date,subreddit,body\na1,,,,short\na2,,,,\"")
        for _ in range(33):
            f.write("x" * (1 << 20))
        f.write("\"\na3,,,,short too\n")
    configure(twin, path, name="export")
    assert peak(twin, "collect", "-q") < 200
    assert set(bodies(twin)) == {"t1_a1", "t1_a3"}


def test_a_long_table_takes_little_memory(twin):
    path = twin.dir / "comments.csv"
    with open(path, "w") as f:
        f.write("id,permalink,date,subreddit,body\n")
        for i in range(3000):
            f.write(f"c{i},/r/a/{i},2020-01-01 00:00:00 UTC,boats,\"{'word ' * 4000}{i}\"\n")
    configure(twin, path, name="export")
    assert peak(twin, "collect", "-q") < 150
