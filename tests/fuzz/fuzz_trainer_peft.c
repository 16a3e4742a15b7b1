/*
 * A folder of PEFT: the first two bytes say how many of the rest are adapter_config.json, what follows is
 * adapter_model.safetensors. Whatever they say, nothing is read or written outside the matrices.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trainer/factors_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void put(const char *dir, const char *name, const uint8_t *data, size_t len)
{
	char path[200];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *f = fopen(path, "wb");
	if (!f || fwrite(data, 1, len, f) != len)
		abort();
	fclose(f);
}

static const char *folder(void)
{
	static char dir[] = "/dev/shm/twin-fuzz-XXXXXX";
	static int made;
	if (!made++ && !mkdtemp(dir))
		abort();
	return dir;
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
	if (len < 2)
		return 0;
	size_t config = (size_t)data[0] << 8 | data[1];
	config = config < len - 2 ? config : len - 2;
	for (size_t i = 0; i < sizeof(size) / sizeof(*size); i++)
		size[i] = (struct tw_factors_size){4, 8};
	put(folder(), "adapter_config.json", data + 2, config);
	put(folder(), "adapter_model.safetensors", data + 2 + config, len - 2 - config);
	tw_arena_init(&a);
	if (tw_factors_read_peft(&p, folder(), &a, NULL) == TW_OK &&
	    tw_factors_check(&p, NULL) == TW_OK) {
		tw_factors_reorder(&p, true);
		tw_factors_one_alpha(&p);
	}
	tw_arena_release(&a);
	return 0;
}
