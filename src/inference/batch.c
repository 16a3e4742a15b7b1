#include "inference/batch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/log.h"
#include "base/map.h"
#include "base/progress.h"
#include "base/stop.h"
#include "core/prediction.h"
#include "inference/answer.h"
#include "inference/batch_file.h"

struct batch {
	struct tw_serving *s;
	const struct tw_batch_job *job;
	struct tw_batch_stats *stats;
	struct tw_batch_file file;
	struct tw_batch_input input;
	struct tw_map
		stored; /* question -> id of a prediction of this batch that no output line has */
	struct tw_arena arena; /* of the batch */
	struct tw_arena line;  /* of one line */
	struct tw_progress *progress;
	struct tw_err *err;
};

/* Digest of everything that the answers depend on: changed, it is another batch. */
static enum tw_status batch_digest(struct tw_digest *out, const struct batch *b)
{
	struct tw_digest in;
	enum tw_status st = tw_sha256_file(&in, b->input.path, b->err);
	if (st != TW_OK)
		return st;
	const struct tw_serving_info *i = tw_serving_info(b->s);
	struct tw_hasher *h = tw_hasher_new();
	tw_digest_str(h, in.hex);
	tw_digest_i64(h, i->revision);
	tw_digest_i64(h, i->model);
	tw_digest_str(h, i->chunks);
	tw_digest_str(h, i->embeddings);
	tw_digest_str(h, i->llm_spec);
	tw_digest_str(h, i->adapter);
	tw_digest_str(h, i->settings);
	tw_digest_str(h, b->job->name);
	*out = tw_hasher_end(h);
	return TW_OK;
}

/* Predictions that were stored when the batch was killed before their line was written. */
static enum tw_status load_stored(struct batch *b)
{
	struct tw_predictions p;
	enum tw_status st = tw_fs_predictions(&p, tw_serving_env(b->s)->fs, b->stats->name, 0,
					      &b->arena, b->err);
	for (size_t i = 0; st == TW_OK && i < p.n; i++)
		if (!tw_map_has(&b->file.predictions, p.at[i].id) &&
		    p.at[i].deployment == tw_serving_info(b->s)->revision)
			tw_map_set(&b->stored, p.at[i].question, (void *)(uintptr_t)p.at[i].id);
	return st;
}

static void begin_line(struct tw_json_writer *w, struct tw_str *out, int64_t line,
		       const struct tw_json *id)
{
	tw_jw_init(w, out);
	tw_jw_object(w, NULL);
	tw_jw_int(w, "line", line);
	if (id)
		tw_jw_value(w, "id", id);
}

static void error_line(struct batch *b, struct tw_str *out, int64_t line, const struct tw_json *id,
		       const char *why)
{
	struct tw_json_writer w;
	begin_line(&w, out, line, id);
	tw_jw_str(&w, "error", why);
	tw_jw_end(&w);
	b->stats->failed++;
}

static void answer_line(struct tw_str *out, int64_t line, const struct tw_json *id,
			const char *question, const struct tw_answer *x, const char *prediction)
{
	struct tw_json_writer w;
	begin_line(&w, out, line, id);
	tw_jw_str(&w, "question", question);
	tw_jw_str(&w, "answer", x->text);
	tw_jw_str(&w, "finish", x->finish);
	if (x->support >= 0)
		tw_jw_real(&w, "support", x->support);
	else
		tw_jw_null(&w, "support");
	tw_jw_str(&w, "prediction", prediction);
	tw_answer_sources_json(&w, "sources", x->sources, x->n_sources);
	tw_jw_end(&w);
}

static enum tw_status answer(struct tw_answer *x, struct batch *b, const char *question,
			     bool no_store, struct tw_err *why)
{
	struct tw_answer_request r;
	tw_answer_request_init(&r, b->s);
	r.question = question;
	r.batch = b->stats->name;
	r.no_store = no_store;
	return tw_answer(x, b->s, &r, &b->line, why);
}

/* The answer and the id of its prediction. One that a killed run has stored without writing its line is used again
 * when the answer is still the same, so that the batch is stored once. */
static enum tw_status answer_once(struct tw_answer *x, const char **id, struct batch *b,
				  const char *question, struct tw_err *why)
{
	struct tw_prediction p;
	const char *stored = tw_map_get(&b->stored, question);
	if (stored &&
	    tw_fs_prediction(&p, tw_serving_env(b->s)->fs, stored, &b->line, NULL) == TW_OK) {
		tw_map_remove(&b->stored, question);
		enum tw_status st = answer(x, b, question, true, why);
		*id = p.id;
		if (st != TW_OK || strcmp(x->text, p.answer) == 0)
			return st;
	}
	enum tw_status st = answer(x, b, question, false, why);
	*id = st == TW_OK ? x->prediction : "";
	return st;
}

