#include "collect/office/package_int.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/vec.h"
#include "collect/archive/unpack_int.h"
#include "collect/file/files_int.h"

struct parts TW_VEC_BODY(struct package_part);

static int by_name(const void *x, const void *y)
{
	const struct package_part *p = x, *q = y;
	return strcasecmp(p->name, q->name);
}

struct package package_of(struct package_part *parts, size_t n)
{
	if (n)
		qsort(parts, n, sizeof(*parts), by_name);
	return (struct package){parts, n};
}

static enum tw_status read_part(struct tw_str *out, struct unpack *u, struct tw_err *err)
{
	char buf[16384];
	size_t got = 1;
	enum tw_status st = TW_OK;
	tw_str_clear(out);
	while (st == TW_OK && got) {
		st = unpack_read(u, buf, sizeof(buf), &got, err);
		if (st == TW_OK)
			tw_str_add(out, buf, got);
		if (out->len > PACKAGE_MOST)
			return tw_fail(err, TW_BAD_DATA, "it holds more than %zu MiB of text",
				       PACKAGE_MOST >> 20);
	}
	return st;
}

static enum tw_status read_parts(struct parts *all, struct unpack *u, const char *const *exts,
				 struct tw_arena *a, struct tw_err *err)
{
	struct tw_str bytes = TW_STR_INIT;
	struct unpack_entry e;
	size_t total = 0, entries = 0;
	enum tw_status st;
	while ((st = unpack_next(&e, u, err)) == TW_OK) {
		if (++entries > PACKAGE_MAX_ENTRIES)
			st = tw_fail(err, TW_BAD_DATA, "it has more than %d parts",
				     PACKAGE_MAX_ENTRIES);
		else if (!file_has_ext(e.name, exts))
			continue;
		else
			st = read_part(&bytes, u, err);
		total += bytes.len;
		if (st == TW_OK && total > PACKAGE_MOST)
			st = tw_fail(err, TW_BAD_DATA, "it holds more than %zu MiB of text",
				     PACKAGE_MOST >> 20);
		if (st != TW_OK)
			break;
		struct package_part p = {
			.name = tw_strdup(a, e.name),
			.data = {tw_strndup(a, tw_str_c(&bytes), bytes.len), bytes.len}};
		tw_vec_push(all, p);
	}
	tw_str_release(&bytes);
	return st == TW_DONE ? TW_OK : st;
}

enum tw_status package_read(struct package *out, const struct tw_bytes *zip,
			    const char *const *exts, struct tw_arena *a, struct tw_err *err)
{
	struct parts all = {0};
	struct unpack *u;
	*out = (struct package){0};
	if (zip->len < 4 || memcmp(zip->data, "PK\3\4", 4) != 0)
		return tw_fail(err, TW_BAD_DATA, "not what its name says: it is no ZIP");
	enum tw_status st = unpack_memory(&u, zip, err);
	if (st != TW_OK)
		return st;
	st = read_parts(&all, u, exts, a, err);
	unpack_close(u);
	if (st == TW_OK)
		*out = package_of(tw_copy_array(a, all.at, all.n, sizeof(*all.at)), all.n);
	tw_vec_release(&all);
	return st;
}

struct package_part *package_find(const struct package *p, const char *name)
{
	const struct package_part key = {.name = name};
	return p->n ? bsearch(&key, p->parts, p->n, sizeof(*p->parts), by_name) : NULL;
}

static int hex(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

static void add_decoded(struct tw_str *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		int hi = s[i] == '%' && i + 2 < len ? hex(s[i + 1]) : -1;
		int lo = hi >= 0 ? hex(s[i + 2]) : -1;
		int c = lo >= 0 ? hi << 4 | lo : (unsigned char)s[i];
		tw_str_addc(out, (char)(c ? c : '%'));
		i += lo >= 0 ? 2 : 0;
	}
}

/* Takes "." and ".." out of the path; false when it leads out. */
static bool straighten(char *path)
{
	char *to = path;
	for (char *p = path; *p;) {
		size_t n = strcspn(p, "/");
		if (n == 2 && memcmp(p, "..", 2) == 0) {
			if (to == path)
				return false;
			for (to--; to > path && to[-1] != '/';)
				to--;
		} else if (n && !(n == 1 && *p == '.')) {
			memmove(to, p, n + (p[n] == '/'));
			to += n + (p[n] == '/');
		}
		p += n + (p[n] == '/');
	}
	*to = '\0';
	return true;
}

const char *package_resolve(const char *from, const char *link, struct tw_arena *a)
{
	struct tw_str path = TW_STR_INIT;
	const char *slash = strrchr(from, '/');
	if (*link != '/' && slash)
		tw_str_add(&path, from, (size_t)(slash - from) + 1);
	add_decoded(&path, link, strcspn(link, "#?"));
	char *whole = tw_str_dup(&path, a);
	tw_str_release(&path);
	return straighten(whole) && *whole ? whole : NULL;
}

static enum tw_status parse_part(struct package_part *part, const struct package *p,
				 struct tw_arena *a, struct tw_err *err)
{
	size_t cost = part->cost = dom_xml_cost(part->data.data, part->data.len);
	for (size_t i = 0; i < p->n && cost <= DOM_XML_MOST; i++)
		cost += p->parts[i].tree.root ? p->parts[i].cost : 0;
	if (cost > DOM_XML_MOST)
		return tw_fail(err, TW_BAD_DATA, "too many elements or attributes");
	return dom_parse_xml(&part->tree, part->data.data, part->data.len, NULL, a, err);
}

enum tw_status package_xml(struct dom *out, const struct package *p, const char *name,
			   struct tw_arena *a, struct tw_err *err)
{
	struct package_part *part = name ? package_find(p, name) : NULL;
	if (!part)
		return tw_fail(err, TW_BAD_DATA, "it has no %s", name ? name : "content");
	enum tw_status st = part->tree.root ? TW_OK : parse_part(part, p, a, err);
	*out = part->tree;
	return st == TW_OK ? st : tw_wrap(err, st, "%s", name);
}
