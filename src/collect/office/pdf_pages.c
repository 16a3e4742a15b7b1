/* What pdftotext says, page by page: <page><flow><block><line><word xMin=… yMin=… xMax=… yMax=…>. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "collect/office/pdf_int.h"

void pdf_begin(struct pdf *p, struct tw_arena *a)
{
	*p = (struct pdf){.a = a};
}

void pdf_release(struct pdf *p)
{
	tw_vec_release(&p->lines);
	tw_vec_release(&p->pages);
	tw_str_release(&p->said);
}

static double number(const struct dom_node *n, const char *name)
{
	const char *s = dom_attr(n, name);
	double v = s ? strtod(s, NULL) : 0;
	return v > -1e6 && v < 1e6 ? v : 0;
}

/* Letters that are set as one piece, as letters. */
static void add_word(struct tw_str *out, const char *s)
{
	static const char *const pieces[] = {"ff", "fi", "fl", "ffi", "ffl", "st", "st"};
	for (; *s; s++) {
		unsigned char last = (unsigned char)s[0] == 0xef && (unsigned char)s[1] == 0xac
					     ? (unsigned char)s[2]
					     : 0;
		if (last >= 0x80 && last <= 0x86) {
			tw_str_adds(out, pieces[last - 0x80]);
			s += 2;
		} else {
			tw_str_addc(out, *s);
		}
	}
}

struct letters {
	double height, foot;
	size_t n;
};

static int by_height(const void *x, const void *y)
{
	const struct letters *a = x, *b = y;
	return (a->height > b->height) - (a->height < b->height);
}

/* Of the letter in the middle when all are sorted: words in other letters stand in many lines. */
static struct letters middle(struct letters *words, size_t n)
{
	size_t all = 0, seen = 0;
	if (n)
		qsort(words, n, sizeof(*words), by_height);
	for (size_t i = 0; i < n; i++)
		all += words[i].n;
	for (size_t i = 0; i < n; i++) {
		seen += words[i].n;
		if (seen * 2 >= all)
			return words[i];
	}
	return (struct letters){0};
}

static void take_line(struct pdf *p, const struct dom_node *n)
{
	struct pdf_line l = {.x0 = number(n, "xMin"),
			     .y0 = number(n, "yMin"),
			     .x1 = number(n, "xMax"),
			     .y1 = number(n, "yMax"),
			     .page = p->pages.n,
			     .flow = p->flows,
			     .part = p->parts};
	struct tw_str text = TW_STR_INIT;
	TW_VEC(struct letters) words = {0};
	for (const struct dom_node *w = n->first; w; w = w->next) {
		const char *word = strcmp(w->name, "word") == 0 ? dom_text_folded(w, p->a) : "";
		if (!*word)
			continue;
		if (!text.len)
			l.first_word = number(w, "xMax") - number(w, "xMin");
		else
			tw_str_addc(&text, ' ');
		add_word(&text, word);
		double foot = number(w, "yMax");
		struct letters one = {foot - number(w, "yMin"), foot, strlen(word)};
		tw_vec_push(&words, one);
	}
	l.height = middle(words.at, words.n).height;
	l.y1 = middle(words.at, words.n).foot;
	tw_vec_release(&words);
	p->text += text.len;
	if (text.len) {
		l.text = tw_str_dup(&text, p->a);
		tw_vec_push(&p->lines, l);
	}
	tw_str_release(&text);
}

static void take_blocks(struct pdf *p, const struct dom_node *page)
{
	for (const struct dom_node *n = page; n; n = dom_next(n, page)) {
		p->flows += strcmp(n->name, "flow") == 0;
		p->parts += strcmp(n->name, "block") == 0;
		if (strcmp(n->name, "line") == 0)
			take_line(p, n);
	}
}

/* The tree is needed no longer than the page. */
static void take_page(struct pdf *p, const char *xml, size_t len)
{
	struct tw_arena own;
	struct pdf_page page = {.first = p->lines.n};
	struct dom d;
	tw_arena_init(&own);
	if (dom_parse_xml(&d, xml, len, "UTF-8", &own, NULL) == TW_OK) {
		page.width = number(d.root, "width");
		page.height = number(d.root, "height");
		take_blocks(p, d.root);
	}
	page.end = p->lines.n;
	pdf_order(p, &page);
	tw_vec_push(&p->pages, page);
	tw_arena_release(&own);
}

/* Control characters stand in some, and none may in XML. */
static void clean(struct tw_str *out, const char *s, size_t len)
{
	struct tw_str valid = TW_STR_INIT;
	tw_utf8_repair(&valid, s, len);
	tw_text_plain(out, tw_str_c(&valid), valid.len, "\n\t");
	tw_str_release(&valid);
}

static void take_head(struct pdf *p, const char *xml, size_t len)
{
	struct dom d;
	if (dom_parse_xml(&d, xml, len, "UTF-8", p->a, NULL) != TW_OK)
		return;
	p->meta.title = office_child_text(d.root, "title", p->a);
	for (const struct dom_node *n = d.root->first; n; n = n->next) {
		const char *name = dom_attr(n, "name"), *content = dom_attr(n, "content");
		if (!name || !content || !*content)
			continue;
		if (strcmp(name, "Author") == 0)
			p->meta.author = content;
		else if (strcmp(name, "Subject") == 0)
			p->meta.description = content;
		else if (strcmp(name, "Keywords") == 0)
			p->meta.keywords = content;
		else if (strcmp(name, "CreationDate") == 0)
			p->meta.created = content;
		else if (strcmp(name, "ModDate") == 0)
			p->meta.modified = content;
	}
}

/* From <NAME to </NAME>, taken off the beginning; false when it is not all there yet. */
static bool take_element(struct pdf *p, const char *open, const char *close,
			 void (*take)(struct pdf *, const char *, size_t))
{
	const char *s = tw_str_c(&p->said), *end, *begin;
	struct tw_str xml = TW_STR_INIT;
	size_t back = strlen(close), from = p->looked > back ? p->looked - back : 0;
	end = memmem(s + from, p->said.len - from, close, back);
	p->looked = p->said.len;
	if (!end)
		return false;
	end += back;
	begin = memmem(s, (size_t)(end - s), open, strlen(open));
	if (begin) {
		clean(&xml, begin, (size_t)(end - begin));
		take(p, tw_str_c(&xml), xml.len);
	}
	p->said.len -= (size_t)(end - s);
	memmove(p->said.data, end, p->said.len);
	p->looked = 0;
	tw_str_release(&xml);
	return true;
}

enum tw_status pdf_take(struct pdf *p, const char *data, size_t len, struct tw_err *err)
{
	tw_str_add(&p->said, data, len);
	if (!p->has_head)
		p->has_head = take_element(p, "<head>", "</head>", take_head);
	while (p->has_head && p->lines.n <= PDF_MOST_LINES &&
	       take_element(p, "<page ", "</page>", take_page))
		;
	if (p->pages.n > PDF_MOST_PAGES || p->lines.n > PDF_MOST_LINES)
		return tw_fail(err, TW_BAD_DATA, "it has too many pages or lines");
	if (p->said.len > PDF_MOST_PAGE || p->text > PDF_MOST_TEXT)
		return tw_fail(err, TW_BAD_DATA, "its text is longer than %zu MiB",
			       PDF_MOST_TEXT >> 20);
	return TW_OK;
}
