/*
 * View "questions": for a share of the documents, chosen by a hash of their
 * ids, a question that the LLM writes for one passage; the answer is the
 * passage, verbatim. What the LLM wrote that is no use stays as a row too, with
 * its status, so that one sees how much was filtered: training takes "ok" only.
 * A label view: its rows are targets.
 */
#include <string.h>

#include "base/hash.h"
#include "base/str.h"
#include "core/llm.h"
#include "feature/chunks_int.h"
#include "feature/clean_int.h"
#include "feature/feature.h"
#include "feature/passage_int.h"
#include "feature/questions_int.h"

struct questions {
	double share;
	struct passage_limits limits;
	int64_t max_tokens, seed;
	struct tw_llm *llm;
};

static const struct tw_opt opts[] = {
	{"share", TW_OPT_REAL, offsetof(struct questions, share), .def = "0.05", .min = 0, .max = 1,
	 .help = "part of the documents that get a question; 0 for none"},
	{"max_chars", TW_OPT_INT, offsetof(struct questions, limits.max_chars), .def = "900",
	 .min = 100, .max = 100000, .help = "longest passage, in bytes"},
	{"min_words", TW_OPT_INT, offsetof(struct questions, limits.min_words), .def = "25",
	 .min = 1, .max = 1000, .help = "fewest words of prose in a passage"},
	{"max_tokens", TW_OPT_INT, offsetof(struct questions, max_tokens), .def = "48", .min = 8,
	 .max = 512, .help = "longest question, in the LLM's tokens"},
	{"seed", TW_OPT_INT, offsetof(struct questions, seed), .def = "1",
	 .help = "chooses the documents and passages"},
	{0},
};

static const struct tw_field schema[] = {
	{"instruction", TW_FIELD_TEXT, 0, "the question that the LLM wrote"},
	{"answer", TW_FIELD_TEXT, 0, "verbatim piece of the scrubbed text"},
	{"kind", TW_FIELD_TEXT, 0, "\"question\""},
	{"status", TW_FIELD_TEXT, 0,
	 "\"ok\", or why it is no use: too_short too_long no_question copied language refusal"},
	{"start", TW_FIELD_INT, 0, "offset of the answer in the scrubbed text, bytes"},
	{"end", TW_FIELD_INT, 0, "offset of its end"},
	{"title", TW_FIELD_TEXT, 0, "of the document"},
	{0},
};

static const char *const inputs[] = {"scrub", "duplicates", NULL};

static enum tw_status open_questions(void *ctx, const struct tw_transform_env *env,
				     struct tw_err *err)
{
	struct questions *o = ctx;
	(void)err;
	o->llm = env->llm;
	return TW_OK;
}

static uint64_t hash_of(const struct questions *o, const char *doc)
{
	return tw_hash64(doc, strlen(doc), (uint64_t)o->seed);
}

static bool is_chosen(const struct questions *o, const char *doc)
{
	uint64_t state = hash_of(o, doc);
	return tw_random_unit(&state) < o->share;
}

/* One of the usable passages that begin at a section, or at the document's start. */
static bool choose_passage(struct passage *out, const struct questions *o, const char *doc,
			   const char *s, const struct outline *outline, struct tw_arena *a)
{
	struct passage *usable = TW_NEW_ARRAY(a, outline->n_sections, struct passage);
	size_t n = 0;
	for (size_t i = 0; i < outline->n_sections; i++) {
		const struct outline_section *sec = &outline->sections[i];
		n += tw_passage(&usable[n], s, outline, sec->first, sec->n, &o->limits, a);
	}
	uint64_t state = hash_of(o, doc) ^ 0x70617373;
	if (n)
		*out = usable[tw_random_u64(&state) % n];
	return n > 0;
}

static const char prompt[] =
	"Read this passage from a blog:\n\n%.*s\n\n"
	"Write one short question that a reader would ask and that the passage answers. "
	"Do not quote the passage. Write the question only.";

/* *cut: the LLM had more to say than it may. */
static enum tw_status ask(char **out, bool *cut, const struct questions *o, struct tw_bytes passage,
			  struct tw_arena *a, struct tw_err *err)
{
	static const char *const stop[] = {"\n", NULL};
	const struct tw_message m[] = {
		{"user", tw_sprintf(a, prompt, (int)passage.len, passage.data)},
	};
	const struct tw_gen_params params = {
		.max_tokens = (int)o->max_tokens, .seed = (uint64_t)o->seed, .stop = stop};
	struct tw_generation g;
	enum tw_status st = tw_llm_chat(&g, o->llm, m, 1, &params, NULL, NULL, err);
	if (st != TW_OK)
		return st;
	/* A stopped program must not leave half a question behind as if it were the whole. */
	if (strcmp(g.finish, "cancelled") == 0)
		st = tw_fail(err, TW_CANCELLED, "stopped");
	else
		*out = tw_question_text(tw_str_c(&g.text), a);
	*cut = strcmp(g.finish, "length") == 0;
	tw_generation_release(&g);
	return st;
}

static enum tw_status apply(struct tw_rows *out, void *ctx, const char *doc,
			    const struct tw_rows *in, struct tw_arena *a, struct tw_err *err)
{
	const struct questions *o = ctx;
	if (!in[0].n || !is_chosen(o, doc) || !tw_is_canonical(&in[1]))
		return TW_OK;
	const struct tw_row *from = &in[0].at[0];
	const struct tw_bytes text = tw_row_text(&in[0], from, "text");
	const char *s = text.data ? text.data : "";
	const struct outline outline = tw_outline("", s, text.len, a);
	struct passage p;
	char *question = NULL;
	if (!choose_passage(&p, o, doc, s, &outline, a))
		return TW_OK;
	const struct tw_bytes passage = {s + p.start, p.end - p.start};
	bool cut = false;
	enum tw_status st = ask(&question, &cut, o, passage, a, err);
	if (st != TW_OK)
		return st;
	const char *lang = tw_row_cstr(&in[0], from, "lang");
	const char *status = cut && !tw_ends_with(question, "?")
				     ? "too_long"
				     : tw_question_status(question, passage, lang, a);
	struct tw_row *r = tw_rows_add(out, doc);
	tw_row_set_str(out, r, "instruction", question);
	tw_row_set_text(out, r, "answer", passage.data, passage.len);
	tw_row_set_str(out, r, "kind", "question");
	tw_row_set_str(out, r, "status", status);
	tw_row_set_int(out, r, "start", (int64_t)p.start);
	tw_row_set_int(out, r, "end", (int64_t)p.end);
	tw_row_set_str(out, r, "title", tw_row_cstr(&in[0], from, "title"));
	return TW_OK;
}

const struct tw_transform_type tw_transform_questions = {
	.name = "questions",
	.help = "questions that the LLM writes for a share of the passages",
	.code_version = 4,
	.inputs = inputs,
	.schema = schema,
	.opts = opts,
	.ctx_size = sizeof(struct questions),
	.flags = TW_NEEDS_LLM | TW_SERIAL | TW_OPTIONAL,
	.open = open_questions,
	.apply = apply,
};
