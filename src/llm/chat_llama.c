/* Rendered messages to tokens: control tokens in the template's text alone. */
#include "llm/chat_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static int longest_first(const void *a, const void *b)
{
	const struct tw_special *x = a, *y = b;
	if (x->len != y->len)
		return x->len < y->len ? 1 : -1;
	return x->id < y->id ? -1 : 1;
}

/*
 * Without parse_special libllama still makes tokens of those that the model's makers call
 * "user defined". That must not happen to one that ends a turn or has a part in the template.
 */
static bool is_harmful(const struct tw_special *s, const struct llama_vocab *vocab,
		       const char *tmpl)
{
	return (s->attr & LLAMA_TOKEN_ATTR_USER_DEFINED) && s->len > 1 &&
	       strspn(s->text, " \t\n") != s->len &&
	       (llama_vocab_is_eog(vocab, s->id) || (tmpl && strstr(tmpl, s->text)));
}

void tw_specials_collect(struct tw_specials *out, const struct llama_vocab *vocab, const char *tmpl)
{
	const int n = llama_vocab_n_tokens(vocab);
	for (int i = 0; i < n; i++) {
		enum llama_token_attr attr = llama_vocab_get_attr(vocab, i);
		const char *text = llama_vocab_get_text(vocab, i);
		if (!(attr & (LLAMA_TOKEN_ATTR_CONTROL | LLAMA_TOKEN_ATTR_USER_DEFINED |
			      LLAMA_TOKEN_ATTR_UNKNOWN)) ||
		    !text || !text[0])
			continue;
		struct tw_special s = {text, strlen(text), i, attr, false};
		s.harmful = is_harmful(&s, vocab, tmpl);
		tw_vec_push(out, s);
	}
	if (out->n)
		qsort(out->at, out->n, sizeof(*out->at), longest_first);
}

void tw_chat_tokens_release(struct tw_chat_tokens *t)
{
	tw_vec_release(&t->ids);
	tw_vec_release(&t->answer);
}

/* Text between two control tokens, collected from template and contents until the next one comes. */
struct writer {
	const struct tw_chat_format *f;
	struct tw_chat_tokens *out;
	struct tw_str raw;
	size_t answer_begin, answer_end; /* bytes of raw that an assistant wrote; equal: none */
	bool after_answer;		 /* its end mark is still to come */
	bool strip;			 /* the last control token takes the white space after it */
	bool splits; /* text may be cut anywhere between words without changing its tokens */
	struct tw_err *err;
};

static void push(struct writer *w, llama_token id, bool answer)
{
	tw_vec_push(&w->out->ids, id);
	tw_vec_push(&w->out->answer, answer ? 1 : 0);
}

/* Bytes up to where a text must be cut in two, so that no harmful token comes of it. */
static size_t cut_before_harm(const struct writer *w, const char *text, size_t len)
{
	size_t cut = len;
	for (size_t i = 0; i < w->f->specials->n; i++) {
		const struct tw_special *s = &w->f->specials->at[i];
		const char *at = s->harmful ? memmem(text, cut, s->text, s->len) : NULL;
		if (!at)
			continue;
		cut = (size_t)(at - text) + 1;
		while (cut < len && ((unsigned char)text[cut] & 0xc0) == 0x80)
			cut++;
	}
	return cut;
}

static enum tw_status tokenize(struct writer *w, struct tw_token_vec *ids, const char *text,
			       size_t len)
{
	enum tw_status st = TW_OK;
	while (len && st == TW_OK) {
		size_t n = cut_before_harm(w, text, len);
		st = tw_llama_tokenize(ids, w->f->vocab, text, n, 0, w->err);
		text += n;
		len -= n;
	}
	return st;
}

/* Marks tokens that overlap the answer's bytes, by the lengths of their texts. */
static void push_by_offset(struct writer *w, const struct tw_token_vec *ids)
{
	size_t total = 0, at = 0;
	char piece[256];
	for (int pass = 0; pass < 2; pass++) {
		/* One byte more than the text had: the space that was put in front. */
		long shift = pass && total > w->raw.len ? (long)(total - w->raw.len) : 0;
		for (size_t i = 0; i < ids->n; i++) {
			int32_t n = llama_token_to_piece(w->f->vocab, ids->at[i], piece,
							 sizeof(piece), 0, false);
			size_t len = (size_t)(n < 0 ? -n : n);
			if (!pass) {
				total += len;
				continue;
			}
			long begin = (long)at - shift, end = begin + (long)len;
			push(w, ids->at[i],
			     begin < (long)w->answer_end && end > (long)w->answer_begin);
			at += len;
		}
	}
}

