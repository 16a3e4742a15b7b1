/* GGUF headers: whatever the bytes say, the reader stays inside them. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "llm/gguf_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct tw_gguf g;
	struct tw_arena a;
	char path[64];
	int fd = memfd_create("gguf", MFD_CLOEXEC);

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	tw_arena_init(&a);
	if (write(fd, data, len) == (ssize_t)len && tw_gguf_open(&g, path, NULL) == TW_OK) {
		uint64_t sum = 0;

		for (size_t i = 0; i < g.n_kv; i++)
			for (size_t k = 0; k < g.kv[i].data.len; k++)
				sum += (uint8_t)g.kv[i].data.data[k];
		for (size_t i = 0; i < g.n_tensors; i++) {
			const uint8_t *t = (const uint8_t *)g.map.data + g.tensors[i].offset;

			if (g.tensors[i].bytes)
				sum += t[0] + t[g.tensors[i].bytes - 1];
		}
		tw_gguf_str(&g, "general.architecture", &a);
		tw_gguf_int(&g, "general.alignment", (int64_t)sum);
		tw_gguf_close(&g);
	}
	tw_arena_release(&a);
	close(fd);
	return 0;
}
