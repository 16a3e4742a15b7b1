/* What styles mean, and what they are called. */
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "collect/office/office_int.h"
#include "collect/office/styles_int.h"

#define MAX_CHAIN 32 /* styles that are based on each other */

const struct office_style office_style_unsaid = {.name = "",
						 .outline = -1,
						 .list_level = -1,
						 .bold = -1,
						 .italic = -1,
						 .strike = -1,
						 .mono = -1,
						 .hidden = -1};

void office_style_over(struct office_style *out, const struct office_style *over)
{
#define TAKE(member) out->member = over->member >= 0 ? over->member : out->member
	TAKE(bold);
	TAKE(italic);
	TAKE(strike);
	TAKE(mono);
	TAKE(hidden);
	TAKE(outline);
	TAKE(list_level);
#undef TAKE
	out->num_id = over->num_id ? over->num_id : out->num_id;
	for (int i = 0; i < 3; i++)
		out->lang[i] = over->lang[i] ? over->lang[i] : out->lang[i];
}

static void resolve(struct office_styles *all, struct office_style *s, int depth)
{
	if (s->resolved)
		return;
	s->resolved = true; /* now, for those that are based on themselves */
	struct office_style *base = s->based_on ? tw_map_get(&all->by_id, s->based_on) : NULL;
	if (!base || depth >= MAX_CHAIN)
		return;
	resolve(all, base, depth + 1);
	struct office_style own = *s, whole = *base;
	office_style_over(&whole, &own);
	whole.name = own.name;
	whole.based_on = own.based_on;
	if (own.role != OFFICE_TEXT || own.outline >= 0) {
		whole.role = own.role;
		whole.heading = own.heading;
	}
	*s = whole;
}

/* A style without a telling name that stands in the outline is one of headings. */
static void judge_outline(struct office_style *s)
{
	if (s->role != OFFICE_TEXT || s->outline < 0 || s->outline >= OFFICE_LEVELS)
		return;
	s->role = OFFICE_HEADING;
	s->heading = s->outline + 1;
}

void office_styles_settle(struct office_styles *s)
{
	const struct tw_map_slot *slot;
	for (size_t it = 0; (slot = tw_map_next(&s->by_id, &it));)
		resolve(s, slot->v.p, 0);
	for (size_t it = 0; (slot = tw_map_next(&s->by_id, &it));)
		judge_outline(slot->v.p);
}

void office_styles_release(struct office_styles *s)
{
	tw_map_release(&s->by_id);
}

const struct office_style *office_style(const struct office_styles *s, const char *id)
{
	const struct office_style *style = id ? tw_map_get(&s->by_id, id) : NULL;
	return style ? style : &office_style_unsaid;
}

struct rich_format office_format(const struct office_style *s, const struct office_style *p,
				 const struct office_styles *all, bool typed)
{
	const struct office_style *d = &all->defaults;
	struct rich_format f = {
		.bold = s->bold == 1, .italic = s->italic == 1, .strike = s->strike == 1};
	f.code = s->mono == 1 && p->mono != 1 && d->mono != 1 && !typed;
	for (int i = 0; i < 3; i++)
		f.lang[i] = s->lang[i] ? s->lang[i] : p->lang[i] ? p->lang[i] : d->lang[i];
	return f;
}

enum office_role office_paragraph_role(const struct office_style *p,
				       const struct office_styles *all, bool typed)
{
	bool code = p->role == OFFICE_TEXT && p->mono == 1 && all->defaults.mono != 1 && !typed;
	return code ? OFFICE_CODE : p->role;
}

int office_heading_level(const char *style)
{
	if (strncasecmp(style, "heading", 7) != 0)
		return 0;
	style += 7;
	style += *style == ' ' || *style == '_';
	return *style >= '1' && *style <= '9' && !style[1] ? *style - '0' : 0;
}

enum office_role office_role_of(const char *style)
{
	static const char *const quotes[] = {
		"quote",      "intense quote", "quotations", "quotation",
		"block text", "block quote",   "blockquote", NULL};
	static const char *const code[] = {
		"html preformatted", "preformatted text", "source code", "code",
		"code block",	     "macro text",	  NULL};
	static const char *const contents[] = {"toc heading",	   "contents heading",
					       "table of figures", "table of authorities",
					       "index heading",	   NULL};
	if (office_heading_level(style))
		return OFFICE_HEADING;
	if (strcasecmp(style, "title") == 0)
		return OFFICE_TITLE;
	if (office_is_one_of(style, quotes))
		return OFFICE_QUOTE;
	if (office_is_one_of(style, code))
		return OFFICE_CODE;
	bool entry = strncasecmp(style, "toc ", 4) == 0 && style[4] >= '1' && style[4] <= '9';
	return entry || office_is_one_of(style, contents) ? OFFICE_LIST_OF_CONTENTS : OFFICE_TEXT;
}

bool office_is_mono(const char *font)
{
	static const char *const parts[] = {
		"courier",	  "consolas",	 "menlo",     "monaco",	  "mono", "typewriter",
		"lucida console", "source code", "fira code", "cascadia", NULL};
	struct tw_str low = TW_STR_INIT;
	bool hit = false;
	if (!font)
		return false;
	tw_text_fold(&low, font, strlen(font));
	for (const char *const *p = parts; *p && !hit; p++)
		hit = strstr(tw_str_c(&low), *p) != NULL;
	hit = hit && !strstr(tw_str_c(&low), "monotype");
	tw_str_release(&low);
	return hit;
}
