/* The Markdown of Obsidian and Logseq as plain Markdown: what is the author's, and what their programs keep in it. */
#include "format_test.h"

#include "collect/notes/notes_int.h"

static const struct vault obsidian = {.kind = VAULT_OBSIDIAN, .root = ""};
static const struct vault logseq = {.kind = VAULT_LOGSEQ, .root = ""};

static struct tw_document note_n(const struct vault *v, const char *rel, const char *text,
				 size_t len)
{
	struct reports quiet = {MAX_REPORTS};
	struct tw_document doc = {0};
	struct file_input in = {
		.rel = rel, .label = rel, .data = {text, len}, .report = &quiet, .vault = v};
	enum tw_status st = parse_file(&doc, &in, &arena, &err);
	assert_true(st == TW_OK || st == TW_SKIPPED);
	assert_true(tw_utf8_valid(doc.body.data, doc.body.len));
	return doc;
}

static struct tw_document note(const struct vault *v, const char *rel, const char *text)
{
	return note_n(v, rel, text, strlen(text));
}

static void assert_note(const struct vault *v, const char *text, const char *expected)
{
	struct tw_document d = note(v, v == &logseq ? "pages/a.md" : "a.md", text);
	struct tw_str got = TW_STR_INIT;
	tw_str_add(&got, d.body.data, d.body.len);
	tw_str_trim(&got);
	assert_string_equal(tw_str_c(&got), expected);
	tw_str_release(&got);
}

static void assert_extra(const struct tw_document *d, const char *expected)
{
	assert_string_equal(d->extra ? d->extra : "none", expected);
}

/* --- Obsidian --- */

static void embeds_remarks_marks_and_block_names_go(void **state)
{
	(void)state;
	assert_note(&obsidian,
		    "Coil it ==with the lay==. ![[rope.png|300]]\n"
		    "![[Other note#Part]]\n"
		    "Never %%ask Tom%% against it. ^coil-1\n"
		    "\n"
		    "^lonely-id\n"
		    "\n"
		    "%%\n> a remark\n```\nover lines\n%%\n"
		    "[[Knots|The knots]] hold.\n",
		    "Coil it with the lay.\n"
		    "Never  against it.\n"
		    "\n"
		    "[[Knots|The knots]] hold.");
	assert_note(&obsidian, "a == b and 5%% of 10%%\n", "a == b and 5");
	assert_note(&obsidian, "It is 100%% wool\nand 2^x ^ y\n", "It is 100%% wool\nand 2^x ^ y");
	assert_note(&obsidian, "if a==b and c==d\n<https://a.example/?q=YQ==> ==x==\n==a====b==",
		    "if a==b and c==d\n<https://a.example/?q=YQ==> x\nab");
	assert_note(&obsidian, "Title\n=====\n\n==not closed\n", "Title\n=====\n\n==not closed");
}

static void code_stays_as_it_is(void **state)
{
	static const char code[] = "Use `![[x]] %%y%% ==z== #t`.\n"
				   "\n"
				   "```md\n%%a%% ==b== #c ![[d]] ^e\n> [!note] f\n```\n"
				   "\n"
				   "    indented %%stays%%\n"
				   "\n"
				   "> ```\n> ==a==\n> ```";
	(void)state;
	assert_note(&obsidian, code, code);
	assert_extra(&(struct tw_document){.extra = note(&obsidian, "a.md", code).extra}, "none");
}

static void what_plugins_fill_goes(void **state)
{
	(void)state;
	assert_note(&obsidian,
		    "Before.\n\n```dataview\nTABLE file.name\n```\n\n```tasks\nnot done\n```\n"
		    "\n~~~query\nx\n~~~\n\nAfter.\n",
		    "Before.\n\nAfter.");
}

static void a_callout_is_the_authors_own_unless_it_is_a_quotation(void **state)
{
	(void)state;
	assert_note(&obsidian,
		    "Text.\n"
		    "> [!warning]- Mind the ==bight==\n"
		    "> It closes.\n"
		    "> - fast\n"
		    "\n"
		    "> [!note]\n"
		    "> No title.\n"
		    "\n"
		    "> [!quote] Ashley\n"
		    "> A knot is never nearly right.\n"
		    "\n"
		    "> Plain quotation.\n",
		    "Text.\n"
		    "\n"
		    "**Mind the bight**\n"
		    "\n"
		    "It closes.\n"
		    "- fast\n"
		    "\n"
		    "No title.\n"
		    "\n"
		    "> Ashley\n"
		    ">\n"
		    "> A knot is never nearly right.\n"
		    "\n"
		    "> Plain quotation.");
}

