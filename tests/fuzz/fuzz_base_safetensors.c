/* Safetensors headers: whatever the bytes say, every tensor lies inside the file. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct tw_safetensors s;
	struct tw_arena a;
	char path[64];
	volatile uint8_t sink = 0;
	int fd = memfd_create("safetensors", MFD_CLOEXEC);

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	tw_arena_init(&a);
	if (write(fd, data, len) == (ssize_t)len &&
	    tw_safetensors_open(&s, path, &a, NULL) == TW_OK) {
		for (size_t i = 0; i < s.n; i++)
			if (s.at[i].bytes) {
				const uint8_t *t = s.at[i].data;

				sink ^= t[0] ^ t[s.at[i].bytes - 1];
			}
		tw_safetensors_close(&s);
	}
	tw_arena_release(&a);
	close(fd);
	return 0;
}
