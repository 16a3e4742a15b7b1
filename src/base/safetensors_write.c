#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/safetensors.h"
#include "base/str.h"

/* --- float32 of half the bits --- */

static float from_bits(uint32_t bits)
{
	float f;
	memcpy(&f, &bits, sizeof(f));
	return f;
}

/* IEEE 754 binary16: 1 + 5 + 10 bits. */
static float half_to_float(uint16_t h)
{
	const uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31;
	const uint32_t fraction = h & 0x3ff;
	if (exponent == 31)
		return from_bits(sign | 0x7f800000 | fraction << 13);
	if (exponent)
		return from_bits(sign | (exponent + 112) << 23 | fraction << 13);
	float f = (float)fraction * 0x1p-24f; /* subnormal: exact */
	return sign ? -f : f;
}

static void widen(float *to, const struct tw_st_tensor *t, size_t n, bool brain)
{
	for (size_t i = 0; i < n; i++) {
		uint16_t h;
		memcpy(&h, (const char *)t->data + i * sizeof(h), sizeof(h));
		to[i] = brain ? from_bits((uint32_t)h << 16) : half_to_float(h);
	}
}

enum tw_status tw_st_floats(float **out, const struct tw_st_tensor *t, struct tw_arena *a,
			    struct tw_err *err)
{
	bool single = strcmp(t->dtype, "F32") == 0, brain = strcmp(t->dtype, "BF16") == 0;
	if (!single && !brain && strcmp(t->dtype, "F16") != 0)
		return tw_fail(err, TW_UNSUPPORTED,
			       "tensor \"%s\" has type %s; F32, F16 and BF16 can be read", t->name,
			       t->dtype);
	size_t n = t->bytes / (single ? 4 : 2);
	*out = TW_NEW_ARRAY(a, n + 1, float);
	if (single && n)
		memcpy(*out, t->data, n * sizeof(**out));
	else if (!single)
		widen(*out, t, n, brain);
	return TW_OK;
}

/* --- writing --- */

static void add_header(struct tw_str *out, const struct tw_st_tensor *at, size_t n,
		       const char *format)
{
	struct tw_json_writer w;
	int64_t begin = 0;
	tw_jw_init(&w, out);
	tw_jw_object(&w, NULL);
	tw_jw_object(&w, "__metadata__");
	tw_jw_str(&w, "format", format);
	tw_jw_end(&w);
	for (size_t i = 0; i < n; i++) {
		tw_jw_object(&w, at[i].name);
		tw_jw_str(&w, "dtype", at[i].dtype);
		tw_jw_array(&w, "shape");
		for (int d = 0; d < at[i].n_dims; d++)
			tw_jw_int(&w, NULL, at[i].shape[d]);
		tw_jw_end(&w);
		tw_jw_array(&w, "data_offsets");
		tw_jw_int(&w, NULL, begin);
		begin += (int64_t)at[i].bytes;
		tw_jw_int(&w, NULL, begin);
		tw_jw_end(&w);
		tw_jw_end(&w);
	}
	tw_jw_end(&w);
	while (out->len % 8) /* so that the data is aligned in a mapping */
		tw_str_addc(out, ' ');
}

struct job {
	const struct tw_st_tensor *at;
	size_t n;
	const struct tw_str *header;
};

static enum tw_status write_all(void *ctx, FILE *f, struct tw_err *err)
{
	const struct job *j = ctx;
	const uint64_t len = j->header->len;
	bool ok = fwrite(&len, sizeof(len), 1, f) == 1 &&
		  fwrite(j->header->data, 1, j->header->len, f) == j->header->len;
	for (size_t i = 0; ok && i < j->n; i++)
		ok = fwrite(j->at[i].data, 1, j->at[i].bytes, f) == j->at[i].bytes;
	return ok ? TW_OK : tw_fail_errno(err, TW_IO, "writing");
}

enum tw_status tw_safetensors_write(const char *path, const struct tw_st_tensor *at, size_t n,
				    const char *format, struct tw_err *err)
{
	struct tw_str header = TW_STR_INIT;
	add_header(&header, at, n, format);
	struct job j = {at, n, &header};
	enum tw_status st = tw_write_file_by(path, write_all, &j, err);
	tw_str_release(&header);
	return st;
}
