/* PDF, as pdftotext says it. */
#include "format_test.h"

#include "collect/office/pdf_int.h"

struct page_maker {
	struct tw_str xml;
};

static void begin_pages(struct page_maker *m)
{
	*m = (struct page_maker){0};
	tw_str_adds(
		&m->xml,
		"<!DOCTYPE html><html><head><title>untitled</title><meta name=\"Author\" content=\"Tess T.\"/>"
		"<meta name=\"CreationDate\" content=\"2018-07-06T05:04:03Z\"/></head><body><doc>\n");
}

static void begin_page(struct page_maker *m)
{
	tw_str_adds(&m->xml, "  <page width=\"600\" height=\"800\"><flow>\n");
}

/* Each line of the block has letters of 5 points' width. */
static void block(struct page_maker *m, double x, double y, double size, const char *const *lines)
{
	tw_str_adds(&m->xml, "<block>");
	for (; *lines; lines++, y += size * 1.2) {
		double at = x;
		tw_str_addf(&m->xml, "<line xMin=\"%f\" yMin=\"%f\" xMax=\"%f\" yMax=\"%f\">", x, y,
			    x + size / 2 * (double)strlen(*lines), y + size);
		for (const char *w = *lines; *w; w += strcspn(w, " "), w += *w == ' ') {
			int n = (int)strcspn(w, " ");
			tw_str_addf(
				&m->xml,
				"<word xMin=\"%f\" yMin=\"%f\" xMax=\"%f\" yMax=\"%f\">%.*s</word>\n",
				at, y, at + n * size / 2, y + size, n, w);
			at += (n + 1) * size / 2;
		}
		tw_str_adds(&m->xml, "</line>");
	}
	tw_str_adds(&m->xml, "</block>");
}

static void end_page(struct page_maker *m)
{
	tw_str_adds(&m->xml, "</flow></page>\n");
}

#define BLOCK(m, x, y, size, ...) block(m, x, y, size, (const char *const[]){__VA_ARGS__, NULL})

/* In pieces, as they come through a pipe. */
static struct tw_document read_pages(struct page_maker *m)
{
	struct tw_document doc = {0};
	struct pdf p;
	pdf_begin(&p, &arena);
	tw_str_adds(&m->xml, "</doc></body></html>");
	for (size_t i = 0; i < m->xml.len; i += 701)
		assert_ok(pdf_take(&p, m->xml.data + i, m->xml.len - i < 701 ? m->xml.len - i : 701,
				   &err),
			  &err);
	pdf_write(&doc, &p);
	pdf_release(&p);
	tw_str_release(&m->xml);
	return doc;
}

static void lines_are_rejoined_into_paragraphs(void **state)
{
	struct page_maker m;
	(void)state;
	begin_pages(&m);
	begin_page(&m);
	BLOCK(&m, 50, 100, 20, "On ropes");
	BLOCK(&m, 50, 150, 10,
	      "A rope that is coiled the wrong way kinks when you need it and is a well-",
	      "known nuisance on board, which nobody who has been there ever for-",
	      "gets. It is well-known, too.");
	BLOCK(&m, 50, 200, 14, "The second part");
	BLOCK(&m, 50, 230, 10,
	      "It rots from the inside, as we say: that is how all of it goes on and on,",
	      "over the column's end and", NULL);
	BLOCK(&m, 60, 300, 10,
	      "• hang it up where air is, in a place that is dry all the year, and do not",
	      "leave it there");
	BLOCK(&m, 60, 330, 10, "• dry it");
	end_page(&m);
	struct tw_document d = read_pages(&m);
	assert_string_equal(d.title, "On ropes");
	assert_string_equal(d.author, "Tess T.");
	assert_string_equal(day(d.created_ms), "2018-07-06");
	assert_string_equal(
		body(&d), "A rope that is coiled the wrong way kinks when "
			  "you need it and is a well-known nuisance on board, "
			  "which nobody who has been there ever forgets. It is well-known, too.\n\n"
			  "## The second part\n\n"
			  "It rots from the inside, as we say: that is how all "
			  "of it goes on and on, over the column's end and\n\n"
			  "- hang it up where air is, in a place that is dry "
			  "all the year, and do not leave it there\n- dry it\n");
}

