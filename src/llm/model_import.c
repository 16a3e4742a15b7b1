#include "llm/model_import.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/str.h"
#include "llm/gguf_int.h"
#include "llm/import_int.h"

struct import {
	const char *from, *to, *type;
	char *half, *half2; /* beside `to`, so that a rename can move them */
	struct tw_arena arena;
	struct tw_err *err;
};

/* The weights that count: those of most bytes decide the type. */
static void describe_weights(struct tw_import_info *out, const struct tw_gguf *g)
{
	uint64_t bytes[256] = {0};
	int most = 0;
	for (size_t i = 0; i < g->n_tensors; i++) {
		const struct tw_gguf_tensor *t = &g->tensors[i];
		int type = t->type & 255;
		out->parameters += t->ne[0] * t->ne[1] * t->ne[2] * t->ne[3];
		bytes[type] += t->bytes;
		most = bytes[type] > bytes[most] ? type : most;
	}
	out->tensors = (int64_t)g->n_tensors;
	const char *name = g->n_tensors ? tw_import_type_name(most) : "";
	for (size_t i = 0; name[i] && i + 1 < sizeof(out->type); i++)
		out->type[i] = (char)(name[i] >= 'a' && name[i] <= 'z' ? name[i] - 32 : name[i]);
}

static enum tw_status describe(struct tw_import_info *out, struct import *m, const char *path)
{
	struct tw_gguf g;
	*out = (struct tw_import_info){0};
	enum tw_status st = tw_gguf_open(&g, path, m->err);
	if (st != TW_OK)
		return st;
	const char *arch = tw_gguf_str(&g, "general.architecture", &m->arena);
	snprintf(out->architecture, sizeof(out->architecture), "%s", arch ? arch : "");
	out->bytes = (int64_t)g.map.len;
	describe_weights(out, &g);
	tw_gguf_close(&g);
	return tw_sha256_file(&out->digest, path, m->err);
}

/* Onto the disk, then under its name: whoever opens `to` finds all of it or the old one. */
static enum tw_status commit(struct import *m, const char *half)
{
	int fd = open(half, O_RDONLY | O_CLOEXEC);
	int dir = open(tw_path_dir(&m->arena, m->to), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum tw_status st = TW_OK;
	if (fd < 0 || fsync(fd) < 0)
		st = tw_fail_errno(m->err, TW_IO, "%s", half);
	else if (rename(half, m->to) < 0)
		st = tw_fail_errno(m->err, TW_IO, "%s", m->to);
	else if (dir >= 0)
		(void)!fsync(dir);
	if (fd >= 0)
		close(fd);
	if (dir >= 0)
		close(dir);
	return st;
}

static bool is_f32(const char *type)
{
	return strcasecmp(type, "F32") == 0;
}

static enum tw_status convert(const char *from, const char *to, const char *type,
			      struct tw_err *err)
{
	return is_f32(type) ? tw_import_widen(from, to, err)
			    : tw_import_quantize(from, to, type, err);
}

static enum tw_status convert_folder(struct import *m)
{
	bool quantize = m->type && !is_f32(m->type);
	enum tw_status st = tw_import_bert(m->from, quantize ? m->half2 : m->half, m->err);
	return st == TW_OK && quantize ? convert(m->half2, m->half, m->type, m->err) : st;
}

static enum tw_status convert_gguf(struct import *m)
{
	bool adapter;
	enum tw_status st = tw_import_check(m->from, &adapter, m->err);
	if (st != TW_OK)
		return st;
	if (m->type && adapter)
		return tw_fail(m->err, TW_UNSUPPORTED, "%s: a LoRA adapter is not quantised",
			       m->from);
	if (m->type)
		return convert(m->from, m->half, m->type, m->err);
	return tw_copy_file(m->from, m->half, m->err);
}

static enum tw_status run(struct tw_import_info *out, struct import *m)
{
	struct tw_arena *a = &m->arena;
	if (!tw_exists(m->from))
		return tw_fail(m->err, TW_NOT_FOUND,
			       "%s: no such file or folder; give a GGUF, or the folder of a model",
			       m->from);
	enum tw_status st = m->type ? tw_import_check_type(m->type, m->err) : TW_OK;
	if (st == TW_OK && tw_is_dir(m->to))
		st = tw_fail(m->err, TW_BAD_USE, "%s: a folder; name the file to write", m->to);
	if (st == TW_OK)
		st = tw_mkdirs(tw_path_dir(a, m->to), m->err);
	if (st != TW_OK)
		return st;
	tw_info("importing %s%s%s", m->from, m->type ? " as " : "", m->type ? m->type : "");
	st = tw_is_dir(m->from) ? convert_folder(m) : convert_gguf(m);
	if (st == TW_OK) {
		st = tw_import_verify(m->half, m->err);
		if (st != TW_OK)
			tw_wrap(m->err, st, "%s", m->from);
	}
	if (st == TW_OK && tw_stopping())
		st = tw_fail(m->err, TW_CANCELLED, "stopped before %s was written", m->to);
	if (st == TW_OK)
		st = describe(out, m, m->half);
	if (st == TW_OK)
		st = commit(m, m->half);
	if (st == TW_OK)
		tw_info("wrote %s: %s, %s, %s", m->to, out->architecture, out->type,
			tw_human_size(a, out->bytes));
	return st;
}

enum tw_status tw_model_import(struct tw_import_info *out, const char *from, const char *to,
			       const char *type, struct tw_err *err)
{
	struct import m = {.from = from, .to = to, .type = type, .err = err};
	tw_arena_init(&m.arena);
	m.half = tw_sprintf(&m.arena, "%s.half-%ld", to, (long)getpid());
	m.half2 = tw_sprintf(&m.arena, "%s.float-%ld", to, (long)getpid());
	enum tw_status st = run(out, &m);
	unlink(m.half);
	unlink(m.half2);
	tw_arena_release(&m.arena);
	return st;
}
