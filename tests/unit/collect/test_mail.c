/* A mail's fields, its text, and what in it is the author's. */
#include "collect_test.h"
#include "support/arena.h"

#include "collect/export/exchange_int.h"
#include "collect/export/mail_int.h"

static struct mail_part mail(const char *text)
{
	return mail_split(text, strlen(text));
}

static void fields_are_unfolded_and_decoded(void **state)
{
	(void)state;
	static const struct {
		const char *value, *words;
	} cases[] = {
		{"plain", "plain"},
		{"a\r\n\tb\n c", "a  b  c"},
		{"=?utf-8?q?Caf=C3=A9_=3D?=", "Caf\xc3\xa9 ="},
		{"=?ISO-8859-1?Q?a?= =?iso-8859-1?B?6Q==?= b", "a\xc3\xa9 b"},
		{"x =?UTF-8?B?w6k=?=\r\n =?UTF-8?B?w6k=?=", "x \xc3\xa9\xc3\xa9"},
		{"=?no=?such?= =?", "=?no=?such?= =?"},
		{"caf\xe9", "caf\xc3\xa9"},
		{"=?klingon?Q?ok?=", "ok"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct mail_part m = mail(tw_sprintf(
			&arena, "X: y\r\nsubject: %s\r\n\r\nSubject: no", cases[i].value));
		const char *words = mail_words(&m, "Subject", &arena);
		assert_non_null(words);
		/* a fold is white space, however much */
		char *folded = tw_strdup(&arena, words), *to = folded;
		for (const char *p = words; *p; p++)
			if (*p != ' ' || to == folded || to[-1] != ' ')
				*to++ = *p;
		*to = '\0';
		const char *want = i == 1 ? "a b c" : cases[i].words;
		assert_string_equal(folded, want);
	}
	struct mail_part m = mail("A: b\n\n");
	assert_null(mail_words(&m, "Subject", &arena));
}

static void a_word_longer_than_any_is_plain_text(void **state)
{
	(void)state;
	for (int n = 990; n < 1000; n++) {
		char *word = tw_sprintf(&arena, "=?utf-8*%0*d?Q?x", n, 0);
		struct mail_part m = mail(tw_sprintf(&arena, "Subject: %s?=\n\n", word));
		assert_string_equal(mail_words(&m, "Subject", &arena),
				    tw_sprintf(&arena, "%s?=", word));
	}
}

static void the_sender_has_a_name_and_an_address(void **state)
{
	(void)state;
	static const struct {
		const char *from, *name, *address;
	} cases[] = {
		{"Ann <ann@example.org>", "Ann", "ann@example.org"},
		{"\"B., Ann\" <ann@example.org>", "B., Ann", "ann@example.org"},
		{"ann@example.org", NULL, "ann@example.org"},
		{"ann@example.org (Ann)", "Ann", "ann@example.org"},
		{"=?utf-8?q?=C3=84nn?= <a@b>", "\xc3\x84nn", "a@b"},
		{"<a@b>", NULL, "a@b"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct mail_part m = mail(tw_sprintf(&arena, "From: %s\n\n", cases[i].from));
		struct mail_person p = mail_from(&m, &arena);
		assert_string_equal(p.address, cases[i].address);
		if (cases[i].name)
			assert_string_equal(p.name, cases[i].name);
		else
			assert_null(p.name);
	}
}

static void expect_text(const char *message, const char *text, bool is_html)
{
	struct mail_part m = mail(message);
	struct mail_text t = mail_text(&m, &arena);
	assert_string_equal(t.text, text);
	assert_int_equal(t.is_html, is_html);
}

static void the_text_is_found_in_every_encoding(void **state)
{
	(void)state;
	expect_text("A: b\n\nJust text.", "Just text.", false);
	expect_text("Content-Transfer-Encoding: quoted-printable\n"
		    "Content-Type: text/plain; charset=\"iso-8859-1\"\n\ncaf=E9 is=\n one = 1",
		    "caf\xc3\xa9 is one = 1", false);
	expect_text("Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: BASE64\n\n"
		    "w6nDqQ==\n",
		    "\xc3\xa9\xc3\xa9", false);
	expect_text(
		"Content-Type: text/plain; format=flowed; delsp=no\n\nSoft \nbreak.\n> quo \n> ted"
		"\n  stuffed\n-- \nAnn",
		"Soft break.\n> quo \n> ted\n stuffed\n-- \nAnn", false);
	expect_text("Content-Type: text/html\n\n<p>Hi</p>", "<p>Hi</p>", true);
}

static void plain_text_is_preferred_and_attachments_are_not_read(void **state)
{
	(void)state;
	expect_text(
		"Content-Type: multipart/mixed; boundary=outer\n\npreamble\n--outer\n"
		"Content-Type: multipart/alternative; boundary=\"in ner\"\n\n"
		"--in ner\nContent-Type: text/plain\n\nHello.\n"
		"--in ner\nContent-Type: text/html\n\n<b>Hello.</b>\n--in ner--\n"
		"--outer\nContent-Type: text/plain\nContent-Disposition: attachment\n\nSecret\n"
		"--outer\nContent-Type: text/plain\nContent-Disposition: inline; filename=a.txt\n\nFile\n"
		"--outer\nContent-Type: message/rfc822\n\nFrom: x\n\nForwarded\n--outer--\nafter",
		"Hello.\n", false);
	expect_text("Content-Type: multipart/alternative; boundary=b\n\n--b\n\n \n"
		    "--b\nContent-Type: text/html\n\n<b>Only here</b>\n--b--\n",
		    "<b>Only here</b>\n", true);
}

static void nesting_without_end_ends(void **state)
{
	(void)state;
	struct tw_str s = TW_STR_INIT;
	for (int i = 0; i < 2000; i++)
		tw_str_addf(&s, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
	tw_str_adds(&s, "\ndeep");
	expect_text(tw_str_c(&s), "", true);
	tw_str_clear(&s);
	tw_str_adds(&s, "Content-Type: multipart/mixed; boundary=b\n\n");
	for (int i = 0; i < 5000; i++)
		tw_str_adds(&s, "--b\n\nx\n");
	struct mail_part m = mail(tw_str_c(&s));
	assert_in_range(strlen(mail_text(&m, &arena).text), 1, 5 * MAIL_MAX_PARTS);
	tw_str_release(&s);
}

static void only_the_authors_words_stay(void **state)
{
	(void)state;
	static const struct {
		const char *mail, *own;
	} cases[] = {
		{"Hi,\n\nall of it\nis mine.\n", "Hi,\n\nall of it\nis mine."},
		{"Yes.\n\nOn Mon, Jan 6, 2020 at 10:00 Bob <b@example.org>\nwrote:\n\n> Shall we?\n> B.\n",
		 "Yes."},
		{"Am 06.01.20 um 10:00 schrieb Bob:\n> Sollen wir?\n\nJa.\n> Wann?\nHeute.",
		 "Ja.\n\nHeute."},
		{"I quote myself:\n> no date above", "I quote myself:"},
		{"Mine.\n2020-01-06 10:00 Bob:\n> x\n", "Mine."},
		{"Text.\n-- \nAnn\nTel. 1\n", "Text."},
		{"Text.\n\n-----Original Message-----\nFrom: Bob\nSent: Monday\nTo: Ann\nSubject: x\n\nHis.",
		 "Text."},
		{"Text.\n\n---------- Forwarded message ---------\nVon: Bob\nDate: Mon\nSubject: x\nTo: y\n\nHis.",
		 "Text."},
		{"Text.\n________________________________\nFrom: Bob\nSent: Monday\nTo: Ann\n\nHis.",
		 "Text."},
		{"---- A heading ----\nis no mail.", "---- A heading ----\nis no mail."},
		{"Done.\n\nSent from my iPhone\n", "Done."},
		{"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nSigned.\n-----BEGIN PGP SIGNATURE-----\nabc\n",
		 "Signed."},
		{"> only a quote\n", ""},
		{"", ""},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(mail_own_words(cases[i].mail, &arena), cases[i].own);
}

/* --- what it answers --- */

#define INTRO "On Mon, 6 Jan 2020, Bob <bob@example.org> wrote:\n"

static void answers(const char *text, const char *want)
{
	static const char *const author[] = {"tess@example.org", "Tess T.", NULL};
	struct exchanges e = {0};
	mail_exchanges(&e, text, author);
	const char *json = exchanges_take(&e, &arena);
	exchanges_release(&e);
	assert_string_equal(json ? json : "", want);
}

static void an_answer_stands_above_or_below_what_it_answers(void **state)
{
	(void)state;
	const char *one = "[{\"context\":\"Where is it?\",\"reply\":\"In the locker.\"}]";
	answers("In the locker.\n\n" INTRO "> Where is it?\n", one);
	answers(INTRO "> Where is it?\n\nIn the locker.\n", one);
	answers("Hi Bob,\n\n" INTRO "> Where is it?\n\nIn the locker.\n", one);
	answers("In the locker.\n\n-- \nTess\n\n" INTRO "> Where is it?\n\nNot mine.\n", one);
	answers("In the locker.\n" INTRO ">\n> Where is it?\n>\n> -- \n", one);
	answers("Hi,\n" INTRO "> Hello.\n> One?\n\nYes.\n\n\nIndeed.\n> Two?\n>\n> Three?\nNo.\n",
		"[{\"context\":\"Hello.\\nOne?\",\"reply\":\"Yes.\\n\\nIndeed.\"},"
		"{\"context\":\"Two?\\n\\nThree?\",\"reply\":\"No.\"}]");
}

static void a_mail_below_without_marks_is_answered_too(void **state)
{
	(void)state;
	const char *head = "From: Bob <bob@example.org>\nSent: Monday\nTo: tess@example.org\n"
			   "Subject: It\n\nWhere is it?\n\n-- \nBob\n";
	const char *one = "[{\"context\":\"Where is it?\",\"reply\":\"In the locker.\"}]";
	answers(tw_sprintf(&arena, "In the locker.\n\n-----Original Message-----\n%s", head), one);
	answers(tw_sprintf(&arena, "In the locker.\n\n________________________________\n%s", head),
		one);
	answers("In the locker.\n\nFrom: Tess T.\nSent: Monday\nTo: Bob\n\nWhere is it?\n", "");
	answers("In the locker.\n\n-----Original Message-----\nno head", "");
}

static void only_what_another_wrote_is_context(void **state)
{
	(void)state;
	answers("One more thing.\n\nOn Mon, 6 Jan 2020, Tess\nT. <tess@example.org> wrote:\n"
		"> It is in the locker.\n",
		"");
	answers("> Nobody said who wrote this.\n\nIndeed.\n", "");
	answers("No quote at all.\n", "");
	answers(INTRO "> No answer.\n", "");
	answers("Yes.\n\n" INTRO "> On Sunday, Tess wrote:\n>> My own.\n> > And this.\n> Sure?\n",
		"[{\"context\":\"Sure?\",\"reply\":\"Yes.\"}]");
	answers("Yes.\n\n" INTRO ">> My own.\n", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(fields_are_unfolded_and_decoded, arena_setup,
						arena_teardown),
		cmocka_unit_test_setup_teardown(a_word_longer_than_any_is_plain_text, arena_setup,
						arena_teardown),
		cmocka_unit_test_setup_teardown(the_sender_has_a_name_and_an_address, arena_setup,
						arena_teardown),
		cmocka_unit_test_setup_teardown(the_text_is_found_in_every_encoding, arena_setup,
						arena_teardown),
		cmocka_unit_test_setup_teardown(
			plain_text_is_preferred_and_attachments_are_not_read, arena_setup,
			arena_teardown),
		cmocka_unit_test_setup_teardown(nesting_without_end_ends, arena_setup,
						arena_teardown),
		cmocka_unit_test_setup_teardown(only_the_authors_words_stay, arena_setup,
						arena_teardown),
		cmocka_unit_test_setup_teardown(an_answer_stands_above_or_below_what_it_answers,
						arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(a_mail_below_without_marks_is_answered_too,
						arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(only_what_another_wrote_is_context, arena_setup,
						arena_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