static void callouts_stand_within_each_other(void **state)
{
	(void)state;
	assert_note(&obsidian,
		    "> [!question] Can they nest?\n"
		    "> > [!cite]\n"
		    "> > Yes.\n"
		    ">\n"
		    "> > [!todo] Try\n"
		    "> > Own words.\n"
		    "Below.\n",
		    "**Can they nest?**\n"
		    "\n"
		    "> Yes.\n"
		    "\n"
		    "**Try**\n"
		    "\n"
		    "Own words.\n"
		    "\n"
		    "Below.");
}

static void tags_are_taken_from_text_and_properties(void **state)
{
	(void)state;
	struct tw_document d = note(&obsidian, "On ropes.md",
				    "---\ntags: \"#sea rope\"\naliases: [Ropes]\n---\n"
				    "#knots #sea/port\n"
				    "\n"
				    "A #Bowline (#2) and #2024 holds, see https://a.example/#top,\n"
				    "## Heading\n"
				    "\\#no, [top](#top) and [[#Heading]] and #日記。\n");
	assert_extra(&d,
		     "{\"tags\":[\"sea\",\"rope\",\"knots\",\"sea/port\",\"Bowline\",\"日記\"]}");
	assert_string_equal(d.title, "On ropes");
	assert_true(tw_starts_with(tw_strndup(&arena, d.body.data, d.body.len), "A #Bowline"));
}

static void a_note_is_called_by_its_file_or_its_first_heading(void **state)
{
	(void)state;
	assert_string_equal(note(&obsidian, "x/e-mail_habits.md", "Words.\n\n# Later\n").title,
			    "e-mail_habits");
	assert_string_equal(note(&obsidian, "x.md", "\n# First\n\nWords.").title, "First");
	assert_string_equal(note(&obsidian, "2024-05-01.md", "Words.").title, "2024-05-01");
	struct tw_document d = note(&obsidian, "2024-05-01 Walk.md", "Words.");
	assert_string_equal(d.title, "Walk");
	assert_string_equal(day(d.created_ms), "2024-05-01");
}

static void what_is_no_note_of_a_vault_is_left_out(void **state)
{
	(void)state;
	struct vault v = {.root = ""};
	const struct tw_bytes templates = {"{\"folder\":\"/Meta/Templates/\"}", 29};
	assert_true(vault_wants("my/.obsidian/templates.json"));
	vault_see(&v, "my/.obsidian/templates.json", &templates, &arena);
	vault_see(&v, "my/logseq/config.edn", NULL, &arena);
	assert_int_equal(v.kind, VAULT_OBSIDIAN);
	assert_true(vault_leaves_out(&v, "my/Meta/Templates/day.md"));
	assert_true(vault_leaves_out(&v, "my/Meta/Templates/"));
	assert_true(vault_leaves_out(&v, "my/x/Sketch.Excalidraw.md"));
	assert_true(vault_leaves_out(&v, "my/.obsidian/plugins/a.md"));
	assert_false(vault_leaves_out(&v, "my/Meta/a.md"));
	assert_false(vault_leaves_out(&v, "other/Meta/Templates/a.md"));
	assert_true(vault_leaves_out(&logseq, "logseq/bak/pages/a.md"));
	assert_false(vault_leaves_out(&logseq, "pages/a.md"));
}

/* --- Logseq --- */

static void an_outline_is_paragraphs_with_lists(void **state)
{
	(void)state;
	assert_note(&logseq,
		    "- ## Ropes\n"
		    "- Coil it\n"
		    "  with the lay.\n"
		    "  id:: 6423a0d1-0000-4000-8000-000000000000\n"
		    "\t- never\n"
		    "\t  against it\n"
		    "\t\t- ### deep\n"
		    "\t\t  collapsed:: true\n"
		    "\t-\n"
		    "\t\t- of nobody\n"
		    "- Dry it.\n",
		    "## Ropes\n"
		    "\n"
		    "Coil it\n"
		    "with the lay.\n"
		    "\n"
		    "- never\n"
		    "  against it\n"
		    "  - deep\n"
		    "- of nobody\n"
		    "\n"
		    "Dry it.");
}

static void what_logseq_keeps_in_the_text_goes(void **state)
{
	(void)state;
	assert_note(&logseq,
		    "- TODO [#A] Splice ^^the end^^ ((6423a0d1-0000-4000-8000-000000000000))\n"
		    "  SCHEDULED: <2024-05-01 Wed>\n"
		    "  :LOGBOOK:\n"
		    "  CLOCK: [2024-05-01 Wed 10:00:00]\n"
		    "  :END:\n"
		    "- {{query (todo TODO)}}\n"
		    "- #+BEGIN_QUERY\n  {:title \"x\"}\n  #+END_QUERY\n"
		    "- #+BEGIN_QUOTE\n  A knot is never nearly right.\n  #+END_QUOTE\n"
		    "- std::string and a::b stay\n",
		    "Splice the end\n"
		    "\n"
		    "> A knot is never nearly right.\n"
		    "\n"
		    "std::string and a::b stay");
}

