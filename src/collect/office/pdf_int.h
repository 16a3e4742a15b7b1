/*
 * collect/office/pdf_int.h: the text of a PDF, from where its words stand on the pages.
 *
 * `pdftotext -bbox-layout` (poppler-utils), in a sandbox of its own, says where each
 * line stands and in which order the columns are read (pdf_program.c, pdf_pages.c).
 * Out of that come the columns (pdf_columns.c, pdf_order.c) and the paragraphs: what
 * runs along at the edge of the pages is left out (pdf_running.c), lines are rejoined
 * (pdf_paragraphs.c), and larger letters are headings (pdf.c).
 */
#ifndef TW_COLLECT_PDF_INT_H
#define TW_COLLECT_PDF_INT_H

#include "base/map.h"
#include "base/vec.h"
#include "collect/office/office_int.h"

#define PDF_PROGRAM "pdftotext"

#define PDF_MOST_PAGE  ((size_t)16 << 20) /* bytes that the program may say of one page */
#define PDF_MOST_PAGES 50000
#define PDF_MOST_LINES 500000
#define PDF_MOST_TEXT  ((size_t)32 << 20) /* bytes of text of all pages */

#define PDF_LARGER 1.15 /* letters than those of the text, of headings */
#define PDF_TITLE  1.3	/* and of a title */

struct pdf_line {
	const char *text; /* its words with single spaces, never empty */
	double x0, y0, x1,
		y1;	   /* points from the top left of the page; y1: the foot of most letters */
	double height;	   /* of its letters */
	double first_word; /* its width */
	size_t page;
	size_t flow, part; /* as the program tells them apart */
	size_t block;	   /* lines of one column that follow each other */
	bool running;	   /* along at the edge of the pages: no text */
};

struct pdf_page {
	double width, height;
	size_t first, end; /* its lines */
};

struct pdf {
	TW_VEC(struct pdf_line) lines; /* in the order of reading */
	TW_VEC(struct pdf_page) pages;
	size_t flows, parts, blocks;
	struct office_meta meta;
	struct tw_arena *a;
	/* while it is read */
	struct tw_str said;
	size_t looked; /* bytes of it in which no page ends */
	size_t text;   /* bytes of the lines */
	bool has_head;
};

void pdf_begin(struct pdf *p, struct tw_arena *a);
void pdf_release(struct pdf *p);
/* A piece of what the program says: takes its whole pages. */
TW_MUST_USE enum tw_status pdf_take(struct pdf *p, const char *data, size_t len,
				    struct tw_err *err);
/* Runs the program over the file. */
TW_MUST_USE enum tw_status pdf_run(struct pdf *p, const struct tw_bytes *file, struct tw_err *err);

/* The lines of a page that was just read. */
void pdf_order(struct pdf *p, struct pdf_page *page);
void pdf_columns(struct pdf *p, const struct pdf_page *page);
/* Bytes of the mark of a list, and the space behind it, at the beginning; 0: none. */
size_t pdf_bullet(const char *s);

void pdf_find_running(struct pdf *p, double body);

struct pdf_paragraph {
	struct tw_str text; /* "\n" is the end of a line that is meant */
	double height, x0;  /* x0: of its first line */
	size_t last;	    /* its last line */
	size_t lines;
	enum { PDF_TEXT, PDF_BULLET, PDF_NUMBERED } kind;
	int number;
};
struct pdf_paragraphs TW_VEC_BODY(struct pdf_paragraph);

/* `body`: the height of most letters. The caller releases them. */
void pdf_join(struct pdf_paragraphs *out, const struct pdf *p, double body);
void pdf_paragraphs_release(struct pdf_paragraphs *all);
double pdf_body_height(const struct pdf *p);

/* All of what was read, as a document. */
void pdf_write(struct tw_document *doc, struct pdf *p);

#endif
