/* WhatsApp's heads and words, Slack's mrkdwn, and messages gathered to documents. */
#include "collect_test.h"
#include "support/arena.h"

#include "base/time.h"

#include "collect/export/discord_int.h"
#include "collect/export/export_bunch_int.h"
#include "collect/export/slack_int.h"
#include "collect/export/whatsapp_int.h"

/* --- WhatsApp --- */

static void heads_are_told_from_text(void **state)
{
	(void)state;
	static const struct {
		const char *line, *rest; /* NULL: it is no head */
	} cases[] = {
		{"5/21/18, 9:05 PM - Ann: hi", "Ann: hi"},
		{"[21.05.18, 10:22:11] Ann: hi", "Ann: hi"},
		{"\xe2\x80\x8e[21.05.18, 10:22:11] Ann: hi", "Ann: hi"},
		{"21/05/2018 10:22:11: Ann: hi", "Ann: hi"},
		{"10:22, 21/05/2018 - Ann: hi", "Ann: hi"},
		{"2018. 5. 21. 10:22 - Ann: hi", "Ann: hi"},
		{"21/05/2018, 10:22 -", NULL},
		{"21/05/2018, 10:22 Ann: hi", NULL},
		{"21/05/2018 10:22: hi", NULL},
		{"21/05-2018, 10:22 - hi", NULL},
		{"21/05, 10:22 - hi", NULL},
		{"[21/05, 10:22] Ann: hi", NULL},
		{"192.168.1.1 - hi", NULL},
		{"1.2.2018 is when the clock, which is not mine but Bob's and old, struck 10:22 - hi",
		 NULL},
		{"2018/05/21, 25:61 - hi", NULL},
		{"[", NULL},
		{"", NULL},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct whatsapp_head h;
		const char *line = cases[i].line;
		bool found = whatsapp_head(&h, line, strlen(line));
		assert_int_equal(found, cases[i].rest != NULL);
		if (found)
			assert_string_equal(line + h.len, cases[i].rest);
	}
}

static const char *decided(const char *const *lines, size_t n)
{
	struct whatsapp_dates d = {0};
	struct whatsapp_head h;
	int64_t at;
	for (size_t i = 0; i < n; i++) {
		assert_true(whatsapp_head(&h, lines[i], strlen(lines[i])));
		whatsapp_learn(&d, &h);
	}
	whatsapp_decide(&d);
	assert_true(whatsapp_head(&h, lines[0], strlen(lines[0])));
	return whatsapp_moment(&at, &d, &h) ? tw_format_time(&arena, at) : "none";
}

