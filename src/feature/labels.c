/*
 * View "labels": instruction and answer pairs for training, made without a
 * model: what a title or heading asks for, answered by the author's own words
 * under it, verbatim; and in conversations what another wrote, answered by the
 * author's reply (replies.c). A label view: its rows are targets.
 */
#include <string.h>

#include "base/hash.h"
#include "feature/chunks_int.h"
#include "feature/feature.h"
#include "feature/instruct_int.h"
#include "feature/passage_int.h"
#include "feature/replies_int.h"

struct labels {
	struct passage_limits limits;
	int64_t max_per_document;
	bool headings;
	struct reply_limits replies;
};

static const struct tw_opt opts[] = {
	{"max_chars", TW_OPT_INT, offsetof(struct labels, limits.max_chars), .def = "1500",
	 .min = 100, .max = 100000, .help = "longest answer, in bytes"},
	{"min_words", TW_OPT_INT, offsetof(struct labels, limits.min_words), .def = "15", .min = 1,
	 .max = 1000, .help = "fewest words of prose in an answer"},
	{"max_per_document", TW_OPT_INT, offsetof(struct labels, max_per_document), .def = "12",
	 .min = 1, .max = 1000, .help = "most pairs from one document"},
	{"headings", TW_OPT_BOOL, offsetof(struct labels, headings), .def = "true",
	 .help = "pairs from the headings within a document too"},
	{"replies", TW_OPT_BOOL, offsetof(struct labels, replies.on), .def = "true",
	 .help = "pairs from conversations: what another wrote, and the author's reply"},
	{"reply_words", TW_OPT_INT, offsetof(struct labels, replies.answer.min_words), .def = "3",
	 .min = 1, .max = 1000, .help = "fewest words of prose in a reply"},
	{"max_context", TW_OPT_INT, offsetof(struct labels, replies.max_context), .def = "1000",
	 .min = 50, .max = 100000, .help = "most of what is answered, in bytes: the newest"},
	{"max_replies", TW_OPT_INT, offsetof(struct labels, replies.max_pairs), .def = "50",
	 .min = 1, .max = 1000, .help = "most replies from one document"},
	{0},
};

static const struct tw_field schema[] = {
	{"instruction", TW_FIELD_TEXT, 0, "what a reader would ask, or another wrote"},
	{"answer", TW_FIELD_TEXT, 0, "verbatim piece of the scrubbed text"},
	{"kind", TW_FIELD_TEXT, 0, "\"title\", \"heading\" or \"reply\""},
	{"start", TW_FIELD_INT, 0, "offset of the answer in the scrubbed text, bytes"},
	{"end", TW_FIELD_INT, 0, "offset of its end"},
	{"title", TW_FIELD_TEXT, 0, "of the document"},
	{0},
};

static const char *const inputs[] = {"scrub", "duplicates", TW_DOCUMENTS_VIEW, NULL};

struct labeler {
	struct tw_rows *out;
	const struct labels *o;
	const char *doc, *title, *lang, *s, *prose;
	struct outline outline;
	struct tw_arena *a;
};

static uint64_t seed_of(const struct labeler *k, const char *heading)
{
	return tw_hash64(heading, strlen(heading), tw_hash64(k->doc, strlen(k->doc), 0));
}

static void add(struct labeler *k, const char *kind, const char *heading, const char *title,
		size_t first, size_t n)
{
	struct passage p;
	struct instruct_source src = {heading, title, k->prose, k->lang, seed_of(k, heading)};
	if ((int64_t)k->out->n >= k->o->max_per_document ||
	    !tw_passage(&p, k->s, &k->outline, first, n, &k->o->limits, k->a))
		return;
	const char *instruction = tw_instruct(&src, k->a);
	if (!instruction)
		return;
	struct tw_row *r = tw_rows_add(k->out, k->doc);
	tw_row_set_str(k->out, r, "instruction", instruction);
	tw_row_set_text(k->out, r, "answer", k->s + p.start, p.end - p.start);
	tw_row_set_str(k->out, r, "kind", kind);
	tw_row_set_int(k->out, r, "start", (int64_t)p.start);
	tw_row_set_int(k->out, r, "end", (int64_t)p.end);
	tw_row_set_str(k->out, r, "title", k->title);
}

