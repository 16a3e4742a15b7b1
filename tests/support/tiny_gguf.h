/*
 * support/tiny_gguf.h: models for tests, random but real: libllama loads them,
 * the trainer trains them. Written through ggml's own gguf writer.
 *
 * The vocabulary is byte-level BPE: ids 0 to 255 are the bytes, then some
 * merges of English, then <|endoftext|>, <|im_start|>, <|im_end|> (control tokens). The
 * template is ChatML and <|im_end|> ends a turn.
 *
 *	struct tiny_gguf t = {.n_layer = 2, .type = "Q8_0", .seed = 7};
 *	assert_true(tiny_gguf_write("/path/tiny.gguf", &t));
 */
#ifndef TEST_SUPPORT_TINY_GGUF_H
#define TEST_SUPPORT_TINY_GGUF_H

#include <stdbool.h>
#include <stdint.h>

/* Zeros mean defaults. Rows of quantised types must be multiples of 32 (K types: 256). */
struct tiny_gguf {
	const char *
		arch; /* "llama" (default), "qwen2", "gemma3", …: tiny_gguf.c lists their tensors */
	int n_layer;	  /* 2 */
	int n_embd;	  /* 64 */
	int n_head;	  /* 4 */
	int n_head_kv;	  /* 2 */
	int head_dim;	  /* n_embd / n_head */
	int n_rot;	  /* head_dim */
	int n_ff;	  /* 128 */
	int n_ctx;	  /* 512 */
	float rope_base;  /* 10000 */
	bool untied;	  /* with an output.weight of its own */
	const char *type; /* of 2-D weights: "F32" (default), "F16", "Q8_0", "Q4_0", "Q4_1", … */
	const char *only; /* only tensors with this in their name have that type; NULL: all */
	float scale;	  /* standard deviation of weights; 0: 1/sqrt(columns) */
	uint64_t seed;
	bool no_template; /* leaves out tokenizer.chat_template */
	/* Settings of the architecture: "attention.sliding_window=8 rope.scaling.type=yarn rope.scaling.factor=4.0":
	 * an integer, a number with a point, true or false, else a word. */
	const char *keys;
	bool fused_qkv; /* one attn_qkv instead of attn_q, attn_k and attn_v; phi3 always */
	bool biases;	/* of every matrix of a block */
	const char *rope_factors; /* name of a tensor that divides frequencies: "rope_freqs", … */
};

enum { TINY_VOCAB = 256 + 24 + 3, TINY_ENDOFTEXT = 280, TINY_IM_START = 281, TINY_IM_END = 282 };

/* False when it could not be written or the sizes don't fit each other. */
bool tiny_gguf_write(const char *path, const struct tiny_gguf *spec);

/* The type, one of ggml's, of a tensor that the file has; -1: it has none. */
int gguf_type_in(const char *path, const char *tensor);

/*
 * A BERT encoder as it is published: config.json, vocab.txt, model.safetensors (with a pooler and position_ids, which a
 * converter drops) in folder `dir`, which exists. 384 positions, 2 layers, 32 wide, 4 heads, FFN 64; words of English letters.
 * `leave_out`: name of a tensor that is not written, or NULL.
 */
bool tiny_bert_write(const char *dir, uint64_t seed, const char *leave_out);

#endif
