#include "trainer/pack_int.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/stop.h"

#define OPEN_ROWS 64 /* rows that are looked at for room */

int tw_sample_loss_tokens(const struct tw_sample *s)
{
	int n = 0;
	for (int i = 1; i < s->n; i++) /* nothing predicts the first */
		n += s->answer[i];
	return n;
}

struct tw_sample tw_sample_cut(const struct tw_tokens *t, int sequence)
{
	struct tw_sample s = {t->at, t->answer, t->n < (size_t)sequence ? (int)t->n : sequence};
	while (s.n > 1 && !s.answer[s.n - 1])
		s.n--;
	if (s.n <= 1)
		s.n = 0;
	return s;
}

static enum tw_status parse_messages(struct tw_message **out, size_t *n, const struct tw_example *e,
				     struct tw_arena *a, struct tw_err *err)
{
	struct tw_json *v;
	enum tw_status st = tw_json_parse(&v, e->messages, strlen(e->messages), a, err);
	if (st != TW_OK)
		return st;
	if (v->type != TW_JSON_ARRAY || v->n == 0)
		return tw_fail(err, TW_BAD_DATA, "its messages are not a list");
	*out = TW_NEW_ARRAY(a, v->n, struct tw_message);
	*n = 0;
	for (const struct tw_json *m = v->child; m; m = m->next) {
		struct tw_message *to = &(*out)[(*n)++];
		to->role = tw_json_str(tw_json_get(m, "role"), NULL);
		to->content = tw_json_str(tw_json_get(m, "content"), NULL);
		if (!to->role || !to->content)
			return tw_fail(err, TW_BAD_DATA, "message %zu has no role or no content",
				       *n);
	}
	return TW_OK;
}

/* The answer is the run of tokens that ends last. */
static void keep_last(struct tw_tokens *t)
{
	size_t end = t->n;
	while (end > 0 && !t->answer[end - 1])
		end--;
	size_t begin = end;
	while (begin > 0 && t->answer[begin - 1])
		begin--;
	if (begin > 0)
		memset(t->answer, 0, begin);
}

void tw_loss_mask(struct tw_tokens *t, enum tw_loss_on on)
{
	if (on == TW_LOSS_ALL && t->n > 0)
		memset(t->answer, 1, t->n);
	else if (on == TW_LOSS_LAST)
		keep_last(t);
}

/* `worse`: with the worse answer in place of the last message. */
static enum tw_status read_example(struct tw_tokens *out, struct tw_llm *llm,
				   const struct tw_example *e, bool worse, struct tw_arena *a,
				   struct tw_err *err)
{
	struct tw_message *m = NULL;
	size_t n = 0;
	struct tw_arena scratch;
	tw_arena_init(&scratch);
	enum tw_status st = parse_messages(&m, &n, e, &scratch, err);
	if (st == TW_OK && worse)
		m[n - 1].content = e->rejected;
	if (st == TW_OK)
		st = tw_llm_chat_tokens(out, llm, m, n, false, a, err);
	tw_arena_release(&scratch);
	return st == TW_OK ? st : tw_wrap(err, st, "example %s", e->row_id ? e->row_id : "?");
}

/* The samples of an example, all or none of them. */
static void take(struct tw_pack *p, struct tw_tokens *t, const struct tw_pack_options *o)
{
	struct tw_sample *to = &p->sample[p->n_samples];
	bool cut = false;
	for (int i = 0; i < o->group; i++) {
		tw_loss_mask(&t[i], o->group > 1 ? TW_LOSS_LAST : o->loss_on);
		to[i] = tw_sample_cut(&t[i], o->sequence);
		cut |= t[i].n > (size_t)o->sequence;
		if (to[i].n == 0) {
			p->n_dropped++;
			return;
		}
	}
	p->n_cut += cut;
	for (int i = 0; i < o->group; i++) {
		p->tokens += to[i].n;
		p->loss_tokens += tw_sample_loss_tokens(&to[i]);
		p->longest = to[i].n > p->longest ? to[i].n : p->longest;
	}
	p->n_samples += (size_t)o->group;
}

enum tw_status tw_pack_read(struct tw_pack *out, struct tw_llm *llm,
			    const struct tw_examples *examples, const struct tw_pack_options *o,
			    struct tw_arena *a, struct tw_err *err)
{
	size_t room = examples->n * (size_t)o->group;
	*out = (struct tw_pack){.group = o->group,
				.sample = TW_NEW_ARRAY(a, room, struct tw_sample)};
	for (size_t i = 0; i < examples->n; i++) {
		const struct tw_example *e = &examples->at[i];
		struct tw_tokens t[2] = {0};
		if (tw_stopping())
			return tw_fail(err, TW_CANCELLED, "stopped");
		if (o->group > 1 && !e->rejected) {
			out->n_single++;
			continue;
		}
		enum tw_status st = read_example(&t[0], llm, e, false, a, err);
		if (st == TW_OK && o->group > 1)
			st = read_example(&t[1], llm, e, true, a, err);
		if (st != TW_OK)
			return st;
		take(out, t, o);
	}
	return TW_OK;
}

void tw_shuffle(size_t *order, size_t n, uint64_t seed)
{
	uint64_t state = seed;
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	for (size_t i = n; i > 1; i--) {
		size_t k = tw_random_u64(&state) % i, x = order[i - 1];
		order[i - 1] = order[k];
		order[k] = x;
	}
}

int tw_pack_group_tokens(const struct tw_pack *p, size_t group)
{
	int n = 0;
	for (int i = 0; i < p->group; i++)
		n += p->sample[group * (size_t)p->group + (size_t)i].n;
	return n;
}

/* Groups in their rows' order, from the row of each. */
static void list_rows(struct tw_pack *p, const size_t *shuffled, const size_t *row_of, size_t n)
{
	for (size_t r = 0, at = 0; r < p->n_rows; r++) {
		p->row[r].first = at;
		at += p->row[r].n;
		p->row[r].n = 0;
	}
	for (size_t i = 0; i < n; i++) {
		struct tw_pack_row *r = &p->row[row_of[i]];
		p->order[r->first + r->n++] = shuffled[i];
	}
}

void tw_pack_rows(struct tw_pack *p, int sequence, uint64_t seed, struct tw_arena *a)
{
	size_t n = p->n_samples / (size_t)p->group, *shuffled = TW_NEW_ARRAY(a, n, size_t);
	size_t *row_of = TW_NEW_ARRAY(a, n, size_t), open = 0;
	p->row = TW_NEW_ARRAY(a, n, struct tw_pack_row);
	p->order = TW_NEW_ARRAY(a, n, size_t);
	p->n_rows = 0;
	tw_shuffle(shuffled, n, seed);
	for (size_t i = 0; i < n; i++) {
		int need = tw_pack_group_tokens(p, shuffled[i]);
		size_t r = open;
		while (r < p->n_rows && p->row[r].tokens + need > sequence * p->group)
			r++;
		p->n_rows += r == p->n_rows;
		p->row[r].tokens += need;
		p->row[r].n++;
		row_of[i] = r;
		open = p->n_rows > OPEN_ROWS ? p->n_rows - OPEN_ROWS : 0;
	}
	list_rows(p, shuffled, row_of, n);
}
