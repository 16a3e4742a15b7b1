"""Chats as the services export them: WhatsApp's text, Slack's workspaces, Discord's package and DiscordChatExporter's JSON."""

import json
import random

import pytest

from exports import bodies, collect, configure, documents, peak, write_zip

LRM, RLM, NNBSP, NBSP = "\u200e", "\u200f", "\u202f", "\u00a0"


def exchanges(twin, key):
    return [(e["context"], e["reply"]) for e in (documents(twin)[key]["extra"] or {}).get("exchanges", [])]


# --- WhatsApp ---

ANDROID = """5/21/18, 9:05 PM - Messages and calls are end-to-end encrypted. No one outside of this chat can read them.
5/21/18, 9:05 PM - Bob: Where is the rope?
5/21/18, 9:06 PM - Tess: In the locker: left side.
It hangs there.

As always.
5/21/18, 9:06 PM - Tess: And it's wet. <This message was edited>
5/21/18, 9:07 PM - Bob: <Media omitted>
5/21/18, 9:08 PM - Tess: Nice one!
5/21/18, 9:09 PM - Tess: IMG-20180521-WA0003.jpg (file attached)
With the lay, see?
5/21/18, 9:10 PM - Tess: This message was deleted
5/21/18, 9:10 PM - Tess: <Media omitted>
5/21/18, 9:11 PM - Bob changed the subject from "Ropes" to "Plan: B"
5/21/18, 9:12 PM - Bob: ok
5/22/18, 12:30 AM - Tess: location: https://maps.google.com/?q=1.5,2.5
6/1/18, 12:00 PM - +49 170 1234567: Noon?
6/1/18, 12:01 PM - Tess: Noon.
"""


def chat(twin, text, name="WhatsApp Chat with Bob.txt"):
    path = twin.dir / name
    path.write_text(text, encoding="utf-8")
    return path


def test_whatsapp_from_android(twin):
    assert collect(twin, chat(twin, ANDROID))["new"] == 2
    docs = documents(twin)
    may, june = docs["WhatsApp Chat with Bob/2018-05"], docs["WhatsApp Chat with Bob/2018-06"]
    assert may["body"] == ("In the locker: left side.\nIt hangs there.\n\nAs always.\n\nAnd it's wet.\n\nNice one!\n\n"
                           "With the lay, see?")
    assert may["created"].startswith("2018-05-21T21:06:00") and may["author"] == "Tess"
    assert may["media"] == "text/plain" and not may["title"]
    assert june["body"] == "Noon." and june["created"].startswith("2018-06-01T12:01:00")
    assert exchanges(twin, "WhatsApp Chat with Bob/2018-05") == [
        ("Where is the rope?", "In the locker: left side.\nIt hangs there.\n\nAs always.\n\nAnd it's wet.")]
    assert exchanges(twin, "WhatsApp Chat with Bob/2018-06") == [("Noon?", "Noon.")]


IOS = "\r\n".join([
    f"[21.05.18, 10:22:11] Bob: {LRM}Nachrichten und Anrufe sind Ende-zu-Ende-verschlüsselt.",
    "[21.05.18, 10:22:11] Bob: Wo ist das Seil?",
    f"{LRM}[21.05.18, 10:23:02] Tess: {LRM}Bild weggelassen",
    "[21.05.18, 10:23:10] Tess: Im Spind, @\u2068Bob Müller\u2069.\nWie immer.",
    f"[21.05.18, 10:23:40] Tess: Und nass. {LRM}<Diese Nachricht wurde bearbeitet.>",
    f"{LRM}[21.05.18, 10:24:00] Tess: Plan.pdf • {LRM}2 Seiten {LRM}<Anhang: 00000017-Plan.pdf>",
    f"{LRM}[21.05.18, 10:25:00] Tess: Schau mal! {LRM}<Anhang: 00000018-PHOTO-2018-05-21-10-25-00.jpg>",
    f"[21.05.18, 10:26:00] Bob: {LRM}Verpasster Sprachanruf",
    f"[21.05.18, 10:27:00] ~{NNBSP}Carla: Wer bringt was?",
    "[31.05.18, 23:59:59] Tess: Ich bringe Tee.", ""])


def test_whatsapp_from_an_iphone_in_its_zip(twin):
    path = write_zip(twin.dir / "WhatsApp Chat - Bob.zip", {"_chat.txt": IOS, "00000018-PHOTO-2018-05-21-10-25-00.jpg": b"\xff\xd8" * 999})
    assert collect(twin, path)["new"] == 1
    assert bodies(twin) == {"_chat/2018-05": "Im Spind, @Bob Müller.\nWie immer.\n\nUnd nass.\n\nSchau mal!\n\nIch bringe Tee."}
    assert exchanges(twin, "_chat/2018-05") == []  # a picture stands between, and the last answer is days late