/* What is wrong with the store or the network is wrong for all lines. */
static bool concerns_all(enum tw_status st)
{
	return st == TW_NO_MEMORY || st == TW_IO || st == TW_CONFLICT || st == TW_NETWORK;
}

static enum tw_status do_question(struct batch *b, struct tw_str *out, int64_t line,
				  const struct tw_json *id, const char *question)
{
	struct tw_err why = TW_ERR_INIT;
	struct tw_answer x;
	const char *prediction;
	enum tw_status st = answer_once(&x, &prediction, b, question, &why);
	if (tw_stopping() || (st == TW_OK && strcmp(x.finish, "cancelled") == 0))
		return tw_fail(b->err, TW_CANCELLED, "stopped");
	if (concerns_all(st)) {
		tw_fail(b->err, st, "%s", why.msg);
		return tw_wrap(b->err, st, "%s:%lld", b->job->in, (long long)line);
	}
	if (st != TW_OK) {
		error_line(b, out, line, id, why.msg);
		return TW_OK;
	}
	answer_line(out, line, id, question, &x, prediction);
	b->stats->answered++;
	return TW_OK;
}

/* Adds the output line of one input line. Only what concerns all lines is an error. */
static enum tw_status do_line(struct batch *b, struct tw_str *out, int64_t line,
			      const struct tw_str *text)
{
	struct tw_err why = TW_ERR_INIT;
	struct tw_json *v = NULL;
	if (tw_json_parse(&v, text->data, text->len, &b->line, &why) != TW_OK) {
		error_line(b, out, line, NULL, why.msg);
		return TW_OK;
	}
	const struct tw_json *id = tw_json_get(v, "id");
	const char *question = tw_json_str(tw_json_get(v, "question"), NULL);
	if (!question) {
		error_line(b, out, line, id, "no \"question\": each line is {\"question\": \"…\"}");
		return TW_OK;
	}
	return do_question(b, out, line, id, question);
}

static enum tw_status do_all(struct batch *b)
{
	struct tw_str text = TW_STR_INIT, out = TW_STR_INIT;
	enum tw_status st = TW_OK;
	int64_t line = 0;
	while (st == TW_OK && !tw_stopping()) {
		struct tw_err why = TW_ERR_INIT;
		tw_str_clear(&text);
		tw_str_clear(&out);
		tw_arena_reset(&b->line);
		st = tw_batch_file_read(&b->file, &text, &line, &why);
		if (st == TW_SKIPPED) {
			if (line > b->file.done)
				error_line(b, &out, line, NULL, why.msg);
		} else if (st != TW_OK) {
			if (st != TW_DONE)
				tw_fail(b->err, st, "%s", why.msg);
			break;
		} else if (line > b->file.done) {
			st = do_line(b, &out, line, &text);
		}
		if (st == TW_SKIPPED)
			st = TW_OK;
		if (st == TW_OK && out.len > 0)
			st = tw_batch_file_write(&b->file, &out, b->err);
		if (st == TW_OK)
			tw_progress_add(b->progress, 1);
	}
	tw_str_release(&text);
	tw_str_release(&out);
	if (st == TW_OK)
		return tw_fail(b->err, TW_CANCELLED, "stopped");
	return st == TW_DONE ? TW_OK : st;
}

enum tw_status tw_batch_run(struct tw_batch_stats *stats, struct tw_serving *s,
			    const struct tw_batch_job *job, struct tw_err *err)
{
	struct batch b = {.s = s, .job = job, .stats = stats, .err = err};
	struct tw_digest digest;
	*stats = (struct tw_batch_stats){0};
	tw_arena_init(&b.arena);
	tw_arena_init(&b.line);
	enum tw_status st = tw_batch_input_open(&b.input, job->in, job->out, &b.arena, err);
	if (st == TW_OK)
		st = batch_digest(&digest, &b);
	if (st != TW_OK)
		goto out;
	snprintf(stats->name, sizeof(stats->name), "%.40s%s%.12s", job->name ? job->name : "batch",
		 job->name ? "" : "-", job->name ? "" : digest.hex);
	st = tw_batch_file_open(&b.file, &b.input, job->out, digest.hex, &b.arena, err);
	if (st != TW_OK)
		goto out;
	stats->lines = b.file.lines;
	stats->resumed = b.file.answered;
	stats->failed = b.file.failed;
	if (b.file.done > 0)
		tw_info("going on after line %lld of %s", (long long)b.file.done, job->in);
	st = load_stored(&b);
	if (st == TW_OK) {
		b.progress = tw_progress_new("batch", "questions", b.file.lines);
		st = do_all(&b);
		tw_progress_free(b.progress);
	}
	if (st == TW_OK)
		st = tw_batch_file_finish(&b.file, err);
out:
	tw_batch_file_close(&b.file);
	tw_batch_input_close(&b.input);
	tw_map_release(&b.stored);
	tw_arena_release(&b.line);
	tw_arena_release(&b.arena);
	return st;
}