static void what_runs_along_the_pages_is_left_out(void **state)
{
	struct page_maker m;
	(void)state;
	begin_pages(&m);
	for (int i = 1; i <= 7; i++) {
		begin_page(&m);
		BLOCK(&m, 50, 30, 10, i == 4 ? "Chapter two" : "Of ropes and knots");
		BLOCK(&m, 300, 770, 10, tw_sprintf(&arena, "- %d -", i));
		BLOCK(&m, 50, 100, 10,
		      tw_sprintf(&arena,
				 "Page %c begins here with a sentence that goes all the way to",
				 'a' + i),
		      "its end.");
		end_page(&m);
	}
	struct tw_document d = read_pages(&m);
	assert_contains(
		body(&d),
		"Page b begins here with a sentence that goes all the way to its end.\n\nPage c begins");
	assert_null(strstr(body(&d), "knots"));
	assert_null(strstr(body(&d), "Chapter two"));
	assert_null(strstr(body(&d), "- 3 -"));
}

static void columns_are_read_one_after_the_other(void **state)
{
	struct page_maker m;
	(void)state;
	begin_pages(&m);
	begin_page(&m);
	BLOCK(&m, 50, 60, 10,
	      "A line above both columns that is as wide as the page is, from edge to edge.");
	BLOCK(&m, 50, 100, 10, "Left one goes on for a while,", "and then for another while,",
	      "and stops.");
	BLOCK(&m, 320, 100, 10, "Right one goes on for a while,", "and then for another while,",
	      "and stops.");
	BLOCK(&m, 50, 160, 10, "Left two goes on for a while,", "and then for another while, and");
	BLOCK(&m, 320, 160, 10, "right two is where it ended.");
	end_page(&m);
	struct tw_document d = read_pages(&m);
	const char *text = body(&d), *left = strstr(text, "Left two"),
		   *right = strstr(text, "Right one");
	assert_non_null(left);
	assert_non_null(right);
	assert_true(left < right);
	assert_true(strstr(text, "A line above") < strstr(text, "Left one"));
}

static void hostile_pages_are_read_in_time(void **state)
{
	struct page_maker m;
	(void)state;
	begin_pages(&m);
	begin_page(&m);
	for (int i = 0; i < 20000; i++)
		BLOCK(&m, i % 7 * 80, i % 801, 10, i % 3 ? "•" : "1. word");
	end_page(&m);
	/* One paragraph, and marks beside one line. */
	begin_page(&m);
	static const char *full[401];
	for (int i = 0; i < 400; i++)
		full[i] =
			"a line that goes on and on and on, and on, and on and on as far as it can go-";
	for (int i = 0; i < 5; i++)
		block(&m, 50, i * 8, 10, full);
	for (int i = 0; i < 300; i++)
		BLOCK(&m, 300 - i, 700, 10, "•");
	end_page(&m);
	struct tw_document d = read_pages(&m);
	assert_true(d.body.len > 0);
}

static void pages_without_end_are_refused(void **state)
{
	struct pdf p;
	enum tw_status st = TW_OK;
	(void)state;
	pdf_begin(&p, &arena);
	assert_ok(pdf_take(&p, "<head></head>", 13, &err), &err);
	for (int i = 0; i <= PDF_MOST_PAGES && st == TW_OK; i++)
		st = pdf_take(&p, "<page ></page>", 14, &err);
	assert_int_equal(st, TW_BAD_DATA);
	pdf_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(lines_are_rejoined_into_paragraphs),	 T(what_runs_along_the_pages_is_left_out),
		T(columns_are_read_one_after_the_other), T(hostile_pages_are_read_in_time),
		T(pages_without_end_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