# (how the day of month d, month m, hour h, minute 7 is written; what comes behind)
FORMS = {
    "en_US": lambda d, m, h: f"{m}/{d}/18, {h % 12 or 12}:07{NNBSP}{'AM' if h < 12 else 'PM'} - ",
    "en_US ios": lambda d, m, h: f"[{m}/{d}/18, {h % 12 or 12}:07:09{NNBSP}{'AM' if h < 12 else 'PM'}] ",
    "en_GB": lambda d, m, h: f"{d:02}/{m:02}/2018, {h:02}:07 - ",
    "en_IN": lambda d, m, h: f"{d:02}/{m:02}/18, {h % 12 or 12}:07 {'am' if h < 12 else 'pm'} - ",
    "en_CA": lambda d, m, h: f"2018-{m:02}-{d:02}, {h % 12 or 12}:07 {'a.m.' if h < 12 else 'p.m.'} - ",
    "en_ZA": lambda d, m, h: f"2018/{m:02}/{d:02}, {h:02}:07 - ",
    "de": lambda d, m, h: f"{d:02}.{m:02}.18, {h:02}:07 - ",
    "es": lambda d, m, h: f"{d}/{m}/18 {h}:07 - ",
    "es_MX": lambda d, m, h: f"{d:02}/{m:02}/18 {h % 12 or 12}:07 {'a.' if h < 12 else 'p.'}{NBSP}m. - ",
    "es ios": lambda d, m, h: f"[{d}/{m}/18 {h}:07:09] ",
    "fr": lambda d, m, h: f"{d:02}/{m:02}/2018 à {h:02}:07 - ",
    "fr_CA": lambda d, m, h: f"2018-{m:02}-{d:02} {h:02} h 07 - ",
    "fr_CA ios": lambda d, m, h: f"[2018-{m:02}-{d:02} {h:02} h 07 min 09 s] ",
    "nl": lambda d, m, h: f"{d:02}-{m:02}-18 {h:02}:07 - ",
    "da": lambda d, m, h: f"{d:02}.{m:02}.2018 {h:02}.07 - ",
    "fi": lambda d, m, h: f"{d}.{m}.2018 klo {h}.07 - ",
    "hu": lambda d, m, h: f"2018. {m:02}. {d:02}. {h:02}:07 - ",
    "bg": lambda d, m, h: f"{d}.{m:02}.18 г., {h}:07 ч. - ",
    "el": lambda d, m, h: f"{d}/{m}/18, {h % 12 or 12}:07 {'π.μ.' if h < 12 else 'μ.μ.'} - ",
    "tr": lambda d, m, h: f"{d:02}.{m:02}.2018 {h:02}:07 - ",
    "vi": lambda d, m, h: f"{h:02}:07, {d:02}/{m:02}/2018 - ",
    "ja": lambda d, m, h: f"2018/{m:02}/{d:02} {h:02}:07 - ",
    "ja ios": lambda d, m, h: f"[2018/{m:02}/{d:02} {'午前' if h < 12 else '午後'}{h % 12}:07:09] ",
    "ko": lambda d, m, h: f"2018. {m}. {d}. {'오전' if h < 12 else '오후'} {h % 12 or 12}:07 - ",
    "zh_TW": lambda d, m, h: f"2018/{m}/{d} {'上午' if h < 12 else '下午'}{h % 12 or 12}:07 - ",
    "zh_CN": lambda d, m, h: f"{18}-{m}-{d} {h:02}:07 - ",
    "ar": lambda d, m, h: f"{RLM}{d}{RLM}/{m}{RLM}/2018، {h % 12 or 12}:07 {'ص' if h < 12 else 'م'} - ".translate(
        {ord("0") + i: 0x660 + i for i in range(10)}),
    "hi digits": lambda d, m, h: f"{d}/{m}/18, {h % 12 or 12}:07 {'am' if h < 12 else 'pm'} - ".translate(
        {ord("0") + i: 0x966 + i for i in range(10)}),
    "th": lambda d, m, h: f"{d}/{m}/2561 {h:02}:07 - ",
    "th ios": lambda d, m, h: f"[{d}/{m}/2561 BE, {h:02}:07:09] ",
    "th short": lambda d, m, h: f"{d}/{m}/61 {h:02}:07 - ",
    "of old": lambda d, m, h: f"{d:02}/{m:02}/2018 {h:02}:07:09: ",
}


@pytest.mark.parametrize("form", FORMS)
def test_whatsapp_dates_of_every_language(twin, form):
    write = FORMS[form]
    days = [(3, 4, 0), (4, 4, 9), (9, 4, 11), (28, 4, 12), (2, 5, 13), (3, 11, 23)]
    path = chat(twin, "".join(f"{write(*d)}Tess: Said on {d}\nthe {i}th: so\n" for i, d in enumerate(days)), "chat.txt")
    assert collect(twin, path)["new"] == 3
    docs = documents(twin)
    assert {k[-7:]: (d["created"][:16], d["modified"][:16]) for k, d in docs.items()} == {
        "2018-04": ("2018-04-03T00:07", "2018-04-28T12:07"), "2018-05": ("2018-05-02T13:07", "2018-05-02T13:07"),
        "2018-11": ("2018-11-03T23:07", "2018-11-03T23:07")}
    assert docs["chat/2018-11"]["body"] == "Said on (3, 11, 23)\nthe 5th: so"


