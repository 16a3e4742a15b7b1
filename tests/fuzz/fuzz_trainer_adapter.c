/* A GGUF LoRA: whatever the bytes say, the reader stays inside them. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ggml.h"
#include "trainer/factors_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void quiet(enum ggml_log_level level, const char *text, void *ctx)
{
	(void)level;
	(void)text;
	(void)ctx;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct tw_factors_size size[2 * TW_PROJ_COUNT];
	struct tw_factor at[2 * TW_PROJ_COUNT] = {0};
	struct tw_factors_base base = {.arch = "llama",
				       .n_layer = 2,
				       .heads = 2,
				       .heads_kv = 1,
				       .interleaved = true,
				       .size = size};
	struct tw_factors p = {.base = &base, .at = at};
	struct tw_arena a;
	char path[64];
	int fd = memfd_create("gguf", MFD_CLOEXEC);
	ggml_log_set(quiet, NULL);
	for (size_t i = 0; i < sizeof(size) / sizeof(*size); i++)
		size[i] = (struct tw_factors_size){32, 8};
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	tw_arena_init(&a);
	if (write(fd, data, len) == (ssize_t)len &&
	    tw_factors_read_gguf(&p, path, &a, NULL) == TW_OK &&
	    tw_factors_check(&p, NULL) == TW_OK) {
		tw_factors_reorder(&p, false);
		tw_factors_one_alpha(&p);
	}
	tw_arena_release(&a);
	close(fd);
	return 0;
}