static void the_whole_file_says_what_stands_first(void **state)
{
	(void)state;
	static const struct {
		const char *lines[4];
		const char *first;
	} cases[] = {
		{{"1/2/18, 09:00 - a", "2/1/18, 09:00 - a", "3/1/18, 09:00 - a"},
		 "2018-01-02T09:00:00Z"},
		{{"1/2/18, 09:00 - a", "1/3/18, 09:00 - a", "1/4/18, 09:00 - a"},
		 "2018-01-02T09:00:00Z"},
		{{"1/2/18, 09:00 - a", "2/2/18, 09:00 - a", "3/2/18, 09:00 - a"},
		 "2018-02-01T09:00:00Z"},
		{{"10-11-12 09:00 - a", "10-11-30 09:00 - a", "10-12-31 09:00 - a"},
		 "2010-11-12T09:00:00Z"},
		{{"12/31/18, 12:30 AM - a"}, "2018-12-31T00:30:00Z"},
		{{"31.12.18, 12:30 PM - a"}, "2018-12-31T12:30:00Z"},
		{{"2018/12/31 \xe4\xb8\xad\xe5\x8d\x88"
		  "1:05 - a"},
		 "2018-12-31T13:05:00Z"},
		{{"31/12/2561 09:00 - a"}, "2018-12-31T09:00:00Z"},
		{{"1397/10/10, 09:00 - a"}, "2018-12-31T09:00:00Z"},
		{{"1440/4/24, 09:00 - a"}, "2019-01-01T09:00:00Z"},
		/* a head of another form than most is text */
		{{"[21.05.18, 10:22:11] a", "21.05.18, 10:22 - a", "21.05.18, 10:23 - a"}, "none"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t n = 0;
		while (n < 4 && cases[i].lines[n])
			n++;
		assert_string_equal(decided(cases[i].lines, n), cases[i].first);
	}
}

static const char *written(const char *text)
{
	struct whatsapp_words w = {0};
	struct tw_str out = TW_STR_INIT;
	whatsapp_words_init(&w);
	whatsapp_text(&out, &w, text, strlen(text));
	const char *s = tw_str_dup(&out, &arena);
	tw_str_release(&out);
	whatsapp_words_release(&w);
	return s;
}

#define MARK "\xe2\x80\x8e"

static void words_of_whatsapp_are_no_text(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"hi", "hi"},
		{"a\r\nb\r", "a\nb"},
		{"", ""},
		{"<Media omitted>\nThe caption", "The caption"},
		{MARK "POLL:\nWhich rope?\n" MARK "OPTION: red (2 votes)", "Which rope?"},
		{"Fixed " MARK "<in a language that nobody knows>", "Fixed"},
		{"Fixed <This message was edited>", "Fixed"},
		{"Fixed <This message was edited.>\nnot", "Fixed <This message was edited.>\nnot"},
		{"a " MARK "<attached: 00000001-PHOTO-2018.jpg>", "a"},
		{"List.xlsx " MARK "<attached: 00000001-List.xlsx>", ""},
		{"List.xlsx " MARK "document omitted", ""},
		{"a " MARK "b", "a " MARK "b"},
		{"@4915112345678, ask @123456789012345", "@+4915112345678, ask @+123456789012345"},
		{"@2018 @1234567890123456 a@12345678 @12345678a",
		 "@2018 @1234567890123456 a@12345678 @12345678a"},
		{"<attached: me.jpg>", "<attached: me.jpg>"},
		{"notes.txt (file attached)", ""},
		{"notes.txt (I have read it)", "notes.txt (I have read it)"},
		{"null", ""},
		{"see https://maps.google.com/?q=1,2 there",
		 "see https://maps.google.com/?q=1,2 there"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(written(cases[i][0]), cases[i][1]);
}

/* --- Slack, Discord --- */

static const char *nobody(void *ctx, const char *id)
{
	(void)ctx;
	return strcmp(id, "U1") == 0 ? "Ann" : NULL;
}

static void mrkdwn_is_written_as_markdown(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"*a* _b_ ~c~ `*d*`", "**a** _b_ ~~c~~ `*d*`"},
		{"2*3*4, a* b*, * c *, *d", "2*3*4, a* b*, * c *, *d"},
		{"*a ~b~*!", "**a ~~b~~**!"},
		{"(*a*) \"*b*\"", "(**a**) \"**b**\""},
		{"*a\nb*", "*a\nb*"},
		{"*a `b*` c", "**a `b*` c"}, /* code hid the end */
		{"<@U1> <@U2> <@U2|bob>", "@Ann @U2 @bob"},
		{"<#C1|tea> <#C1>", "#tea #C1"},
		{"<!channel> <!subteam^S1> <!subteam^S1|@crew> <!date^1^{date}|1970>",
		 "@channel @subteam @crew 1970"},
		{"<https://a.example> <http://a.example|a.example> <https://a.example/b|b &amp; c>",
		 "https://a.example a.example [b & c](https://a.example/b)"},
		{"&amp;lt; &lt; &gt; & &x;", "&lt; < > & &x;"},
		{"&gt; a\nb\n&gt;&gt;&gt; c\nd", "> a\nb\n> c\n> d"},
		{"```a\n*b*```", "```\na\n*b*\n```"},
		{"a < b", "a < b"},
		{"<", "<"},
		{"", ""},
	};
	const struct slack_names names = {nobody, nobody, NULL};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct tw_str out = TW_STR_INIT;
		slack_markdown(&out, cases[i][0], &names);
		assert_string_equal(tw_str_c(&out), cases[i][1]);
		tw_str_release(&out);
	}
}

static void tags_of_discord_are_written_out(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"<@1> hi <@!2> there <#4>, <@&3> all", "@Ann hi there , all"},
		{"<:rope:5><a:tea:6>", ":rope::tea:"},
		{"on <t:86400:R> and <t:86400>", "on 1970-01-02 and 1970-01-02"},
		{"a < b > c <b> <@x> <:a> <>", "a < b > c <b> <@x> <:a> <>"},
		{"<@1", "<@1"},
	};
	struct tw_json *users;
	const char *json = "[{\"id\": \"1\", \"name\": \"ann\", \"nickname\": \"Ann\"}]";
	assert_int_equal(tw_json_parse(&users, json, strlen(json), &arena, NULL), TW_OK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct tw_str out = TW_STR_INIT;
		discord_markdown(&out, cases[i][0], users, &arena);
		assert_string_equal(tw_str_c(&out), cases[i][1]);
		tw_str_release(&out);
	}
}

static void angles_without_end_are_text(void **state)
{
	(void)state;
	const size_t n = (size_t)2 << 20;
	char *text = tw_alloc(&arena, n + 1);
	struct tw_str out = TW_STR_INIT;
	memset(text, '<', n);
	text[n] = '\0';
	discord_markdown(&out, text, NULL, &arena);
	assert_string_equal(tw_str_c(&out), text);
	tw_str_clear(&out);
	const struct slack_names names = {nobody, nobody, NULL};
	slack_markdown(&out, text, &names);
	assert_string_equal(tw_str_c(&out), text);
	tw_str_release(&out);
}

/* --- gathering --- */

static void say(struct bunch *b, struct talk *t, const char *key, const char *text, int64_t order)
{
	const struct said s = {.text = text, .order = order, .at_ms = 1000 * order};
	bunch_said(b, t, key, &s, &arena);
}

static void assert_next(struct bunch *b, const char *key, const char *body)
{
	struct tw_document doc = {0};
	assert_true(bunch_next(&doc, b, &arena));
	assert_string_equal(doc.key, key);
	assert_string_equal(doc.body.data, body);
}