@pytest.mark.parametrize("lines,month", [
    (["1399/12/30, 09:00"], "2021-03"),  # Jalali, the last day of a leap year
    (["۱۴۰۲/۱/۱،‏ ۹:۰۰"], "2023-03"),
    (["25/07/1441, 09:00"], "2020-03"),  # Islamic
    (["11/12/18, 09:00", "11/13/18, 09:00", "12/1/18, 09:00"], "2018-11"),
    (["11/12/18, 09:00", "12/12/18, 09:00", "1/1/19, 09:00"], "2018-12"),
    (["3/4/18, 9:00 PM"], "2018-03"),  # nothing but American English is written so
    (["03/04/18, 9:00 PM"], "2018-04"), (["3/4/18, 9:00 pm"], "2018-04"), (["3.4.18, 09:00"], "2018-04"),
])
def test_whatsapp_dates_of_other_calendars_and_orders(twin, lines, month):
    collect(twin, chat(twin, "".join(f"{line} - Tess: One\n" for line in lines), "chat.txt"))
    assert f"chat/{month}" in documents(twin)


def test_whatsapp_what_is_pasted_stays_text(twin):
    text = ("21/05/2018, 10:00 - Tess: Bob wrote:\n[20.05.18, 09:00:00] Bob: Hi\n20/05/2018, 09:00:01 - Bob: Hi\n"
            "2018-05-20 is a date\n10:30 - 11:30: tea\n22/05/2018, 10:00 - Tess: Bye\n")
    collect(twin, chat(twin, text, "chat.txt"))
    assert bodies(twin)["chat/2018-05"].startswith("Bob wrote:\n[20.05.18, 09:00:00] Bob: Hi\n20/05/2018, 09:00:01 - Bob: Hi\n2018-05-20")


def test_whatsapp_a_day_that_does_not_exist_gives_nobodys_words_to_the_author(twin):
    text = ("20/05/2018, 10:00 - Bob: One?\n21/05/2018, 10:00 - Tess: Two.\n32/05/2018, 10:00 - Bob: Three?\n00/05/2018, 10:01 - Tess: Four.\n"
            "22/05/2018, 10:00 - Bob: Bye\n")
    collect(twin, chat(twin, text, "chat.txt"))
    assert bodies(twin) == {"chat/2018-05": "Two.\n\nFour."}
    assert exchanges(twin, "chat/2018-05") == [("One?", "Two."), ("Three?", "Four.")]


def test_whatsapp_names_with_colons_numbers_and_marks(twin):
    lines = [f"21/05/2018, 10:0{i} - {who}: {text}" for i, (who, text) in enumerate([
        ("Eng: Bob", "one: two"), ("Eng: Bob", "three"), ("\u202a+49 170 1234567\u202c", "Me too: yes"), ("Eng: Bob", "four"),
        ("Tess: the Sailor", "Aye: aye")])]
    path = chat(twin, "\n".join(lines) + "\n", "chat.txt")
    collect(twin, path, author=["+49 170 1234567", "tess: the sailor"])
    assert bodies(twin) == {"chat/2018-05": "Me too: yes\n\nAye: aye"}
    assert exchanges(twin, "chat/2018-05") == [("one: two\n\nthree", "Me too: yes"), ("four", "Aye: aye")]
    path.write_text("".join(f"21/05/2018, 10:0{i} - Tess: the Sailor: {t}\n" for i, t in enumerate(["a", "b: c", "d", "e"])))
    collect(twin, path, author=["tess: the sailor"])
    assert bodies(twin) == {"chat/2018-05": "a\n\nb: c\n\nd\n\ne"}
    path.write_text("\n".join(lines) + "\n")
    collect(twin, path, author=["+49 170 1234567", "tess: the sailor"])
    said = collect(twin, path, rc=2, author=["Nobody"])
    assert '"Eng: Bob"' in said and '"+49 170 1234567"' in said and "author" in said
    assert bodies(twin) == {"chat/2018-05": "Me too: yes\n\nAye: aye"}


def test_whatsapp_whoever_calls_themselves_like_the_author_is_another(twin):
    lines = [f"[21.05.18, 10:0{i}:00] {who}: {text}" for i, (who, text) in enumerate([
        (f"~{NNBSP}Tess", "Who am I?"), ("Tess", "Not me."), ("~Tess", "Yes you.")])]
    path = chat(twin, "\n".join(lines) + "\n", "chat.txt")
    collect(twin, path)
    assert bodies(twin) == {"chat/2018-05": "Not me."} and exchanges(twin, "chat/2018-05") == [("Who am I?", "Not me.")]
    said = collect(twin, path, rc=2, author=["Zoe"])
    assert '"~ Tess"' in said
    collect(twin, path, author=["~ Tess"])  # an export that another made
    assert bodies(twin) == {"chat/2018-05": "Who am I?"}


