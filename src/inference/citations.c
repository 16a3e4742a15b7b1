#include "inference/citations.h"

#include <ctype.h>
#include <string.h>

/* "[12, 3, 40]" is long enough for a citation; longer brackets are text. */
#define HELD_MAX 32

void tw_citations_init(struct tw_citations *c, int n_sources)
{
	*c = (struct tw_citations){.n_sources = n_sources > TW_CITATIONS_MAX ? TW_CITATIONS_MAX
									     : n_sources};
}

void tw_citations_release(struct tw_citations *c)
{
	tw_str_release(&c->held);
}

static void give(struct tw_citations *c, struct tw_str *out, const char *s, size_t len)
{
	if (len == 0)
		return;
	tw_str_add(out, s, len);
	c->last = s[len - 1];
	if (len > 1 || (s[0] != ' ' && s[0] != '\n')) {
		c->row = 0;
		c->repeats = 0;
	}
}

static void flush(struct tw_citations *c, struct tw_str *out)
{
	give(c, out, tw_str_c(&c->held), c->held.len);
	tw_str_clear(&c->held);
}

/* A run of backquotes ended: it opens code, or closes code that a run of the same length opened (CommonMark 6.1). */
static void end_ticks(struct tw_citations *c)
{
	if (c->run == 0)
		return;
	if (c->ticks == 0)
		c->ticks = c->run;
	else if (c->ticks == c->run)
		c->ticks = 0;
	c->run = 0;
}

/* The held text is "[…]" or " […]" with numbers, commas and spaces inside. */
static void settle(struct tw_citations *c, struct tw_str *out)
{
	const char *p = tw_str_c(&c->held);
	bool space = *p == ' ', any = false;
	struct tw_str kept = TW_STR_INIT;
	uint64_t row = 0;
	for (p += space ? 2 : 1; *p != ']';) {
		if (!isdigit((unsigned char)*p)) {
			p++;
			continue;
		}
		long n = 0;
		for (; isdigit((unsigned char)*p); p++)
			n = n > 100000 ? n : n * 10 + (*p - '0');
		const uint64_t bit = n >= 1 && n <= c->n_sources ? (uint64_t)1 << (n - 1) : 0;
		c->repeats += (c->row & bit) != 0;
		if (!bit || (c->row & bit))
			continue;
		row |= bit;
		tw_str_addf(&kept, "%s%ld", any ? ", " : "", n);
		any = true;
	}
	tw_str_clear(&c->held);
	if (any) {
		if (space)
			give(c, out, " ", 1);
		tw_str_addc(&kept, ']');
		tw_str_addf(out, "[%s", tw_str_c(&kept));
		c->last = ']';
	}
	c->row |= row;
	c->cited |= row;
	tw_str_release(&kept);
}

static bool attached(char before)
{
	return isalnum((unsigned char)before) || (unsigned char)before >= 0x80 || before == '_' ||
	       before == ')' || before == '\\' || before == '!';
}

/* One byte inside or at the start of what may be a citation. */
static void held_byte(struct tw_citations *c, struct tw_str *out, char b)
{
	const char *h = tw_str_c(&c->held);
	bool open = c->held.len > (h[0] == ' ');
	if (!open && b == '[') {
		tw_str_addc(&c->held, b);
		return;
	}
	if (open && (isdigit((unsigned char)b) || b == ',' || b == ' ') && c->held.len < HELD_MAX) {
		tw_str_addc(&c->held, b);
		return;
	}
	if (open && b == ']' && strpbrk(h, "0123456789")) {
		tw_str_addc(&c->held, b);
		settle(c, out);
		return;
	}
	flush(c, out);
	tw_citations_feed(c, out, &b, 1);
}

void tw_citations_feed(struct tw_citations *c, struct tw_str *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char b = text[i];
		if (c->held.len > 0) {
			held_byte(c, out, b);
			continue;
		}
		if (b == '`') {
			c->run++;
			give(c, out, &b, 1);
			continue;
		}
		end_ticks(c);
		if (c->ticks == 0 && (b == ' ' || (b == '[' && !attached(c->last))))
			tw_str_addc(&c->held, b);
		else
			give(c, out, &b, 1);
	}
}

void tw_citations_end(struct tw_citations *c, struct tw_str *out)
{
	flush(c, out);
}