static void messages_of_a_month_are_one_document(void **state)
{
	(void)state;
	struct tw_document doc;
	struct talk t = {0};
	struct bunch *b = bunch_new("text/plain", false);
	say(b, &t, "a/1", "one", 1);
	say(b, &t, "a/2", "three", 3);
	say(b, &t, "a/1", "two", 2); /* the clock went back */
	say(b, &t, "a/2", "\n", 4);
	assert_false(bunch_next(&doc, b, &arena));
	say(b, &t, "a/3", "six", 6);
	say(b, &t, "a/3", "five", 5);
	assert_next(b, "a/1", "one\n\ntwo");
	assert_false(bunch_next(&doc, b, &arena));
	say(b, &t, "a/1", "late", 7); /* its document is given away: it stays with the newest */
	talk_end(&t, &arena);
	bunch_end(b);
	assert_next(b, "a/2", "three");
	assert_next(b, "a/3", "five\n\nsix\n\nlate");
	assert_false(bunch_next(&doc, b, &arena));
	bunch_free(b);
}

static void a_month_without_end_goes_on_in_another_document(void **state)
{
	(void)state;
	struct tw_document doc = {0};
	struct talk t = {0};
	struct bunch *b = bunch_new("text/plain", true);
	char *long_one = tw_alloc(&arena, BUNCH_MAX + 2);
	memset(long_one, 'x', BUNCH_MAX + 1);
	for (int i = 0; i < 3; i++)
		say(b, &t, "a/1", i == 1 ? "short" : long_one, i);
	talk_end(&t, &arena);
	bunch_end(b);
	assert_true(bunch_next(&doc, b, &arena));
	assert_string_equal(doc.key, "a/1");
	assert_true(bunch_next(&doc, b, &arena));
	assert_string_equal(doc.key, "a/1/2");
	assert_false(bunch_next(&doc, b, &arena));
	bunch_free(b);
}

static void what_was_answered_stays_with_its_document(void **state)
{
	(void)state;
	struct tw_document doc = {0};
	struct talk t = {0};
	struct bunch *b = bunch_new("text/plain", false);
	exchange_heard(&t.e, "q1", 1);
	say(b, &t, "a/1", "r1", 2);
	exchange_heard(&t.e, "q2", 3);
	say(b, &t, "a/2", "r2", 4);
	exchange_heard(&t.e, "q3", 5);
	say(b, &t, "a/1", "r3", 6);
	talk_end(&t, &arena);
	bunch_end(b);
	assert_true(bunch_next(&doc, b, &arena));
	assert_string_equal(
		doc.extra,
		"{\"exchanges\":[{\"context\":\"q1\",\"reply\":\"r1\"},{\"context\":\"q3\","
		"\"reply\":\"r3\"}]}");
	assert_true(bunch_next(&doc, b, &arena));
	assert_string_equal(doc.extra, "{\"exchanges\":[{\"context\":\"q2\",\"reply\":\"r2\"}]}");
	bunch_free(b);
}

static void a_second_export_of_a_chat_adds_to_it(void **state)
{
	(void)state;
	struct tw_document doc = {0};
	struct talk t = {0};
	struct bunch *b = bunch_new("text/plain", false);
	for (int i = 0; i < 2; i++) {
		say(b, &t, "a/1", i ? "three" : "one", 2 * i);
		say(b, &t, "a/2", i ? "four" : "two", 2 * i + 1);
		talk_end(&t, &arena);
		bunch_end(b);
		assert_next(b, i ? "a/1/2" : "a/1", i ? "three" : "one");
		assert_next(b, i ? "a/2/2" : "a/2", i ? "four" : "two");
		assert_false(bunch_next(&doc, b, &arena));
	}
	bunch_free(b);
}

static void more_than_fits_was_answered(void **state)
{
	(void)state;
	struct tw_document doc = {0};
	struct talk t = {0};
	struct bunch *b = bunch_new("text/plain", false);
	for (int i = 0; i < EXCHANGES_MOST; i++) {
		exchange_heard(&t.e, tw_sprintf(&arena, "%0*d", i < 75 ? 3400 : 10, i), 1);
		say(b, &t, "a/1", "so", i);
	}
	talk_end(&t, &arena);
	bunch_end(b);
	assert_true(bunch_next(&doc, b, &arena));
	assert_non_null(doc.extra);
	assert_in_range(strlen(doc.extra), EXCHANGES_BYTES - 100, EXCHANGES_BYTES + 100);
	bunch_free(b);
}

#define arena_test(test) cmocka_unit_test_setup_teardown(test, arena_setup, arena_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(heads_are_told_from_text),
		arena_test(the_whole_file_says_what_stands_first),
		arena_test(words_of_whatsapp_are_no_text),
		arena_test(mrkdwn_is_written_as_markdown),
		arena_test(tags_of_discord_are_written_out),
		arena_test(angles_without_end_are_text),
		arena_test(messages_of_a_month_are_one_document),
		arena_test(a_month_without_end_goes_on_in_another_document),
		arena_test(what_was_answered_stays_with_its_document),
		arena_test(a_second_export_of_a_chat_adds_to_it),
		arena_test(more_than_fits_was_answered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