def test_whatsapp_notices_in_many_languages(twin):
    notices = ["<Multimedia omitido>", "<Médias omis>", "<Медіа пропущено>", "<Без медиафайлов>", "<Mídia omitida>", "<Medya dahil edilmedi>",
               "<メディアは含まれていません>", "<تم استبعاد الوسائط>", "imagen omitida", "audio weggelassen", "圖片已略去", "Se eliminó este mensaje.",
               "Diese Nachricht wurde gelöscht.", "Mensagem apagada", "このメッセージは削除されました。", "null", "DOC-20180521-WA0003. (bestand bijgevoegd)",
               "Bericht 2018.pdf (Datei angehängt)", f"{LRM}anything that the app says", f"{LRM}<pièce jointe : 00000012-AUDIO-2018.opus>",
               "<attached: 00000012-STICKER.webp>", "Standort: https://maps.google.com/?q=1,2"]
    kept = ["<3", "see main.c (line 20)", "<seufz>", "image omitted, why?", "null\nnull", "look: https://maps.google.com/ is down"]
    collect(twin, chat(twin, "".join(f"[21.05.18, 10:{i:02}:00] Tess: {t}\n" for i, t in enumerate(notices + kept)), "chat.txt"))
    assert bodies(twin)["chat/2018-05"] == "\n\n".join(kept)


def test_a_log_is_no_chat(twin):
    path = twin.dir / "server.log"
    path.write_text("[2018-05-21 10:00:00] INFO: started\n[2018-05-21 10:00:01] INFO: stopped\n")
    assert "nothing in it is an export" in collect(twin, path, rc=1)


def test_whatsapp_chats_in_a_folder_and_a_later_export(twin):
    folder = twin.dir / "chats"
    (folder / "Bob").mkdir(parents=True)
    (folder / "Bob/_chat.txt").write_text("[21.05.18, 10:00:00] Tess: One\n[21.05.18, 10:01:00] Bob: Two\n")
    (folder / "WhatsApp Chat with Ann.txt").write_text("5/21/18, 9:05 PM - Tess: Three\n")
    (folder / "WhatsApp Chat with Carl.txt").write_text("5/21/18, 9:05 PM - Carl: He alone writes here\n")
    (folder / "notes.txt").write_text("These are no chat.\n")
    assert collect(twin, folder)["new"] == 2
    before = {k: d["id"] for k, d in documents(twin).items()}
    assert set(before) == {"Bob/2018-05", "WhatsApp Chat with Ann/2018-05"}
    with open(folder / "Bob/_chat.txt", "a") as f:
        f.write("[22.05.18, 10:00:00] Tess: More\n[01.06.18, 10:00:00] Tess: A month later\n")
    out = collect(twin, folder)
    assert (out["new"], out["changed"], out["removed"], out["unchanged"]) == (1, 1, 0, 1)
    assert documents(twin)["Bob/2018-05"]["id"] == before["Bob/2018-05"]


def test_whatsapp_a_clock_that_was_put_back_loses_nothing(twin):
    lines = ["31/05/2018, 23:59 - Tess: One", "01/06/2018, 00:00 - Tess: Two", "31/05/2018, 23:58 - Tess: Three", "02/06/2018, 00:00 - Tess: Four"]
    collect(twin, chat(twin, "\n".join(lines) + "\n", "chat.txt"))
    assert bodies(twin) == {"chat/2018-05": "One\n\nThree", "chat/2018-06": "Two\n\nFour"}


def test_whatsapp_a_message_that_is_too_long_costs_itself(twin):
    path = twin.dir / "chat.txt"
    with open(path, "w") as f:
        f.write("21/05/2018, 10:00 - Tess: Before\n21/05/2018, 10:01 - Tess: ")
        for _ in range(40):
            f.write("x" * (1 << 20))
        f.write("\n21/05/2018, 10:02 - Tess: After\n")
    assert collect(twin, path)["skipped"] == 1 and "32 MiB" in twin.said
    assert bodies(twin) == {"chat/2018-05": "Before\n\nAfter"}


def test_whatsapp_bytes_that_are_no_text_are_mended(twin):
    path = twin.dir / "chat.txt"
    path.write_bytes("\ufeff21/05/2018, 10:00 - Tess: caf".encode() + b"\xe9\xff\x00!\n21/05/2018, 10:01 - T\xe9ss: no\n")
    collect(twin, path)
    assert bodies(twin)["chat/2018-05"].startswith("café")


def test_whatsapp_a_long_chat_takes_little_memory(twin):
    path = twin.dir / "WhatsApp Chat with Bob.txt"
    with open(path, "w") as f:
        for i in range(200000):
            day = i // 90
            f.write(f"{day % 28 + 1:02}/{day // 28 % 12 + 1:02}/{2015 + day // 336}, {i % 90 // 4:02}:{i % 60:02} - "
                    f"{'Tess' if i % 3 else 'Bob'}: Message {i}: " + "word " * 8 + "\n")
    configure(twin, path, name="export")
    assert peak(twin, "collect", "-q") < 150
    assert len(twin.json("show", "documents", "--limit", "0")) == 80


# --- Slack ---

