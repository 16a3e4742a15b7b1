#include "feature/folded_int.h"

#include "base/hash.h"
#include "base/text.h"

struct tw_folded tw_folded_words(struct tw_bytes text, struct tw_arena *a)
{
	struct tw_str f = TW_STR_INIT;
	tw_text_fold(&f, text.len ? text.data : "", text.len);
	const struct tw_spans w = tw_text_words(tw_str_c(&f), f.len, a);
	struct tw_folded out = {TW_NEW_ARRAY(a, w.n, uint64_t), w.n, tw_str_dup(&f, a)};
	for (size_t i = 0; i < w.n; i++)
		out.at[i] = tw_hash64(f.data + w.at[i].start, w.at[i].end - w.at[i].start, 0);
	tw_str_release(&f);
	return out;
}
