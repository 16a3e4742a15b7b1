/* A GGUF LoRA: whatever the bytes say, the reader stays inside them. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ggml.h"
#include "small_base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void quiet(enum ggml_log_level level, const char *text, void *ctx)
{
	(void)level;
	(void)text;
	(void)ctx;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct small_base b;
	struct tw_arena a;
	char path[64];
	int fd = memfd_create("gguf", MFD_CLOEXEC);
	ggml_log_set(quiet, NULL);
	small_base(&b, 32, 8);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	tw_arena_init(&a);
	if (write(fd, data, len) == (ssize_t)len &&
	    tw_factors_read_gguf(&b.p, path, &a, NULL) == TW_OK &&
	    tw_factors_check(&b.p, NULL) == TW_OK) {
		tw_factors_reorder(&b.p, false);
		tw_factors_one_alpha(&b.p);
	}
	tw_arena_release(&a);
	close(fd);
	return 0;
}