USERS = [
    {"id": "U1", "team_id": "T1", "name": "tess", "deleted": False, "real_name": "Tess Tar", "is_bot": False,
     "profile": {"real_name": "Tess Tar", "display_name": "tessie", "email": "tess@example.org"}},
    {"id": "U2", "team_id": "T1", "name": "bob", "deleted": False, "real_name": "Bob B.", "is_bot": False,
     "profile": {"real_name": "Bob B.", "display_name": "", "email": "bob@example.org"}},
    {"id": "U3", "team_id": "T1", "name": "reminder", "is_bot": True, "profile": {"real_name": "Reminder", "bot_id": "B1"}},
]
CHANNELS = [{"id": "C1", "name": "rope", "created": 1577836800, "creator": "U2", "is_archived": False, "members": ["U1", "U2"],
             "topic": {"value": "", "creator": "", "last_set": 0}, "purpose": {"value": "", "creator": "", "last_set": 0}},
            {"id": "C2", "name": "tea", "created": 1577836800, "creator": "U2", "is_archived": False, "members": ["U1"]}]
MPIMS = [{"id": "G1", "name": "mpdm-tess--bob--carl-1", "created": 1577836800, "members": ["U1", "U2"]}]
DMS = [{"id": "D1", "created": 1577836800, "members": ["U1", "U2"]}]

TEN = 1577872800  # 2020-01-01T10:00:00Z


def slack(second, user, text, **more):
    return {"client_msg_id": f"c-{second}", "type": "message", "text": text, "user": user, "ts": f"{TEN + second:.4f}00", "team": "T1", **more}


def slack_files(**more):
    joined = slack(0, "U1", "<@U1> has joined the channel", subtype="channel_join")
    return {
        "users.json": json.dumps(USERS), "channels.json": json.dumps(CHANNELS), "mpims.json": json.dumps(MPIMS), "dms.json": json.dumps(DMS),
        "groups.json": "[]", "integration_logs.json": "[]",
        "rope/2020-01-01.json": json.dumps([
            joined,
            slack(10, "U2", "Where's the rope, <@U1>?"),
            slack(20, "U1", "In the <#C2>-locker, see <https://example.org/a?b=1&amp;c=2|the plan> &amp; <http://example.org|example.org>."),
            slack(30, "U1", "*Wet* as ~always~ ever, 2 * 3 * 4.", edited={"user": "U1", "ts": f"{TEN + 40}.000000"}),
            slack(50, "U2", "Shall we dry it?", thread_ts=f"{TEN + 50}.000000", reply_count=2, replies=[]),
            slack(60, "U2", "And who's for tea?"),
            slack(70, "U1", "Yes, on the line.", thread_ts=f"{TEN + 50}.000000", parent_user_id="U2"),
            slack(80, "U1", "Me!"),
            slack(90, "U2", "Which line?", thread_ts=f"{TEN + 50}.000000"),
            slack(95, "U1", "That one.", thread_ts=f"{TEN + 50}.000000", subtype="thread_broadcast"),
            slack(95.5, "U2", "And now?", thread_ts=f"{TEN + 50}.000000"),
            slack(96, "U1", "A bot's words.", bot_id="B9", subtype="bot_message"),
            slack(97, "U1", "set the topic", subtype="channel_topic"),
        ], indent=4),
        "rope/2020-02-01.json": json.dumps([
            slack(31 * 86400 - 5, "U2", "A month later: is it dry?"), slack(31 * 86400 - 4, "U1", "Dry.", thread_ts=f"{TEN + 50}.000000"),
            slack(33 * 86400, "U1", "&gt; Shall we?\n&gt; Now?\nYes.\n```a *b* &lt; c```\n`x*y*`")]),
        "mpdm-tess--bob--carl-1/2020-01-01.json": json.dumps([
            slack(5, "U1", "waves", subtype="me_message"),
            slack(6, "U1", "Look", files=[{"id": "F1", "name": "a.png"}], upload=False),
            slack(7, "U1", "<@U1|tess> uploaded a file: <https://x|a.png>", subtype="file_share", file={"id": "F2", "initial_comment": {"comment": "As it was."}}),
            slack(8, "U1", "", files=[{"id": "F3"}]), slack(9, "U3", "ping")]),
        "D1/2020-01-01.json": json.dumps([slack(1, "U2", "Hello?"), slack(2, "U1", "<!here> hello <!subteam^S1|@crew>, <mailto:a@b.org|a@b.org> :wave:")]),
        **more,
    }


@pytest.mark.parametrize("author", [["U1"], ["tess"], ["@tess"], ["Tess Tar"], ["tessie"], ["TESS@example.org"]])
def test_slack_knows_the_author_by(twin, author):
    assert collect(twin, write_zip(twin.dir / "s.zip", slack_files()), author=author)["new"] == 4


