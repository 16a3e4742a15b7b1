#include <ctype.h>
#include <math.h>
#include <string.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/str.h"
#include "trainer/command_int.h"

#define MAX_NAME 64

/* --- a line --- */

bool tw_command_parse(struct tw_command_metrics *out, const char *line, size_t len,
		      struct tw_arena *a)
{
	struct tw_json *v;
	if (!len || line[0] != '{' || tw_json_parse(&v, line, len, a, NULL) != TW_OK)
		return false;
	const struct tw_json *step = tw_json_get(v, "step");
	if (!step || step->type != TW_JSON_INT || step->i < 0)
		return false;
	*out = (struct tw_command_metrics){
		.step = step->i,
		.numbers = v->child,
		.adapter = tw_json_str(tw_json_get(v, "adapter"), NULL),
	};
	return true;
}

/* As Twin calls what Hugging Face's trainer calls otherwise. NULL: no metric. */
static const char *name_of(const struct tw_json *m)
{
	static const char *const others[][2] = {
		{"step", NULL},		 {"tokens", NULL},
		{"epoch", NULL},	 {"eval_loss", "valid_loss"},
		{"learning_rate", "lr"},
	};
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (strcmp(others[i][0], m->key) == 0)
			return others[i][1];
	size_t n = 0;
	while (isalnum((unsigned char)m->key[n]) || (m->key[n] && strchr("_-./@", m->key[n])))
		n++;
	return n && n <= MAX_NAME && !m->key[n] ? m->key : NULL;
}

static bool is_number(const struct tw_json *m)
{
	return (m->type == TW_JSON_INT || m->type == TW_JSON_REAL) && isfinite(m->r);
}

/* --- what was said so far --- */

/* A whole number of tokens that a double holds exactly; what is beyond it is nothing that anybody counted. */
static bool is_count(const struct tw_json *m)
{
	return is_number(m) && m->r >= 0 && m->r <= 9007199254740992.0;
}

/* A step that is told again, after a crash, was done again. */
static void add_loss(struct tw_command_log *l, int64_t step, double value)
{
	const struct tw_command_loss loss = {step, value};
	while (l->loss.n && l->loss.at[l->loss.n - 1].step >= step)
		l->loss.n--;
	tw_vec_push(&l->loss, loss);
}

static void note(struct tw_command_log *l, const struct tw_command_metrics *m)
{
	for (const struct tw_json *j = m->numbers; j; j = j->next) {
		const char *name = is_number(j) ? name_of(j) : NULL;
		if (is_count(j) && strcmp(j->key, "tokens") == 0)
			l->tokens = (int64_t)j->r;
		if (name && strcmp(name, "loss") == 0)
			add_loss(l, m->step, j->r);
		if (name && strcmp(name, "valid_loss") == 0)
			l->valid = j->r;
	}
	l->last_step = m->step;
}

static void read_back(struct tw_command_log *l, const char *text)
{
	struct tw_arena a;
	struct tw_command_metrics m;
	tw_arena_init(&a);
	while (*text) {
		size_t n = strcspn(text, "\n");
		if (tw_command_parse(&m, text, n,
				     &a)) /* half a line, where it was killed, is none */
			note(l, &m);
		text += n + (text[n] == '\n');
		tw_arena_reset(&a);
	}
	tw_arena_release(&a);
}

enum tw_status tw_command_log_open(struct tw_command_log *l, const char *path, struct tw_err *err)
{
	struct tw_str s = TW_STR_INIT;
	*l = (struct tw_command_log){.valid = NAN};
	enum tw_status st = tw_exists(path) ? tw_read_file(&s, path, 0, err) : TW_OK;
	if (st == TW_OK) {
		read_back(l, tw_str_c(&s));
		l->file = fopen(path, "ae");
		if (!l->file)
			st = tw_fail_errno(err, TW_IO, "%s", path);
	}
	if (l->file && s.len && s.data[s.len - 1] != '\n')
		fputc('\n', l->file);
	tw_str_release(&s);
	return st;
}

void tw_command_log_close(struct tw_command_log *l)
{
	if (l->file)
		fclose(l->file);
	l->file = NULL;
	tw_vec_release(&l->loss);
}

/* The first line of a call tells where the program went on: after the last step before it that was heard of. */
static void find_start(struct tw_command_log *l, int64_t step)
{
	size_t i = l->loss.n;
	while (i && l->loss.at[i - 1].step >= step)
		i--;
	l->resumed_from = i ? l->loss.at[i - 1].step : 0;
	l->heard = true;
}

void tw_command_log_add(struct tw_command_log *l, const struct tw_command_metrics *m,
			const char *line, const struct tw_train_job *job)
{
	if (!l->heard)
		find_start(l, m->step);
	fprintf(l->file, "%s\n", line);
	fflush(l->file); /* what was told is known after a crash too */
	note(l, m);
	for (const struct tw_json *j = m->numbers; j && job->on_metric; j = j->next) {
		const char *name = is_number(j) ? name_of(j) : NULL;
		if (name)
			job->on_metric(job->ctx, name, m->step, j->r);
	}
}

double tw_command_train_loss(const struct tw_command_log *l)
{
	const size_t n = l->loss.n / 10 > 0 ? l->loss.n / 10 : 1;
	double sum = 0;
	if (!l->loss.n)
		return NAN;
	for (size_t i = l->loss.n - n; i < l->loss.n; i++)
		sum += l->loss.at[i].value;
	return sum / (double)n;
}