static enum tw_status flush(struct writer *w)
{
	struct tw_token_vec ids = {0};
	enum tw_status st = TW_OK;
	if (w->raw.len)
		st = tokenize(w, &ids, w->raw.data, w->raw.len);
	if (st == TW_OK && w->answer_end == w->answer_begin)
		for (size_t i = 0; i < ids.n; i++)
			push(w, ids.at[i], false);
	else if (st == TW_OK && w->splits)
		for (size_t i = 0; i < ids.n; i++)
			push(w, ids.at[i], true);
	else if (st == TW_OK)
		push_by_offset(w, &ids);
	tw_vec_release(&ids);
	tw_str_clear(&w->raw);
	w->answer_begin = w->answer_end = 0;
	return st;
}

static void add_raw(struct writer *w, const char *text, size_t len)
{
	while (w->strip && len && strchr(" \t\n\r", *text)) {
		text++;
		len--;
	}
	w->strip = w->strip && len == 0;
	tw_str_add(&w->raw, text, len);
}

static enum tw_status add_special(struct writer *w, const struct tw_special *s)
{
	if (s->attr & LLAMA_TOKEN_ATTR_LSTRIP)
		while (w->raw.len && strchr(" \t\n\r", w->raw.data[w->raw.len - 1]))
			w->raw.len--;
	enum tw_status st = flush(w);
	if (st != TW_OK)
		return st;
	bool end_mark = w->after_answer && llama_vocab_is_eog(w->f->vocab, s->id);
	push(w, s->id, end_mark);
	w->after_answer = false;
	w->strip = (s->attr & LLAMA_TOKEN_ATTR_RSTRIP) != 0;
	return TW_OK;
}

static const struct tw_special *special_at(const struct tw_specials *all, const char *text,
					   size_t len)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->at[i].text[0] == *text && all->at[i].len <= len &&
		    memcmp(all->at[i].text, text, all->at[i].len) == 0)
			return &all->at[i];
	return NULL;
}

static enum tw_status add_template_text(struct writer *w, const char *text, size_t len)
{
	size_t from = 0;
	for (size_t i = 0; i < len;) {
		const struct tw_special *s = special_at(w->f->specials, text + i, len - i);
		if (!s) {
			i++;
			continue;
		}
		add_raw(w, text + from, i - from);
		enum tw_status st = add_special(w, s);
		if (st != TW_OK)
			return st;
		i += s->len;
		from = i;
	}
	add_raw(w, text + from, len - from);
	return TW_OK;
}

/*
 * What an assistant wrote is tokenized by itself where that is possible: when the model answers, its tokens
 * too begin after the template's last one.
 */
static enum tw_status add_answer(struct writer *w, const char *text, size_t len)
{
	enum tw_status st = w->splits ? flush(w) : TW_OK;
	if (st != TW_OK)
		return st;
	if (w->answer_end == w->answer_begin)
		w->answer_begin = w->raw.len;
	add_raw(w, text, len);
	w->answer_end = w->raw.len;
	w->after_answer = true;
	return w->splits ? flush(w) : TW_OK;
}

static struct writer writer_for(struct tw_chat_tokens *out, const struct tw_chat_format *f,
				struct tw_err *err)
{
	return (struct writer){.f = f,
			       .out = out,
			       .splits = llama_vocab_type(f->vocab) == LLAMA_VOCAB_TYPE_BPE,
			       .err = err};
}

/* Once, whether the template writes it or not. */
static void add_bos(struct writer *w, const char *text, size_t len)
{
	llama_token bos = llama_vocab_bos(w->f->vocab);
	if (!llama_vocab_get_add_bos(w->f->vocab) || bos == LLAMA_TOKEN_NULL)
		return;
	const struct tw_special *s = len ? special_at(w->f->specials, text, len) : NULL;
	if (!s || s->id != bos)
		push(w, bos, false);
}

enum tw_status tw_chat_tokenize(struct tw_chat_tokens *out, const struct tw_chat_format *f,
				const struct tw_message *m, size_t n, bool open_answer,
				struct tw_err *err)
{
	struct tw_arena a;
	struct tw_chat_parts parts;
	struct writer w = writer_for(out, f, err);
	tw_arena_init(&a);
	enum tw_status st = tw_chat_render(&parts, f, m, n, open_answer, &a, err);
	if (st == TW_OK)
		add_bos(&w, parts.at[0].text, parts.at[0].len);
	for (size_t i = 0; st == TW_OK && i < parts.n; i++) {
		const struct tw_chat_part *p = &parts.at[i];
		if (p->message < 0)
			st = add_template_text(&w, p->text, p->len);
		else if (strcmp(m[p->message].role, "assistant") == 0)
			st = add_answer(&w, p->text, p->len);
		else
			add_raw(&w, p->text, p->len);
	}
	if (st == TW_OK)
		st = flush(&w);
	tw_str_release(&w.raw);
	tw_arena_release(&a);
	return st;
}

enum tw_status tw_plain_tokenize(struct tw_chat_tokens *out, const struct tw_chat_format *f,
				 const char *text, size_t len, struct tw_err *err)
{
	struct writer w = writer_for(out, f, err);
	add_bos(&w, "", 0);
	add_raw(&w, text, len);
	enum tw_status st = flush(&w);
	tw_str_release(&w.raw);
	return st;
}