def test_slack(twin):
    assert collect(twin, write_zip(twin.dir / "s.zip", slack_files()), author=["tess@example.org"])["new"] == 4
    docs = documents(twin)
    assert set(docs) == {"C1/2020-01", "C1/2020-02", "G1/2020-01", "D1/2020-01"}
    january = docs["C1/2020-01"]
    assert january["body"].split("\n\n") == [
        "In the #tea-locker, see [the plan](https://example.org/a?b=1&c=2) & example.org.", "**Wet** as ~~always~~ ever, 2 * 3 * 4.",
        "Yes, on the line.", "Me!", "That one."]
    assert january["created"].startswith("2020-01-01T10:00:20") and january["modified"].startswith("2020-01-01T10:01:35")
    assert january["media"] == "text/markdown"
    assert exchanges(twin, "C1/2020-01") == [
        ("Where's the rope, @tessie?", "In the #tea-locker, see [the plan](https://example.org/a?b=1&c=2) & example.org.\n\n"
         "**Wet** as ~~always~~ ever, 2 * 3 * 4."),
        ("Shall we dry it?", "Yes, on the line."), ("Shall we dry it?\n\nAnd who's for tea?", "Me!"), ("Which line?", "That one.")]
    assert exchanges(twin, "C1/2020-02") == [("And now?", "Dry.")]
    assert docs["C1/2020-02"]["body"] == "Dry.\n\n> Shall we?\n> Now?\nYes.\n```a *b* < c```\n`x*y*`"
    assert docs["G1/2020-01"]["body"] == "waves\n\nLook\n\nAs it was."
    assert docs["D1/2020-01"]["body"] == "@here hello @crew, a@b.org :wave:"


def test_slack_without_its_lists_and_in_any_order(twin):
    files = {k: v for k, v in slack_files().items() if "/" in k}
    names = sorted(files)
    random.Random(1).shuffle(names)
    collect(twin, write_zip(twin.dir / "s.zip", {"export/" + k: files[k] for k in names}), author=["U1"])
    assert set(documents(twin)) == {"rope/2020-01", "rope/2020-02", "mpdm-tess--bob--carl-1/2020-01", "D1/2020-01"}
    later = slack_files(**{"tea/2020-01-02.json": json.dumps([slack(90000, "U1", "Third")]),
                           "tea/2020-01-01.json": json.dumps([slack(1, "U1", "First"), slack(2, "U1", "Second")])})
    collect(twin, write_zip(twin.dir / "s.zip", dict(reversed(later.items()))), author=["U1"])
    assert bodies(twin)["C2/2020-01"] == "First\n\nSecond\n\nThird"


def test_slack_what_follows_a_picture_answers_that_and_nothing_answers_what_came_later(twin):
    day = [slack(10, "U2", "Where is it?"), slack(20, "U1", "In the locker."), slack(30, "U2", "", files=[{"id": "F1"}]), slack(40, "U1", "Nice one."),
           slack(50, "U2", "long " * 999), slack(60, "U1", "Too long."), slack(70, "U2", "Short?"), slack(80, "U1", "Yes."),
           slack(90, "U1", "", files=[{"id": "F1"}]), slack(100, "U1", "With the lay, see?")]
    thread = {"thread_ts": f"{TEN - 90000 + 5}.000000"}
    before = [slack(-90000, "U1", "The day before."), slack(-90000 + 5, "U1", "A thread.", **thread), slack(-90000 + 9, "U1", "Nobody asked.", **thread)]
    day += [slack(200, "U2", "Still?", **thread), slack(210, "U2", "A question that stays.")]
    files = {"users.json": json.dumps(USERS), "rope/2020-01-01.json": json.dumps(day), "rope/2019-12-31.json": json.dumps(before)}
    collect(twin, write_zip(twin.dir / "s.zip", files), author=["U1"])
    assert exchanges(twin, "rope/2020-01") == [("Where is it?", "In the locker."), ("Short?", "Yes.")]
    assert exchanges(twin, "rope/2019-12") == []


def test_slack_of_many_threads_the_newest_are_known(twin):
    def thread(i):
        return {"thread_ts": f"{TEN + i}.000000"}

    day = [slack(i, "U2", f"Question {i}?", **thread(i)) for i in range(2100)]
    day += [slack(5000 + i, "U1", f"Answer to {i}.", **thread(i)) for i in (0, 2099)]
    collect(twin, write_zip(twin.dir / "s.zip", {"rope/2020-01-01.json": json.dumps(day)}), author=["U1"])
    assert exchanges(twin, "rope/2020-01") == [("Question 2099?", "Answer to 2099.")]


def test_slack_of_which_nobody_is_the_author_says_who_writes(twin):
    said = collect(twin, write_zip(twin.dir / "s.zip", slack_files()), rc=2, author=["Zoe"])
    assert '"Bob B."' in said and '"tessie"' in said


def test_slack_a_broken_message_costs_itself_and_a_broken_day_removes_nothing(twin):
    path = write_zip(twin.dir / "s.zip", slack_files())
    collect(twin, path, author=["U1"])
    broken = slack_files()["rope/2020-01-01.json"].replace('"Me!"', "Me!")
    collect(twin, write_zip(path, slack_files(**{"rope/2020-01-01.json": broken})), author=["U1"])
    assert "rope/2020-01-01.json" in twin.said and bodies(twin)["C1/2020-01"].endswith("Yes, on the line.\n\nThat one.")
    collect(twin, write_zip(path, slack_files(**{"rope/2020-01-01.json": broken[:900]})), rc=1, author=["U1"])
    assert len(documents(twin)) == 4


