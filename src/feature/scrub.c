/*
 * View "scrub": the rows of "clean" with personal data and secrets replaced by
 * their kind: [email], [phone], [key], [password], [card], [iban]. The findings
 * are counted; what was found is kept nowhere.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "feature/feature.h"
#include "feature/scrub_int.h"

struct scrub {
	bool on[SCRUB_KINDS];
};

static const char *const kind_names[SCRUB_KINDS] = {"email",	"phone", "key",
						    "password", "card",	 "iban"};

static const struct tw_opt opts[] = {
	{"email", TW_OPT_BOOL, offsetof(struct scrub, on[SCRUB_EMAIL]), .def = "true",
	 .help = "replace e-mail addresses (those of example.com stay)"},
	{"phone", TW_OPT_BOOL, offsetof(struct scrub, on[SCRUB_PHONE]), .def = "true",
	 .help = "replace phone numbers"},
	{"key", TW_OPT_BOOL, offsetof(struct scrub, on[SCRUB_KEY]), .def = "true",
	 .help = "replace API keys, tokens and private keys"},
	{"password", TW_OPT_BOOL, offsetof(struct scrub, on[SCRUB_PASSWORD]), .def = "true",
	 .help = "replace secrets that are assigned (password=…) or stand in a URL"},
	{"card", TW_OPT_BOOL, offsetof(struct scrub, on[SCRUB_CARD]), .def = "true",
	 .help = "replace numbers of payment cards"},
	{"iban", TW_OPT_BOOL, offsetof(struct scrub, on[SCRUB_IBAN]), .def = "true",
	 .help = "replace numbers of bank accounts"},
	{0},
};

static const struct tw_field schema[] = {
	{"title", TW_FIELD_TEXT, 0, "as in clean, scrubbed"},
	{"text", TW_FIELD_TEXT, 0, "as in clean, scrubbed"},
	{"lang", TW_FIELD_TEXT, 0, "BCP 47 tag; \"\" unsure"},
	{"url", TW_FIELD_TEXT, 0, "where a reader finds it"},
	{"created_ms", TW_FIELD_INT, 0, "first publication, 0 unknown"},
	{"author", TW_FIELD_TEXT, 0, "as in clean, scrubbed"},
	{"words", TW_FIELD_INT, 0, "words in text"},
	{"removed", TW_FIELD_REAL, 0, "share of the characters that cleaning took away"},
	{"findings", TW_FIELD_TEXT, 0, "JSON object: how many of each kind"},
	{"n_findings", TW_FIELD_INT, 0, "all of them"},
	{0},
};

static const char *const inputs[] = {"clean", NULL};

struct spans TW_VEC_BODY(struct scrub_span);

/* Where to look next: behind what was found. */
static size_t note(struct spans *spans, const struct scrub *o, bool found, struct scrub_span span,
		   size_t at)
{
	if (!found || !o->on[span.kind])
		return at + 1;
	tw_vec_push(spans, span);
	return span.end > at ? span.end : at + 1;
}

static size_t look_at(struct spans *spans, const struct scrub *o, const struct scrub_text *t,
		      size_t at)
{
	struct scrub_span x = {0};
	char ch = t->s[at];
	bool found = false;
	if (ch == '@')
		found = tw_scrub_email(&x, t, at);
	else if (ch == '=' || ch == ':')
		found = tw_scrub_password(&x, t, at);
	else if (scrub_digit(ch))
		found = tw_scrub_card(&x, t, at) || tw_scrub_phone(&x, t, at);
	else if (ch == '+' || ch == '(')
		found = tw_scrub_phone(&x, t, at);
	else if (ch == '-' || scrub_alpha(ch))
		found = (scrub_upper(ch) && tw_scrub_iban(&x, t, at)) || tw_scrub_key(&x, t, at);
	return note(spans, o, found, x, at);
}

static int by_start(const void *a, const void *b)
{
	const struct scrub_span *x = a, *y = b;
	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->end > y->end ? -1 : x->end < y->end;
}

