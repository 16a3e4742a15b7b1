/*
 * tiny_models DIR: the small random models that tests of the whole program run
 * on, in milliseconds: DIR/tiny.gguf (llama architecture), DIR/plain.gguf, the same without a chat template as base
 * models have none, and DIR/bert/ and DIR/bert-2/, two encoders for `twin import`.
 */
#include <stdio.h>
#include <sys/stat.h>

#include "support/tiny_gguf.h"

int main(int argc, char **argv)
{
	char path[4096];
	if (argc != 2)
		return 2;
	const struct tiny_gguf llm = {.n_ctx = 4096, .type = "Q8_0", .seed = 1};
	snprintf(path, sizeof(path), "%s/tiny.gguf", argv[1]);
	if (!tiny_gguf_write(path, &llm))
		return 1;
	const struct tiny_gguf plain = {
		.n_ctx = 4096, .type = "Q8_0", .seed = 1, .no_template = true};
	snprintf(path, sizeof(path), "%s/plain.gguf", argv[1]);
	if (!tiny_gguf_write(path, &plain))
		return 1;
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", argv[1], i ? "bert-2" : "bert");
		if (mkdir(path, 0777) != 0 || !tiny_bert_write(path, (uint64_t)i + 2, NULL))
			return 1;
	}
	return 0;
}