# --- Discord ---


def package(**more):
    return {
        "Account/user.json": json.dumps({"id": "9", "username": "tess", "discriminator": 0}),
        "Messages/index.json": json.dumps({"101": "general in Ropes", "102": "Direct Message with bob#0", "103": None}),
        "Messages/c101/channel.json": json.dumps({"id": "101", "type": "GUILD_TEXT", "name": "general", "guild": {"id": "7", "name": "Ropes"}}),
        "Messages/c101/messages.json": json.dumps([
            {"ID": 805109250654208000, "Timestamp": "2021-01-30 15:00:00", "Contents": "<@!123> third <:rope:88> at <t:1612018800:R>", "Attachments": ""},
            {"ID": 805109250654207999, "Timestamp": "2021-01-30 14:59:59", "Contents": "> quoted\nsecond, 1 < 2 and <b>", "Attachments": "https://cdn.example/a.png"},
            {"ID": 794000000000000000, "Timestamp": "2020-12-31 09:30:00", "Contents": "first", "Attachments": ""},
            {"ID": 793000000000000000, "Timestamp": "2020-12-28 09:30:00", "Contents": "", "Attachments": "https://cdn.example/b.png"}]),
        "Messages/c102/channel.json": json.dumps({"id": "102", "type": "DM", "recipients": ["9", "10"]}),
        "Messages/c102/messages.json": json.dumps([{"ID": "805109250654208001", "Timestamp": "2021-01-30 15:00:01.123000+00:00", "Contents": "hi", "Attachments": ""}]),
        "Messages/c103/messages.json": "[]",
        **more,
    }


def test_discord(twin):
    assert collect(twin, write_zip(twin.dir / "package.zip", package()))["new"] == 3
    docs = documents(twin)
    assert {k: d["body"] for k, d in docs.items()} == {
        "101/2021-01": "> quoted\nsecond, 1 < 2 and <b>\n\nthird :rope: at 2021-01-30", "101/2020-12": "first", "102/2021-01": "hi"}
    assert docs["101/2021-01"]["created"].startswith("2021-01-30T14:59:59") and docs["101/2021-01"]["media"] == "text/markdown"
    assert docs["101/2021-01"]["author"] == "Tess" and not (docs["101/2021-01"]["extra"] or {}).get("exchanges")


def test_discord_of_old_and_in_another_language(twin):
    rows = 'ID,Timestamp,Contents,Attachments\r\n805109250654208000,2021-01-30 15:00:00.123000+00:00,"second, ""so""\nto say",\r\n' \
           "805109250654207999,2021-01-30 14:59:59+00:00,first,https://cdn.example/a.png\r\n805109250654207000,2021-01-30 14:59:00+00:00,,x\r\n"
    folder = twin.dir / "paket/Nachrichten/101"
    folder.mkdir(parents=True)
    (folder / "messages.csv").write_text(rows)
    (folder / "channel.json").write_text('{"id": "101", "type": 0}')
    collect(twin, twin.dir / "paket")
    assert bodies(twin) == {"101/2021-01": 'first\n\nsecond, "so"\nto say'}
    (folder / "messages.csv").write_text(rows[:100])
    collect(twin, twin.dir / "paket", rc=1)
    assert len(documents(twin)) == 1


def test_discord_a_message_without_its_number_has_its_date_and_one_without_both_removes_nothing(twin):
    files, path, name = package(), twin.dir / "p.zip", "Messages/c102/messages.json"
    collect(twin, write_zip(path, files))
    for wrong in ['"8.05109E+17"', "null", "0"]:
        broken = files[name].replace('"805109250654208001"', wrong)
        assert collect(twin, write_zip(path, package(**{name: broken})))["unchanged"] == 3 and name not in twin.said
    broken = broken.replace('"2021-01-30 15:00:01.123000+00:00"', '""')
    assert collect(twin, write_zip(path, package(**{name: broken})))["removed"] == 0 and name in twin.said
    assert "102/2021-01" in documents(twin)
    folder = twin.dir / "old/messages/102"
    folder.mkdir(parents=True)
    rows = ["8.05109E+17,2021-01-30 15:00:05,second,", "8.05109E+17,2021-01-30 15:00:00,first,"]  # a spreadsheet was there
    (folder / "messages.csv").write_text("\n".join(["ID,Timestamp,Contents,Attachments", *rows, ""]))
    collect(twin, twin.dir / "old")
    assert bodies(twin) == {"102/2021-01": "first\n\nsecond"}
    (folder / "messages.csv").write_text("\n".join(["ID,Timestamp,Contents,Attachments", *(r.replace("2021-01-30 15:00:0", "") for r in rows), ""]))
    assert collect(twin, twin.dir / "old")["removed"] == 0 and "messages.csv" in twin.said


