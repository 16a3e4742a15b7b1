#include "support/tiny_gguf.h"

#include <stdio.h>
#include <string.h>

#include "base/fs.h"
#include "base/hash.h"
#include "base/json.h"
#include "normal.h"

enum { LAYERS = 2, WIDE = 32, HEADS = 4, FFN = 64, POSITIONS = 384 };

/* [PAD], [unused0…98], [UNK] at 100, [CLS], [SEP], [MASK], then characters and pieces: as BERT's own vocabularies are laid out. */
static int write_vocab(struct tw_str *out)
{
	static const char *const words[] = {"the",   "a",    "cat",  "dog",  "sat", "on",    "mat",
					    "bread", "oven", "bake", "boat", "sea", "##ing", "##ed",
					    "##er",  ".",    ",",    "!",    "?",   "é"};
	int n = 104;
	tw_str_adds(out, "[PAD]\n");
	for (int i = 0; i < 99; i++)
		tw_str_addf(out, "[unused%d]\n", i);
	tw_str_adds(out, "[UNK]\n[CLS]\n[SEP]\n[MASK]\n");
	for (int c = 'a'; c <= 'z'; c++, n += 2)
		tw_str_addf(out, "%c\n##%c\n", c, c);
	for (int c = '0'; c <= '9'; c++, n += 2)
		tw_str_addf(out, "%c\n##%c\n", c, c);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(words[i], "a") != 0) {
			tw_str_addf(out, "%s\n", words[i]);
			n++;
		}
	return n;
}

static void write_config(struct tw_str *out, int vocab)
{
	tw_str_addf(out,
		    "{\"architectures\": [\"BertModel\"], \"model_type\": \"bert\", "
		    "\"hidden_act\": \"gelu\", \"hidden_size\": %d, \"intermediate_size\": %d, "
		    "\"layer_norm_eps\": 1e-12, \"max_position_embeddings\": %d, "
		    "\"num_attention_heads\": %d, \"num_hidden_layers\": %d, "
		    "\"type_vocab_size\": 2, \"position_embedding_type\": \"absolute\", "
		    "\"vocab_size\": %d}",
		    WIDE, FFN, POSITIONS, HEADS, LAYERS, vocab);
}

struct tensors {
	struct tw_json_writer json;
	struct tw_str data;
	uint64_t random;
	const char *leave_out;
};

static void add(struct tensors *t, const char *name, const char *dtype, int rows, int cols,
		float mean, float sd)
{
	if (t->leave_out && strcmp(name, t->leave_out) == 0)
		return;
	size_t begin = t->data.len;
	for (int i = 0; i < rows * (cols ? cols : 1); i++) {
		float f = mean + sd * (float)random_normal(&t->random);
		int64_t whole = i;
		if (dtype[0] == 'I')
			tw_str_add(&t->data, (const char *)&whole, sizeof(whole));
		else
			tw_str_add(&t->data, (const char *)&f, sizeof(f));
	}
	tw_jw_object(&t->json, name);
	tw_jw_str(&t->json, "dtype", dtype);
	tw_jw_array(&t->json, "shape");
	tw_jw_int(&t->json, NULL, rows);
	if (cols)
		tw_jw_int(&t->json, NULL, cols);
	tw_jw_end(&t->json);
	tw_jw_array(&t->json, "data_offsets");
	tw_jw_int(&t->json, NULL, (int64_t)begin);
	tw_jw_int(&t->json, NULL, (int64_t)t->data.len);
	tw_jw_end(&t->json);
	tw_jw_end(&t->json);
}

static void add_pair(struct tensors *t, const char *prefix, const char *name, int rows, int cols)
{
	char full[160];
	snprintf(full, sizeof(full), "%s%s.weight", prefix, name);
	if (cols)
		add(t, full, "F32", rows, cols, 0, 0.15f);
	else
		add(t, full, "F32", rows, 0, 1, 0.05f);
	snprintf(full, sizeof(full), "%s%s.bias", prefix, name);
	add(t, full, "F32", rows, 0, 0, 0.05f);
}

static void add_all(struct tensors *t, int vocab)
{
	add(t, "embeddings.position_ids", "I64", 1, POSITIONS, 0, 0);
	add_pair(t, "embeddings.", "LayerNorm", WIDE, 0);
	add(t, "embeddings.position_embeddings.weight", "F32", POSITIONS, WIDE, 0, 0.1f);
	add(t, "embeddings.token_type_embeddings.weight", "F32", 2, WIDE, 0, 0.1f);
	add(t, "embeddings.word_embeddings.weight", "F32", vocab, WIDE, 0, 1.0f);
	for (int i = 0; i < LAYERS; i++) {
		char p[64];
		snprintf(p, sizeof(p), "encoder.layer.%d.", i);
		add_pair(t, p, "attention.self.query", WIDE, WIDE);
		add_pair(t, p, "attention.self.key", WIDE, WIDE);
		add_pair(t, p, "attention.self.value", WIDE, WIDE);
		add_pair(t, p, "attention.output.dense", WIDE, WIDE);
		add_pair(t, p, "attention.output.LayerNorm", WIDE, 0);
		add_pair(t, p, "intermediate.dense", FFN, WIDE);
		add_pair(t, p, "output.dense", WIDE, FFN);
		add_pair(t, p, "output.LayerNorm", WIDE, 0);
	}
	add_pair(t, "pooler.", "dense", WIDE, WIDE);
}

static bool write_safetensors(const char *path, uint64_t seed, int vocab, const char *leave_out)
{
	struct tw_str json = TW_STR_INIT, file = TW_STR_INIT;
	struct tensors t = {.random = seed + 1, .leave_out = leave_out};
	tw_jw_init(&t.json, &json);
	tw_jw_object(&t.json, NULL);
	add_all(&t, vocab);
	tw_jw_end(&t.json);
	while (json.len % 8)
		tw_str_addc(&json, ' ');
	uint64_t n = json.len;
	tw_str_add(&file, (const char *)&n, sizeof(n));
	tw_str_add(&file, json.data, json.len);
	tw_str_add(&file, t.data.data, t.data.len);
	bool ok = tw_write_file(path, file.data, file.len, NULL) == TW_OK;
	tw_str_release(&json);
	tw_str_release(&t.data);
	tw_str_release(&file);
	return ok;
}

bool tiny_bert_write(const char *dir, uint64_t seed, const char *leave_out)
{
	struct tw_str vocab = TW_STR_INIT, config = TW_STR_INIT;
	char path[4096];
	int n = write_vocab(&vocab);
	write_config(&config, n);
	snprintf(path, sizeof(path), "%s/vocab.txt", dir);
	bool ok = tw_write_file(path, vocab.data, vocab.len, NULL) == TW_OK;
	snprintf(path, sizeof(path), "%s/config.json", dir);
	ok = ok && tw_write_file(path, config.data, config.len, NULL) == TW_OK;
	snprintf(path, sizeof(path), "%s/model.safetensors", dir);
	ok = ok && write_safetensors(path, seed, n, leave_out);
	tw_str_release(&vocab);
	tw_str_release(&config);
	return ok;
}