static void code_of_a_block_stays(void **state)
{
	(void)state;
	assert_note(&logseq,
		    "- See\n"
		    "\t- ```yaml\n"
		    "\t  - key:: {{x}}\n"
		    "\t    - #tag ((y))\n"
		    "\t  ```\n"
		    "\t- after\n"
		    "- #+BEGIN_SRC c\n  a == b;\n  #+END_SRC\n"
		    "- ```\n  never closed\n"
		    "- next\n",
		    "See\n"
		    "\n"
		    "- ```yaml\n"
		    "  - key:: {{x}}\n"
		    "    - #tag ((y))\n"
		    "  ```\n"
		    "- after\n"
		    "\n"
		    "```c\na == b;\n```\n"
		    "\n"
		    "```\nnever closed\n"
		    "\n"
		    "next");
}

static void templates_are_left_out_and_marked_passages_are_quotations(void **state)
{
	(void)state;
	assert_note(&logseq,
		    "- Daily\n  template:: daily\n\t- What did I #learn?\n\t\t- x\n"
		    "- A passage of the book\n  ls-type:: annotation\n  hl-page:: 3\n"
		    "\t- My words.\n",
		    "> A passage of the book\n\n- My words.");
}

static void a_page_says_what_it_is(void **state)
{
	(void)state;
	struct tw_document d = note(&logseq, "pages/sea___rope.md",
				    "tags:: [[old rope]], #sea\ndate:: 2021-03-04\nicon:: x\n"
				    "\n"
				    "- Words #[[two words]] of #mine.\n"
				    "\t- #only #tags\n");
	assert_extra(&d,
		     "{\"tags\":[\"old rope\",\"sea\",\"two words\",\"mine\",\"only\",\"tags\"]}");
	assert_string_equal(d.title, "sea/rope");
	assert_string_equal(day(d.created_ms), "2021-03-04");
	assert_string_equal(body(&d), "Words [[two words]] of #mine.\n");
	assert_string_equal(note(&logseq, "pages/a%2Fb.md", "- title:: My page\n- x\n").title,
			    "My page");
	assert_string_equal(note(&logseq, "pages/a%2Fb.md", "- x\n").title, "a/b");
}

static void a_journal_has_its_date(void **state)
{
	(void)state;
	struct tw_document d = note(&logseq, "journals/2024_05_01.md", "- # Walked\n");
	assert_string_equal(d.title, "2024-05-01");
	assert_string_equal(day(d.created_ms), "2024-05-01");
}

static void any_text_is_borne(void **state)
{
	static const char *const pieces[] = {"[[",	  "![[",	 "==",
					     "%%",	  "{{",		 "((",
					     "`",	  "`a``b```c",	 "> ",
					     "> [!",	  "> [!a]\n",	 "- ",
					     "\t- \n",	  "#+BEGIN_A\n", "```\n",
					     "#a",	  "#[[",	 "^a ",
					     " ^",	  "a:: ",	 "\t",
					     "\n>\n>>\n", "==a== ",	 ":LOGBOOK:\n",
					     "\\",	  "%%a%%\n",	 "> [!a]\n> > [!quote] x\n",
					     "#\xe3",	  NULL};
	(void)state;
	for (const char *const *p = pieces; *p; p++) {
		struct tw_str s = TW_STR_INIT;
		while (s.len < 300000)
			tw_str_adds(&s, *p);
		char *exact = malloc(s.len); /* so that reading beyond it is seen */
		memcpy(exact, s.data, s.len);
		note_n(&obsidian, "a.md", exact, s.len);
		note_n(&logseq, "pages/a.md", exact, s.len);
		free(exact);
		tw_str_release(&s);
		tw_arena_reset(&arena);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(embeds_remarks_marks_and_block_names_go),
		T(code_stays_as_it_is),
		T(what_plugins_fill_goes),
		T(a_callout_is_the_authors_own_unless_it_is_a_quotation),
		T(callouts_stand_within_each_other),
		T(tags_are_taken_from_text_and_properties),
		T(a_note_is_called_by_its_file_or_its_first_heading),
		T(what_is_no_note_of_a_vault_is_left_out),
		T(an_outline_is_paragraphs_with_lists),
		T(what_logseq_keeps_in_the_text_goes),
		T(code_of_a_block_stays),
		T(templates_are_left_out_and_marked_passages_are_quotations),
		T(a_page_says_what_it_is),
		T(a_journal_has_its_date),
		T(any_text_is_borne),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
