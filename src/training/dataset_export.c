/*
 * A dataset for other programs: JSONL, as TRL, Unsloth, Axolotl and OpenAI's
 * fine-tuning read it.
 */
#include "base/fs.h"
#include "base/json.h"
#include "base/str.h"
#include "training/dataset.h"

enum tw_status tw_dataset_export(struct tw_feature_store *fs, const char *dataset,
				 enum tw_split split, enum tw_dataset_rows rows, const char *path,
				 struct tw_err *err)
{
	struct tw_str lines = TW_STR_INIT;
	struct tw_examples examples;
	struct tw_arena a;
	tw_arena_init(&a);
	enum tw_status st = tw_fs_examples(&examples, fs, dataset, split, &a, err);
	if (st == TW_OK)
		st = tw_dataset_lines(&lines, &examples, rows, err);
	if (st == TW_OK && !lines.len)
		st = tw_fail(err, TW_NOT_FOUND, "dataset %s has no %s in its %s split", dataset,
			     rows == TW_ROWS_PAIRS ? "pairs" : "examples", tw_split_name(split));
	if (st == TW_OK)
		st = tw_write_file(path, tw_str_c(&lines), lines.len, err);
	tw_str_release(&lines);
	tw_arena_release(&a);
	return st;
}
