/*
 * A folder of PEFT: the first two bytes say how many of the rest are adapter_config.json, what follows is
 * adapter_model.safetensors. Whatever they say, nothing is read or written outside the matrices.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "small_base.h"

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
	struct small_base b;
	struct tw_arena a;
	if (len < 2)
		return 0;
	size_t config = (size_t)data[0] << 8 | data[1];
	config = config < len - 2 ? config : len - 2;
	small_base(&b, 4, 8);
	put(folder(), "adapter_config.json", data + 2, config);
	put(folder(), "adapter_model.safetensors", data + 2 + config, len - 2 - config);
	tw_arena_init(&a);
	if (tw_factors_read_peft(&b.p, folder(), &a, NULL) == TW_OK &&
	    tw_factors_check(&b.p, NULL) == TW_OK) {
		tw_factors_reorder(&b.p, true);
		tw_factors_one_alpha(&b.p);
	}
	tw_arena_release(&a);
	return 0;
}