def discord(id, author, content, minute, type="Default", **more):
    return {"id": str(id), "type": type, "timestamp": f"2021-01-30T15:{minute:02}:00.123+00:00", "timestampEdited": None, "callEndedTimestamp": None,
            "isPinned": False, "content": content, "author": {"id": author, "name": {"9": "tess", "10": "bob", "11": "robot"}[author], "discriminator": "0000",
            "nickname": {"9": "Tess T.", "10": "Bobby", "11": "Robot"}[author], "color": None, "isBot": author == "11", "roles": [], "avatarUrl": "a.png"},
            "attachments": [], "embeds": [], "stickers": [], "reactions": [], "mentions": [], "inlineEmojis": [], **more}


def discord_chat(*messages, channel="101"):
    return json.dumps({
        "guild": {"id": "7", "name": "Ropes", "iconUrl": "i.png"},
        "channel": {"id": channel, "type": "GuildTextChat", "categoryId": "5", "category": "Text", "name": "general", "topic": None},
        "dateRange": {"after": None, "before": None}, "exportedAt": "2024-01-01T00:00:00+00:00", "messages": messages, "messageCount": len(messages)}, indent=2)


CHAT = [
    discord(1, "10", "Where is the rope?", 0), discord(2, "10", "And the tea?", 1),
    discord(3, "9", "In the locker, <@10>.", 2, type="Reply", reference={"messageId": "1", "channelId": "101", "guildId": "7"},
            mentions=[{"id": "10", "name": "bob", "nickname": "Bobby"}]),
    discord(4, "9", "It's wet.", 3, timestampEdited="2021-01-30T16:00:00+00:00"),
    discord(5, "9", "Joined the server.", 4, type="GuildMemberJoin"), discord(6, "11", "Beep.", 5), discord(7, "9", "Good bot.", 6),
    discord(8, "9", "", 7, forwardedMessage={"content": "Not mine."}), discord(9, "9", "Look!", 8, attachments=[{"id": "1", "url": "u"}]),
]


@pytest.mark.parametrize("author", [["9"], ["tess"], ["Tess T."]])
def test_discord_chat_exporter(twin, author):
    path = twin.dir / "Ropes - Text - general [101].json"
    path.write_text("\ufeff" + discord_chat(*CHAT))
    assert collect(twin, path, author=author)["new"] == 1
    doc = documents(twin)["101/2021-01"]
    assert doc["body"] == "In the locker, @Bobby.\n\nIt's wet.\n\nGood bot.\n\nLook!"
    assert doc["created"].startswith("2021-01-30T15:02:00") and doc["modified"].startswith("2021-01-30T16:00:00")
    assert exchanges(twin, "101/2021-01") == [("Where is the rope?", "In the locker, @Bobby.\n\nIt's wet."), ("Beep.", "Good bot.")]


def test_discord_chat_in_parts_and_backwards(twin):
    folder = twin.dir / "dce"
    folder.mkdir()
    (folder / "general [part 2].json").write_text(discord_chat(*CHAT[6:]))
    (folder / "general.json").write_text(discord_chat(*reversed(CHAT[:6])))
    (folder / "tea.json").write_text(discord_chat(discord(50, "9", "Tea.", 0), channel="102"))
    collect(twin, folder, author=["tess"])
    assert bodies(twin) == {"101/2021-01": "In the locker, @Bobby.\n\nIt's wet.\n\nGood bot.\n\nLook!", "102/2021-01": "Tea."}
    assert exchanges(twin, "101/2021-01") == []
    assert "bob" in collect(twin, folder, rc=2, author=["nobody"])


def test_discord_chat_a_reply_to_what_is_long_ago_is_none(twin):
    talk = [discord(i, "10", f"Question {i}?", i % 60) for i in range(1, 9001)]
    talk += [discord(9001 + i, "9", f"Answer to {i}.", 5, type="Reply", reference={"messageId": str(i)}) for i in (1, 4900, 9000)]
    path = twin.dir / "chat.json"
    path.write_text(discord_chat(*talk))
    collect(twin, path, author=["tess"])
    assert bodies(twin)["101/2021-01"] == "Answer to 1.\n\nAnswer to 4900.\n\nAnswer to 9000."
    assert exchanges(twin, "101/2021-01") == [("Question 4900?", "Answer to 4900."), ("Question 9000?", "Answer to 9000.")]


def test_discord_chat_that_is_cut_removes_nothing_and_one_wrong_message_is_a_warning(twin):
    path = twin.dir / "chat.json"
    path.write_text(discord_chat(*CHAT))
    collect(twin, path, author=["tess"])
    whole = path.read_text()
    path.write_text(whole[:-400])
    collect(twin, path, rc=1, author=["tess"])
    path.write_text(whole.replace('"Good bot."', "Good bot."))
    collect(twin, path, author=["tess"])
    assert "chat.json" in twin.said and bodies(twin) == {"101/2021-01": "In the locker, @Bobby.\n\nIt's wet.\n\nLook!"}
    path.write_text(discord_chat(discord(1, "10", "Where?", 0), discord(2, "10", "And now?", 1), discord(3, "9", "There.", 2)).replace('"And now?"', "And"))
    collect(twin, path, author=["tess"])
    assert exchanges(twin, "101/2021-01") == []  # what it answers is not known