/* Appends s without what was found, and counts it. */
static void scrub_text(struct tw_str *out, int64_t counts[SCRUB_KINDS], const struct scrub *o,
		       struct tw_bytes s)
{
	const struct scrub_text t = {s.data ? s.data : "", s.len};
	struct spans spans = {0};
	for (size_t i = 0; i < t.n;)
		i = look_at(&spans, o, &t, i);
	if (spans.n)
		qsort(spans.at, spans.n, sizeof(*spans.at), by_start);
	size_t done = 0;
	for (size_t i = 0; i < spans.n; i++) {
		const struct scrub_span *x = &spans.at[i];
		if (x->start < done)
			continue;
		tw_str_add(out, t.s + done, x->start - done);
		tw_str_addf(out, "[%s]", kind_names[x->kind]);
		done = x->end;
		counts[x->kind]++;
	}
	tw_str_add(out, t.s + done, t.n - done);
	tw_vec_release(&spans);
}

void tw_scrub_every_kind(struct tw_str *out, const char *s, size_t n)
{
	static const struct scrub all = {{true, true, true, true, true, true}};
	int64_t counts[SCRUB_KINDS] = {0};
	scrub_text(out, counts, &all, (struct tw_bytes){s, n});
}

static void set_scrubbed(struct tw_rows *out, struct tw_row *r, const char *field,
			 const struct scrub *o, int64_t counts[SCRUB_KINDS], struct tw_bytes s)
{
	struct tw_str text = TW_STR_INIT;
	scrub_text(&text, counts, o, s);
	tw_row_set_text(out, r, field, tw_str_c(&text), text.len);
	tw_str_release(&text);
}

static void set_findings(struct tw_rows *out, struct tw_row *r, const int64_t counts[SCRUB_KINDS])
{
	struct tw_str json = TW_STR_INIT;
	struct tw_json_writer w;
	int64_t all = 0;
	tw_jw_init(&w, &json);
	tw_jw_object(&w, NULL);
	for (int k = 0; k < SCRUB_KINDS; k++) {
		if (counts[k])
			tw_jw_int(&w, kind_names[k], counts[k]);
		all += counts[k];
	}
	tw_jw_end(&w);
	tw_row_set_text(out, r, "findings", tw_str_c(&json), json.len);
	tw_row_set_int(out, r, "n_findings", all);
	tw_str_release(&json);
}

static enum tw_status apply(struct tw_rows *out, void *ctx, const char *doc,
			    const struct tw_rows *in, struct tw_arena *a, struct tw_err *err)
{
	static const char *const scrubbed[] = {"title", "text", "author"};
	const struct scrub *o = ctx;
	(void)a;
	(void)err;
	for (size_t i = 0; i < in[0].n; i++) {
		const struct tw_row *from = &in[0].at[i];
		struct tw_row *r = tw_rows_add(out, doc);
		int64_t counts[SCRUB_KINDS] = {0};
		for (size_t f = 0; f < sizeof(scrubbed) / sizeof(scrubbed[0]); f++)
			set_scrubbed(out, r, scrubbed[f], o, counts,
				     tw_row_text(&in[0], from, scrubbed[f]));
		tw_row_set_str(out, r, "lang", tw_row_cstr(&in[0], from, "lang"));
		tw_row_set_str(out, r, "url", tw_row_cstr(&in[0], from, "url"));
		tw_row_set_int(out, r, "created_ms", tw_row_int(&in[0], from, "created_ms"));
		tw_row_set_int(out, r, "words", tw_row_int(&in[0], from, "words"));
		tw_row_set_real(out, r, "removed", tw_row_real(&in[0], from, "removed"));
		set_findings(out, r, counts);
	}
	return TW_OK;
}

const struct tw_transform_type tw_transform_scrub = {
	.name = "scrub",
	.help = "clean text without personal data and secrets",
	.code_version = 2,
	.inputs = inputs,
	.schema = schema,
	.opts = opts,
	.ctx_size = sizeof(struct scrub),
	.apply = apply,
};