/* Past the section and the deeper ones below it. */
static size_t end_of_section(const struct outline *o, size_t heading)
{
	size_t i = heading + 1;
	while (i < o->n_blocks && (o->blocks[i].type != OUTLINE_HEADING ||
				   o->blocks[i].level > o->blocks[heading].level))
		i++;
	return i;
}

static void add_headings(struct labeler *k)
{
	for (size_t i = 0; i < k->outline.n_sections; i++) {
		const struct outline_section *sec = &k->outline.sections[i];
		if (sec->heading == SIZE_MAX)
			continue;
		const struct outline_block *b = &k->outline.blocks[sec->heading];
		const char *heading = tw_outline_line(k->s + b->text, b->text_n, k->a);
		size_t end = end_of_section(&k->outline, sec->heading);
		add(k, "heading", heading, k->title, sec->heading + 1, end - sec->heading - 1);
	}
}

/* The text without code: what it says about how words are written. */
static char *prose_of(const struct labeler *k, size_t n)
{
	char *prose = tw_strndup(k->a, k->s, n);
	for (size_t i = 0; i < k->outline.n_blocks; i++) {
		const struct outline_block *b = &k->outline.blocks[i];
		if (b->type == OUTLINE_CODE || b->type == OUTLINE_HEADING)
			memset(prose + b->start, ' ', b->end - b->start);
	}
	bool code = false;
	for (size_t i = 0; i < n; i++) {
		if (prose[i] == '`')
			code = !code;
		if (code)
			prose[i] = prose[i] == '\n' ? '\n' : ' ';
	}
	return prose;
}

/* `raw` is the document as it was collected. */
static void add_replies(struct labeler *k, struct tw_bytes text, const struct tw_rows *raw)
{
	struct reply_limits limits = k->o->replies;
	limits.answer.max_chars = k->o->limits.max_chars;
	if (!raw->n)
		return;
	const struct replies r = {
		.doc = k->doc,
		.title = k->title,
		.text = text,
		.media = tw_row_cstr(raw, &raw->at[0], "media"),
		.extra = tw_row_cstr(raw, &raw->at[0], "extra"),
		.limits = &limits,
	};
	tw_replies(k->out, &r, k->a);
}

static enum tw_status apply(struct tw_rows *out, void *ctx, const char *doc,
			    const struct tw_rows *in, struct tw_arena *a, struct tw_err *err)
{
	const struct labels *o = ctx;
	(void)err;
	if (!in[0].n || !tw_is_canonical(&in[1]))
		return TW_OK;
	const struct tw_row *r = &in[0].at[0];
	const struct tw_bytes text = tw_row_text(&in[0], r, "text");
	struct labeler k = {.out = out, .o = o, .doc = doc, .a = a};
	k.s = text.data ? text.data : "";
	k.title = tw_row_cstr(&in[0], r, "title");
	k.lang = tw_row_cstr(&in[0], r, "lang");
	k.outline = tw_outline(k.title, k.s, text.len, a);
	k.prose = prose_of(&k, text.len);
	if (k.title[0])
		add(&k, "title", k.title, NULL, 0, k.outline.n_blocks);
	if (o->headings)
		add_headings(&k);
	add_replies(&k, text, &in[2]);
	return TW_OK;
}

const struct tw_transform_type tw_transform_labels = {
	.name = "labels",
	.help = "instruction and answer pairs from titles, headings and conversations",
	.code_version = 4,
	.inputs = inputs,
	.schema = schema,
	.opts = opts,
	.ctx_size = sizeof(struct labels),
	.apply = apply,
};
