/* A file's bytes as a document. */
#include "collect/file/files_int.h"

#include <string.h>
#include <strings.h>

#include "base/fs.h"
#include "base/text.h"
#include "collect/html/html_int.h"

bool file_has_ext(const char *path, const char *const *exts)
{
	const char *ext = tw_path_ext(path);
	for (; *exts; exts++)
		if (strcasecmp(ext, *exts) == 0)
			return true;
	return false;
}

static const struct file_format *format_of(const char *path)
{
	const struct file_format *const *f = file_formats;
	while (f[1] && !file_has_ext(path, (*f)->exts))
		f++;
	return *f;
}

/* NULs and control characters do not stand in text of any encoding but UTF-16, which has its mark. */
static bool is_binary(const char *s, size_t len)
{
	size_t odd = 0, n = len < 8192 ? len : 8192;
	if (len >= 2 && (memcmp(s, "\xff\xfe", 2) == 0 || memcmp(s, "\xfe\xff", 2) == 0))
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];
		if (c == 0)
			return true;
		odd += c < ' ' && !strchr("\t\n\r\f\v\b\x1b", c);
	}
	return odd * 20 > n;
}

enum tw_status file_to_utf8(struct tw_bytes *out, const struct tw_bytes *in, struct tw_arena *a,
			    struct tw_err *err)
{
	size_t mark = tw_utf8_mark(in->data, in->len);
	*out = (struct tw_bytes){in->data + mark, in->len - mark};
	if (tw_utf8_valid(out->data, out->len))
		return TW_OK;
	struct tw_str s = TW_STR_INIT;
	enum tw_status st = html_to_utf8(&s, in->data, in->len, NULL, a, err);
	out->data = tw_strndup(a, tw_str_c(&s), s.len);
	out->len = s.len;
	tw_str_release(&s);
	return st;
}

bool file_is_blank(const struct tw_bytes *b)
{
	for (size_t i = 0; i < b->len; i++)
		if (!strchr(" \t\r\n\f\v", b->data[i]))
			return false;
	return true;
}

/* What the name says, where the file says nothing. */
static void complete(struct tw_document *doc, const struct file_input *in, struct tw_arena *a)
{
	if (!doc->title || !*doc->title)
		doc->title = title_from_path(in->rel, a);
	if (!doc->author || !*doc->author)
		doc->author = tw_strdup(a, in->author);
	if (!doc->created_ms)
		doc->created_ms = date_from_path(in->rel);
}

enum tw_status parse_file(struct tw_document *doc, const struct file_input *in, struct tw_arena *a,
			  struct tw_err *err)
{
	const struct file_format *format = format_of(in->rel);
	if (!format->binary && is_binary(in->data.data, in->data.len))
		return tw_fail(err, TW_SKIPPED, "%s: not a text file", in->label);
	enum tw_status st = file_is_blank(&in->data) ? TW_OK : format->parse(doc, in, a, err);
	if (st != TW_OK) {
		tw_wrap(err, st, "%s", in->label);
		return TW_SKIPPED;
	}
	if (file_is_blank(&doc->body))
		return tw_fail(err, TW_SKIPPED, "%s: %s", in->label,
			       file_is_blank(&in->data) ? "empty" : "no text in it");
	complete(doc, in, a);
	return TW_OK;
}
