/* libllama itself: start, log, loading, tokens. */
#include "llm/llama_int.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"

/* Pre-tokenizers that libllama runs through std::regex recurse for each character of a match: longer text goes in pieces. */
#define PIECE ((size_t)16 * 1024)

static _Thread_local char complaint[400];

/* Errors come before the call fails; the first line says why, later ones that it failed. */
static void on_log(enum ggml_log_level level, const char *text, void *ctx TW_UNUSED)
{
	size_t n = strcspn(text, "\n");
	if (n == 0)
		return;
	if (level == GGML_LOG_LEVEL_ERROR && !complaint[0])
		snprintf(complaint, sizeof(complaint), "%.*s", (int)(n < 390 ? n : 390), text);
	if (level != GGML_LOG_LEVEL_DEBUG && level != GGML_LOG_LEVEL_CONT)
		tw_debug("libllama: %.*s", (int)(n < 390 ? n : 390), text);
}

static void start(void)
{
	setenv("GGML_NO_BACKTRACE", "1", 1);
	llama_log_set(on_log, NULL);
	llama_backend_init();
}

void tw_llama_start(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, start);
}

const char *tw_llama_complaint(void)
{
	return complaint[0] ? complaint : "no reason given";
}

void tw_llama_forget_complaint(void)
{
	complaint[0] = '\0';
}

static enum tw_status load(struct llama_model **out, const char *path,
			   struct llama_model_params params, struct tw_err *err)
{
	tw_llama_start();
	tw_llama_forget_complaint();
	*out = llama_model_load_from_file(path, params);
	if (!*out)
		return tw_fail(err, TW_BAD_DATA, "%s: libllama can't load it: %s", path,
			       tw_llama_complaint());
	return TW_OK;
}

enum tw_status tw_llama_load(struct llama_model **out, const char *path, struct tw_err *err)
{
	tw_llama_start();
	struct llama_model_params params = llama_model_default_params();
	return load(out, path, params, err);
}

void tw_vocab_init(struct tw_vocab *v, const char *path)
{
	*v = (struct tw_vocab){.path = path};
	pthread_mutex_init(&v->lock, NULL);
}

void tw_vocab_release(struct tw_vocab *v)
{
	if (v->model)
		llama_model_free(v->model);
	pthread_mutex_destroy(&v->lock);
}

enum tw_status tw_vocab_get(const struct llama_vocab **out, struct tw_vocab *v, struct tw_err *err)
{
	enum tw_status st = TW_OK;
	pthread_mutex_lock(&v->lock);
	if (!v->model) {
		tw_llama_start();
		struct llama_model_params params = llama_model_default_params();
		params.vocab_only = true;
		st = load(&v->model, v->path, params, err);
		if (st == TW_OK)
			v->vocab = llama_model_get_vocab(v->model);
	}
	*out = v->vocab;
	pthread_mutex_unlock(&v->lock);
	return st;
}

static enum tw_status tokenize_piece(struct tw_token_vec *out, const struct llama_vocab *vocab,
				     const char *text, size_t len, struct tw_err *err)
{
	/* A token stands for at least one byte; a space may be put in front. */
	tw_vec_reserve(out, out->n + len + 2);
	int32_t room = (int32_t)(out->cap - out->n < INT32_MAX ? out->cap - out->n : INT32_MAX);
	int32_t n = llama_tokenize(vocab, text, (int32_t)len, out->at + out->n, room, false, false);
	if (n < 0 && n != INT32_MIN) {
		tw_vec_reserve(out, out->n + (size_t)-n);
		n = llama_tokenize(vocab, text, (int32_t)len, out->at + out->n, -n, false, false);
	}
	if (n < 0)
		return tw_fail(err, TW_BAD_DATA, "a text of %zu bytes can't be tokenized", len);
	out->n += (size_t)n;
	return TW_OK;
}

/* Where to cut before `len`: in front of the last space that follows a word, else between code points. */
static size_t piece_end(const char *text, size_t len)
{
	if (len <= PIECE)
		return len;
	for (size_t n = PIECE; n > PIECE / 2; n--)
		if (text[n] == ' ' && text[n - 1] != ' ' && text[n - 1] != '\n')
			return n;
	size_t n = tw_utf8_floor(text, PIECE);
	return n ? n : PIECE;
}

enum tw_status tw_llama_tokenize(struct tw_token_vec *out, const struct llama_vocab *vocab,
				 const char *text, size_t len, size_t enough, struct tw_err *err)
{
	struct tw_str whole = TW_STR_INIT;
	enum tw_status st = TW_OK;
	/* SentencePiece kinds put a space in front of every piece, and need no regular expressions. */
	enum llama_vocab_type type = llama_vocab_type(vocab);
	bool in_pieces = type == LLAMA_VOCAB_TYPE_BPE || type == LLAMA_VOCAB_TYPE_WPM;
	if (len > INT32_MAX / 8 && !in_pieces)
		return tw_fail(err, TW_BAD_USE, "a text of %zu bytes is too long to tokenize", len);
	if (!tw_utf8_valid(text, len)) {
		tw_utf8_repair(&whole, text, len);
		text = whole.data;
		len = whole.len;
	}
	while (len && st == TW_OK && (!enough || out->n < enough)) {
		size_t n = in_pieces ? piece_end(text, len) : len;
		st = tokenize_piece(out, vocab, text, n, err);
		text += n;
		len -= n;
	}
	tw_str_release(&whole);
	return st;
}

int tw_vocab_count(struct tw_vocab *v, const char *text, size_t len)
{
	const struct llama_vocab *vocab;
	struct tw_token_vec ids = {0};
	size_t n = len;
	if (tw_vocab_get(&vocab, v, NULL) == TW_OK &&
	    tw_llama_tokenize(&ids, vocab, text, len, 0, NULL) == TW_OK)
		n = ids.n;
	tw_vec_release(&ids);
	return n < INT_MAX ? (int)n : INT_MAX;
}
