/*
 * A dataset for other programs: ChatML JSONL, as TRL, Unsloth, Axolotl and
 * OpenAI's fine-tuning read it.
 */
#include "base/fs.h"
#include "base/json.h"
#include "base/str.h"
#include "training/dataset.h"

static void add_line(struct tw_str *out, const struct tw_example *e)
{
	struct tw_json_writer w;
	tw_jw_init(&w, out);
	tw_jw_object(&w, NULL);
	tw_jw_raw(&w, "messages", e->messages);
	tw_jw_end(&w);
	tw_str_addc(out, '\n');
}

enum tw_status tw_dataset_export(struct tw_feature_store *fs, const char *dataset,
				 enum tw_split split, const char *path, struct tw_err *err)
{
	struct tw_str lines = TW_STR_INIT;
	struct tw_examples examples;
	struct tw_arena a;
	tw_arena_init(&a);
	enum tw_status st = tw_fs_examples(&examples, fs, dataset, split, &a, err);
	if (st == TW_OK && !examples.n)
		st = tw_fail(err, TW_NOT_FOUND, "dataset %s has no examples in its %s split",
			     dataset, tw_split_name(split));
	for (size_t i = 0; st == TW_OK && i < examples.n; i++)
		add_line(&lines, &examples.at[i]);
	if (st == TW_OK)
		st = tw_write_file(path, tw_str_c(&lines), lines.len, err);
	tw_str_release(&lines);
	tw_arena_release(&a);
	return st;
}
