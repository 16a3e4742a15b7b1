/* What Kindles say of a clipping, in their languages; and quotations within a text. */
#include "collect_test.h"
#include "support/arena.h"

#include "base/time.h"
#include "collect/export/kindle_int.h"
#include "collect/quotation_int.h"

static void notes_are_told_from_passages_in_every_language(void **state)
{
	(void)state;
	static const struct {
		const char *said;
		enum kindle_kind kind;
	} cases[] = {
		{"- Your Highlight on page 12 ", KINDLE_PASSAGE},
		{"- Your Note on page 12 ", KINDLE_NOTE},
		{"- Note Loc. 123  ", KINDLE_NOTE},
		{"- Your Bookmark at location 9 ", KINDLE_BOOKMARK},
		{"- Clip This Article on Location 20-25 ", KINDLE_PASSAGE},
		{"- Ihre Markierung auf Seite 9 ", KINDLE_PASSAGE},
		{"- Ihre Notiz auf Seite 9 ", KINDLE_NOTE},
		{"- Ihr Lesezeichen auf Seite 9 ", KINDLE_BOOKMARK},
		{"- Tu subrayado en la página 7 ", KINDLE_PASSAGE},
		{"- Tu nota en la página 128 ", KINDLE_NOTE},
		{"- Votre surlignement sur la page 12 ", KINDLE_PASSAGE},
		{"- Votre note sur la page 12 ", KINDLE_NOTE},
		{"- Votre signet sur la page 12 ", KINDLE_BOOKMARK},
		{"- La tua evidenziazione a pagina 5 ", KINDLE_PASSAGE},
		{"- La tua nota a pagina 5 ", KINDLE_NOTE},
		{"- Seu destaque na página 33 ", KINDLE_PASSAGE},
		{"- Sua nota na página 33 ", KINDLE_NOTE},
		{"- Uw notitie op pagina 5 ", KINDLE_NOTE},
		{"- Ваше выделение в позиции 5 ", KINDLE_PASSAGE},
		{"- Ваша заметка в позиции 5 ", KINDLE_NOTE},
		{"- 您在位置 #351-352的标注 ", KINDLE_PASSAGE},
		{"- 您在位置 220 的笔记 ", KINDLE_NOTE},
		{"- 您在位置 #10的书签 ", KINDLE_BOOKMARK},
		{"- 位置No. 152-155のハイライト ", KINDLE_PASSAGE},
		{"- 位置No. 160のメモ ", KINDLE_NOTE},
		{"- 位置No. 200のブックマーク ", KINDLE_BOOKMARK},
		{"- Notebook of somebody ", KINDLE_PASSAGE},
		{"- Mitä tahansa ", KINDLE_PASSAGE},
		{"", KINDLE_PASSAGE},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (kindle_kind_of(cases[i].said, &arena) != cases[i].kind)
			fail_msg("\"%s\" is taken for %d", cases[i].said,
				 (int)kindle_kind_of(cases[i].said, &arena));
}

static void dates_are_read_in_every_language(void **state)
{
	(void)state;
	static const struct {
		const char *said, *when;
	} cases[] = {
		{" Added on Sunday, December 18, 2022 3:19:56 PM", "2022-12-18T15:19:56Z"},
		{" Added on Thursday, 4 June 2020 12:18:46", "2020-06-04T12:18:46Z"},
		{" Added on Friday, March 02, 2012, 07:27 PM", "2012-03-02T19:27:00Z"},
		{" Added on Tuesday, January 2, 2024 12:20:56 AM", "2024-01-02T00:20:56Z"},
		{" Hinzugefügt am Dienstag, 5. März 2024 21:12:45", "2024-03-05T21:12:45Z"},
		{" Hinzugefügt am Dienstag, 5. März 2024 um 12:12:45", "2024-03-05T12:12:45Z"},
		{" Añadido el martes, 12 de marzo de 2024 21:30:15", "2024-03-12T21:30:15Z"},
		{" Ajouté le mardi 5 août 2024 09:12:45", "2024-08-05T09:12:45Z"},
		{" Aggiunto in data martedì 5 maggio 2024 18:40:02", "2024-05-05T18:40:02Z"},
		{" Adicionado: terça-feira, 5 de março de 2024 09:12:45", "2024-03-05T09:12:45Z"},
		{" Toegevoegd op vrijdag 1 mei 2024 10:30:45", "2024-05-01T10:30:45Z"},
		{" Добавлено: пятница, 1 января 2024 г. в 10:30:45", "2024-01-01T10:30:45Z"},
		{" 添加于 2024年3月5日星期二 下午9:12:45", "2024-03-05T21:12:45Z"},
		{" 添加于 2024年3月5日星期二 上午12:12:45", "2024-03-05T00:12:45Z"},
		{" 追加日： 2024年4月2日火曜日 22:15:08", "2024-04-02T22:15:08Z"},
		{" 추가됨: 2024년 1월 1일 월요일 오후 10:30:45", "2024-01-01T22:30:45Z"},
		{" Añadido el lunes, 1 de enero de 2024 03:19:56 p. m.", "2024-01-01T15:19:56Z"},
		{" Added on Monday, January 1, 2024 3:19:56\u202fPM", "2024-01-01T15:19:56Z"},
		{" Added on Thursday, 4 June 15 12:18:46 Greenwich Mean Time", ""},
		{" Added on Monday, February 31, 2024 3:19:56 PM", ""},
		{" Added on 99:99:99 9999 99 99", ""},
		{" Lagt til ein dag", ""},
		{"", ""},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *when = tw_format_time(&arena, kindle_date(cases[i].said, &arena));
		if (strcmp(when, cases[i].when) != 0)
			fail_msg("\"%s\" is read as \"%s\"", cases[i].said, when);
	}
}

static void the_place_is_the_last_number_or_range(void **state)
{
	(void)state;
	static const struct {
		const char *said;
		double from, to;
	} cases[] = {
		{"- Your Highlight on page 233 | Location 3332-3334 ", 3332, 3334},
		{"- Highlight Loc. 3332-34 ", 3332, 3334},
		{"- Highlight Loc. 3399-02 ", 3399, 3402},
		{"- Your Note on page 5 ", 5, 5},
		{"- 您在位置 #351–352的标注", 351, 352},
		{"Location 9-3", 9, 13},
		{"Location 999999999999", 0, 0},
		{"- Your Highlight on page xii ", 0, 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		double from, to;
		kindle_place(&from, &to, cases[i].said);
		if (from != cases[i].from || to != cases[i].to)
			fail_msg("\"%s\" is at %g to %g", cases[i].said, from, to);
	}
}

static void plain_text_means_nothing_as_markdown(void **state)
{
	(void)state;
	struct tw_str out = TW_STR_INIT;
	markdown_add_text(&out, plain_as_markdown("# a  *b*\n> c\n\n\n1. d", &arena));
	markdown_add_quotation(&out, plain_as_markdown("- e\n\n\tf <g>", &arena));
	assert_string_equal(tw_str_c(&out),
			    "\\# a \\*b\\*  \n\\> c\n\n1\\. d\n\n> \\- e\n>\n> f \\<g>\n");
	tw_str_release(&out);
	markdown_add_text(&out, plain_as_markdown(" \n\n", &arena));
	assert_string_equal(tw_str_c(&out), "");
}

static void marks_that_people_type_become_quotations(void **state)
{
	(void)state;
	static const struct {
		const char *typed, *found;
	} cases[] = {
		{"\\> a\n\nb", "> a\n\nb"},
		{"\\>a\nb\n\nc", "> a\n> b\n\nc"},
		{"a\n\\> b\n\nc", "a\n\\> b\n\nc"},
		{"a \\> b", "a \\> b"},
		{"", ""},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(markdown_find_quotations(cases[i].typed, &arena),
				    cases[i].found);
}

static void what_is_quoted_is_answered_by_what_stands_below(void **state)
{
	(void)state;
	static const struct {
		const char *md, *before, *json;
	} cases[] = {
		{"> q\nlazy\n\na\n\n> r\n\nb", "x",
		 "[{\"context\":\"q\\nlazy\",\"reply\":\"a\"},{\"context\":\"r\",\"reply\":\"b\"}]"},
		{"a\n\n> r\n\nb", "x",
		 "[{\"context\":\"x\",\"reply\":\"a\"},{\"context\":\"r\",\"reply\":\"b\"}]"},
		{"a\n\n> r", NULL, NULL},
		{"a", "x", "[{\"context\":\"x\",\"reply\":\"a\"}]"},
		{"> only", "x", NULL},
		{"", "x", NULL},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *json = exchanges_of_quotations(cases[i].md, cases[i].before, &arena);
		if (!tw_streq(json, cases[i].json))
			fail_msg("%s: %s", cases[i].md, json ? json : "nothing");
	}
	assert_string_equal(markdown_before_quotations("a\n\n> b\n\nc", &arena), "a\n\n");
	assert_string_equal(markdown_before_quotations("```\n> a\n```\n\n    > b\n\n> c", &arena),
			    "```\n> a\n```\n\n    > b\n\n");
	assert_string_equal(markdown_before_quotations("> b", &arena), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(notes_are_told_from_passages_in_every_language,
						arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(dates_are_read_in_every_language, arena_setup,
						arena_teardown),
		cmocka_unit_test_setup_teardown(the_place_is_the_last_number_or_range, arena_setup,
						arena_teardown),
		cmocka_unit_test_setup_teardown(plain_text_means_nothing_as_markdown, arena_setup,
						arena_teardown),
		cmocka_unit_test_setup_teardown(marks_that_people_type_become_quotations,
						arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(what_is_quoted_is_answered_by_what_stands_below,
						arena_setup, arena_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
