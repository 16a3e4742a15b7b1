/* Emphasis marks: CommonMark 0.30, section 6.2 and its appendix "process emphasis". */
#include "feature/clean_int.h"

#include <string.h>

enum char_class { OTHER, SPACE, PUNCT };

static uint32_t decode(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	if (n >= 2 && p[0] >= 0xC2 && p[0] < 0xE0)
		return (uint32_t)(p[0] & 31) << 6 | (p[1] & 63);
	if (n >= 3 && p[0] >= 0xE0 && p[0] < 0xF0)
		return (uint32_t)(p[0] & 15) << 12 | (uint32_t)(p[1] & 63) << 6 | (p[2] & 63);
	return n && p[0] < 0x80 ? p[0] : 0x10000; /* beyond: emoji, rare scripts */
}

static bool is_ascii_punct(uint32_t u)
{
	return (u > 32 && u < 48) || (u > 57 && u < 65) || (u > 90 && u < 97) ||
	       (u > 122 && u < 127);
}

static enum char_class class_of(uint32_t u)
{
	if (u <= 32 || u == 0xA0 || (u >= 0x2000 && u <= 0x200A) || u == 0x202F || u == 0x3000)
		return SPACE;
	if (is_ascii_punct(u) || u == 0xA1 || u == 0xA7 || u == 0xAB || u == 0xB6 || u == 0xB7 ||
	    u == 0xBB || u == 0xBF || (u >= 0x2010 && u <= 0x205E) ||
	    (u >= 0x3001 && u <= 0x3011) || (u >= 0xFF01 && u <= 0xFF0F))
		return PUNCT;
	return OTHER;
}

static enum char_class class_before(const char *s, size_t at)
{
	if (at == 0)
		return SPACE;
	size_t i = at - 1;
	while (i > 0 && at - i < 4 && (s[i] & 0xC0) == 0x80)
		i--;
	return class_of(decode(s + i, at - i));
}

static enum char_class class_after(const char *s, size_t n, size_t at)
{
	return at < n ? class_of(decode(s + at, n - at)) : SPACE;
}

void tw_clean_flanking(struct clean_delim *d, const char *s, size_t n, size_t at)
{
	enum char_class before = class_before(s, at);
	enum char_class after = class_after(s, n, at + (size_t)d->count);
	bool left = after != SPACE && (after != PUNCT || before != OTHER);
	bool right = before != SPACE && (before != PUNCT || after != OTHER);
	d->can_open = left && (d->ch == '*' || !right || before == PUNCT);
	d->can_close = right && (d->ch == '*' || !left || after == PUNCT);
}

static bool matches(const struct clean_delim *open, const struct clean_delim *close)
{
	if (open->ch != close->ch || !open->can_open || !open->left)
		return false;
	bool both = open->can_close || close->can_open;
	return !both || (open->count + close->count) % 3 != 0 ||
	       (open->count % 3 == 0 && close->count % 3 == 0);
}

/* Below these no opener of the kind is left: the appendix's openers_bottom. */
struct bottoms {
	size_t at[2][3][2];
};

static size_t *bottom_of(struct bottoms *b, const struct clean_delim *close)
{
	return &b->at[close->ch == '_'][close->count % 3][close->can_open];
}

/* Index + 1 of the opener of d[close]; 0 when there is none above `bottom`. */
static size_t find_opener(struct clean_delim *d, size_t close, size_t bottom)
{
	size_t i = d[close].before;
	while (i > bottom && !matches(&d[i - 1], &d[close]))
		i = d[i - 1].before;
	return i > bottom ? i : 0;
}

/* Pairs d[close] with what it closes; what stands between the two drops out of the chain. */
static void close_all(struct clean_delim *d, size_t close, struct bottoms *bottoms)
{
	while (d[close].can_close && d[close].left) {
		size_t *bottom = bottom_of(bottoms, &d[close]);
		size_t open = find_opener(d, close, *bottom);
		if (!open) {
			*bottom = close;
			return;
		}
		struct clean_delim *o = &d[open - 1];
		int use = o->left >= 2 && d[close].left >= 2 ? 2 : 1;
		o->left -= use;
		d[close].left -= use;
		d[close].before = o->left ? open : o->before;
	}
}

void tw_clean_emphasis(struct clean_delim *d, size_t n)
{
	struct bottoms bottoms = {0};
	size_t top = 0;
	for (size_t i = 0; i < n; i++) {
		d[i].before = top;
		close_all(d, i, &bottoms);
		top = d[i].can_open && d[i].left ? i + 1 : d[i].before;
	}
}
