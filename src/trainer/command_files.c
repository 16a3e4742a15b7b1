#include <string.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/str.h"
#include "trainer/command_int.h"
#include "trainer/convert.h"

/* Whether the last message is an answer with a word in it. */
static bool has_answer(const struct tw_example *e, struct tw_arena *a)
{
	const struct tw_json *v = tw_json_of(e->messages, a);
	if (!v || !v->n)
		return false;
	const struct tw_json *last = v->child;
	while (last->next)
		last = last->next;
	const char *text = tw_json_str(tw_json_get(last, "content"), "");
	return strcmp(tw_json_str(tw_json_get(last, "role"), ""), "assistant") == 0 &&
	       text[strspn(text, " \t\r\n")];
}

static enum tw_status check_examples(const struct tw_examples *e, struct tw_err *err)
{
	struct tw_arena a;
	bool found = false;
	tw_arena_init(&a);
	for (size_t i = 0; !found && i < e->n; i++) {
		found = has_answer(&e->at[i], &a);
		tw_arena_reset(&a);
	}
	tw_arena_release(&a);
	return found ? TW_OK
		     : tw_fail(err, TW_BLOCKED,
			       "no token carries loss: none of %zu training examples has an answer",
			       e->n);
}

/* *path is NULL when there are none. */
static enum tw_status write_rows(const char **path, const char *dir, const char *name,
				 const struct tw_examples *e, enum tw_dataset_rows rows,
				 struct tw_arena *a, struct tw_err *err)
{
	struct tw_str lines = TW_STR_INIT;
	enum tw_status st = tw_dataset_lines(&lines, e, rows, err);
	*path = lines.len ? tw_path_join(a, dir, name) : NULL;
	if (st == TW_OK && *path)
		st = tw_write_file(*path, lines.data, lines.len, err);
	tw_str_release(&lines);
	return st;
}

static enum tw_status write_init(const char **out, const char *dir, const struct tw_train_job *job,
				 struct tw_arena *a, struct tw_err *err)
{
	*out = NULL;
	if (!job->init_adapter)
		return TW_OK;
	*out = tw_path_join(a, dir, "init");
	return tw_adapter_export_peft(NULL, *out, job->init_adapter, tw_llm_info(job->llm)->path,
				      err);
}

struct files {
	const char *train, *valid, *train_pairs, *valid_pairs, *init;
};

static enum tw_status write_settings(const char *dir, const struct files *f,
				     const struct tw_train_job *job, struct tw_arena *a,
				     struct tw_err *err)
{
	const struct tw_llm_info *base = tw_llm_info(job->llm);
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &s);
	tw_jw_object(&w, NULL);
	tw_jw_int(&w, "version", 1);
	tw_jw_str(&w, "job", job->job_digest);
	tw_jw_object(&w, "base");
	tw_jw_str(&w, "path", base->path);
	tw_jw_str(&w, "digest", base->digest.hex);
	tw_jw_int(&w, "context", base->context);
	tw_jw_end(&w);
	tw_jw_str(&w, "train", f->train);
	tw_jw_str(&w, "valid", f->valid);
	tw_jw_str(&w, "train_pairs", f->train_pairs);
	tw_jw_str(&w, "valid_pairs", f->valid_pairs);
	tw_jw_str(&w, "init_adapter", f->init);
	tw_jw_str(&w, "init_adapter_gguf", job->init_adapter);
	tw_jw_str(&w, "checkpoints", tw_path_join(a, dir, "checkpoints"));
	tw_jw_str(&w, "output", tw_path_join(a, dir, "output"));
	tw_jw_int(&w, "seed", (int64_t)(job->seed & 0x7fffffff)); /* numpy takes 32 bits */
	tw_jw_int(&w, "threads", job->threads);
	tw_jw_end(&w);
	tw_str_addc(&s, '\n');
	enum tw_status st =
		tw_write_file(tw_path_join(a, dir, "settings.json"), s.data, s.len, err);
	tw_str_release(&s);
	return st;
}

enum tw_status tw_command_write_job(const char *dir, const struct tw_train_job *job,
				    struct tw_arena *a, struct tw_err *err)
{
	struct files f = {0};
	if (!tw_llm_info(job->llm)->path)
		return tw_fail(err, TW_UNSUPPORTED,
			       "%s is no file on this machine: a program can't train it",
			       tw_llm_info(job->llm)->spec);
	enum tw_status st = check_examples(&job->train, err);
	if (st == TW_OK)
		st = tw_mkdirs(tw_path_join(a, dir, "checkpoints"), err);
	if (st == TW_OK) /* what an earlier call left there shall not be taken for this one's */
		st = tw_remove_all(tw_path_join(a, dir, "output"), err);
	if (st == TW_OK)
		st = tw_mkdirs(tw_path_join(a, dir, "output"), err);
	if (st == TW_OK)
		st = write_rows(&f.train, dir, "train.jsonl", &job->train, TW_ROWS_CHATS, a, err);
	if (st == TW_OK)
		st = write_rows(&f.valid, dir, "valid.jsonl", &job->valid, TW_ROWS_CHATS, a, err);
	if (st == TW_OK)
		st = write_rows(&f.train_pairs, dir, "train_pairs.jsonl", &job->train,
				TW_ROWS_PAIRS, a, err);
	if (st == TW_OK)
		st = write_rows(&f.valid_pairs, dir, "valid_pairs.jsonl", &job->valid,
				TW_ROWS_PAIRS, a, err);
	if (st == TW_OK)
		st = write_init(&f.init, dir, job, a, err);
	return st == TW_OK ? write_settings(dir, &f, job, a, err) : st;
}
