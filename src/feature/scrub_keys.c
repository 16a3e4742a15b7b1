#include "feature/scrub_int.h"

#include <math.h>
#include <string.h>
#include <strings.h>

/* --- keys that say what they are --- */

enum charset { ALNUM, UPPER_DIGIT, WORD_DASH }; /* WORD_DASH: letters, digits, '_', '-' */

static const struct {
	const char *prefix;
	enum charset set;
	size_t min; /* characters behind the prefix */
} prefixes[] = {
	{"AKIA", UPPER_DIGIT, 16},
	{"ASIA", UPPER_DIGIT, 16}, /* AWS */
	{"ghp_", ALNUM, 36},
	{"gho_", ALNUM, 36}, /* GitHub */
	{"ghu_", ALNUM, 36},
	{"ghs_", ALNUM, 36},
	{"ghr_", ALNUM, 36},
	{"github_pat_", WORD_DASH, 22},
	{"glpat-", WORD_DASH, 20}, /* GitLab */
	{"xoxb-", WORD_DASH, 10},
	{"xoxp-", WORD_DASH, 10}, /* Slack */
	{"xoxa-", WORD_DASH, 10},
	{"xoxr-", WORD_DASH, 10},
	{"xoxs-", WORD_DASH, 10},
	{"xapp-", WORD_DASH, 20},
	{"AIza", WORD_DASH, 35}, /* Google */
	{"sk_live_", ALNUM, 16},
	{"sk_test_", ALNUM, 16}, /* Stripe */
	{"rk_live_", ALNUM, 16},
	{"rk_test_", ALNUM, 16},
	{"sk-", WORD_DASH, 20}, /* OpenAI, Anthropic */
	{"hf_", ALNUM, 30},	/* Hugging Face */
	{"npm_", ALNUM, 36},
	{"pypi-AgEI", WORD_DASH, 40},
	{"dop_v1_", ALNUM, 64}, /* DigitalOcean */
	{"AGE-SECRET-KEY-1", UPPER_DIGIT, 50},
};

static bool in_set(char ch, enum charset set)
{
	switch (set) {
	case ALNUM:
		return scrub_alnum(ch);
	case UPPER_DIGIT:
		return scrub_upper(ch) || scrub_digit(ch);
	case WORD_DASH:
		return scrub_alnum(ch) || ch == '_' || ch == '-';
	}
	return false;
}

static size_t run_of(const struct scrub_text *t, size_t at, enum charset set)
{
	size_t i = at;
	while (i < t->n && in_set(t->s[i], set))
		i++;
	return i - at;
}

/* Bits a character (Shannon 1948), of the text's own distribution. */
static double entropy(const char *s, size_t n)
{
	unsigned count[256] = {0};
	double bits = 0;
	for (size_t i = 0; i < n; i++)
		count[(unsigned char)s[i]]++;
	for (size_t i = 0; i < 256; i++)
		if (count[i]) {
			double p = (double)count[i] / (double)n;
			bits -= p * log2(p);
		}
	return bits;
}

static bool contains(const char *s, size_t n, const char *word)
{
	size_t len = strlen(word);
	for (size_t i = 0; i + len <= n; i++)
		if (strncasecmp(s + i, word, len) == 0)
			return true;
	return false;
}

/* What manuals write where a secret would stand. */
static bool is_placeholder(const char *s, size_t n)
{
	static const char *const words[] = {"example",	 "your",	"xxxx",	    "changeme",
					    "change-me", "placeholder", "redacted", "dummy",
					    "replace",	 "12345678",	"abcdef",   "0000",
					    "...",	 "insert",	NULL};
	for (const char *const *w = words; *w; w++)
		if (contains(s, n, *w))
			return true;
	return false;
}

static bool has_digit_and_letter(const char *s, size_t n)
{
	bool digit = false, letter = false;
	for (size_t i = 0; i < n; i++) {
		digit = digit || scrub_digit(s[i]);
		letter = letter || scrub_alpha(s[i]);
	}
	return digit && letter;
}

static bool prefixed_key(struct scrub_span *out, const struct scrub_text *t, size_t at)
{
	for (size_t k = 0; k < sizeof(prefixes) / sizeof(prefixes[0]); k++) {
		size_t len = strlen(prefixes[k].prefix);
		if (t->n - at <= len || memcmp(t->s + at, prefixes[k].prefix, len) != 0)
			continue;
		size_t run = run_of(t, at + len, prefixes[k].set);
		const char *key = t->s + at + len;
		if (run < prefixes[k].min || is_placeholder(key, run) ||
		    !has_digit_and_letter(key, run) || entropy(key, run) < 2.8)
			continue;
		*out = (struct scrub_span){at, at + len + run, SCRUB_KEY};
		return true;
	}
	return false;
}

/* JSON Web Tokens: three parts in base64url, the first two of which begin with {". RFC 7519. */
static bool jwt(struct scrub_span *out, const struct scrub_text *t, size_t at)
{
	size_t i = at;
	for (int part = 0; part < 3; part++) {
		if (part < 2 && (i + 3 > t->n || memcmp(t->s + i, "eyJ", 3) != 0))
			return false;
		size_t run = run_of(t, i, WORD_DASH);
		i += run;
		if (run < 8 || (part < 2 && (i >= t->n || t->s[i++] != '.')))
			return false;
	}
	*out = (struct scrub_span){at, i, SCRUB_KEY};
	return true;
}

/* A private key in PEM (RFC 7468), to its END line; without one, as far as it looks like base64. */
static bool pem(struct scrub_span *out, const struct scrub_text *t, size_t at)
{
	static const char begin[] = "-----BEGIN ", end[] = "-----END ";
	size_t n = t->n - at;
	if (n < 40 || memcmp(t->s + at, begin, sizeof(begin) - 1) != 0)
		return false;
	size_t head = n < 80 ? n : 80;
	const char *key = memmem(t->s + at, head, "PRIVATE KEY", 11);
	const char *nl = memchr(t->s + at, '\n', head);
	if (!key || (nl && nl < key))
		return false;
	size_t i = (size_t)(key - t->s) + 11;
	while (i < t->n && t->s[i] == '-')
		i++;
	while (i < t->n && (scrub_alnum(t->s[i]) || strchr("+/=\n\r :,.\\\"-\t", t->s[i]))) {
		if (t->n - i > sizeof(end) && memcmp(t->s + i, end, sizeof(end) - 1) == 0) {
			const char *p = memmem(t->s + i + 9, t->n - i - 9, "-----", 5);
			i = p && p < t->s + i + 80 ? (size_t)(p - t->s) + 5 : i + 9;
			break;
		}
		if (t->s[i] == '\n' && i + 1 < t->n && t->s[i + 1] == '\n')
			break; /* a paragraph ends it, were it cut short */
		i++;
	}
	*out = (struct scrub_span){at, i, SCRUB_KEY};
	return true;
}

bool tw_scrub_key(struct scrub_span *out, const struct scrub_text *t, size_t at)
{
	if (t->s[at] == '-')
		return (at == 0 || t->s[at - 1] != '-') && pem(out, t, at);
	if (!scrub_begins(t, at) || (at > 0 && t->s[at - 1] == '-'))
		return false;
	return t->s[at] == 'e' ? jwt(out, t, at) : prefixed_key(out, t, at);
}

/* --- secrets that are assigned to a telling name, and passwords in URLs --- */

static bool is_name_char(char ch)
{
	return scrub_alnum(ch) || ch == '_' || ch == '-' || ch == '.';
}

/* "DB_PASSWORD", "github.token", "apiKey". */
static bool tells_secret(const char *name, size_t n)
{
	static const char *const tails[] = {
		"password",   "passwd",	  "passphrase", "pwd",	       "secret",     "token",
		"api_key",    "apikey",	  "api-key",	"accesskey",   "access_key", "secretkey",
		"secret_key", "auth_key", "authkey",	"private_key", NULL};
	for (const char *const *w = tails; *w; w++) {
		size_t len = strlen(*w);
		if (n >= len && strncasecmp(name + n - len, *w, len) == 0)
			return true;
	}
	return false;
}

static bool name_before(const struct scrub_text *t, size_t at)
{
	size_t end = at;
	while (end > 0 && at - end < 4 && strchr(" \t\"'`", t->s[end - 1]))
		end--;
	size_t start = end;
	while (start > 0 && end - start < 60 && is_name_char(t->s[start - 1]))
		start--;
	return tells_secret(t->s + start, end - start);
}

static bool is_value_char(char ch)
{
	return scrub_alnum(ch) || (ch && strchr("+/_-=.!@#%^&*~?", ch));
}

/* Not a variable, a call, a path or a word: mixed characters with the entropy of a secret. */
static bool looks_secret(const char *s, size_t n)
{
	if (n < 7 || n > 400 || !has_digit_and_letter(s, n) || is_placeholder(s, n))
		return false;
	if (s[0] == '/' || s[0] == '.' || contains(s, n, "env.") || contains(s, n, "://"))
		return false;
	return entropy(s, n) >= (n < 12 ? 2.3 : 2.9);
}

/* scheme://user:secret@host */
static bool url_password(struct scrub_span *out, const struct scrub_text *t, size_t at)
{
	size_t i = at + 3, colon = 0;
	if (at + 3 >= t->n || memcmp(t->s + at, "://", 3) != 0)
		return false;
	for (;
	     i < t->n && i - at < 200 && is_value_char(t->s[i]) && t->s[i] != '@' && t->s[i] != '/';
	     i++)
		;
	if (i >= t->n || t->s[i] != ':')
		return false;
	colon = i++;
	while (i < t->n && i - colon < 200 && (is_value_char(t->s[i]) || t->s[i] == '$') &&
	       t->s[i] != '@' && t->s[i] != '/')
		i++;
	if (i >= t->n || t->s[i] != '@' || !looks_secret(t->s + colon + 1, i - colon - 1))
		return false;
	*out = (struct scrub_span){colon + 1, i, SCRUB_PASSWORD};
	return true;
}

bool tw_scrub_password(struct scrub_span *out, const struct scrub_text *t, size_t at)
{
	if (t->s[at] == ':' && url_password(out, t, at))
		return true;
	size_t i = at + 1;
	if (!name_before(t, at))
		return false;
	if (i < t->n && (t->s[i] == '>' || t->s[i] == '='))
		i++;
	while (i < t->n && i - at < 5 && (t->s[i] == ' ' || t->s[i] == '\t'))
		i++;
	char quote = i < t->n && strchr("\"'`", t->s[i]) ? t->s[i] : 0;
	i += quote != 0;
	size_t start = i;
	while (i < t->n && i - start < 401 && is_value_char(t->s[i]))
		i++;
	if (quote ? i >= t->n || t->s[i] != quote : i < t->n && !strchr(" \t\n,;)}]\"'`", t->s[i]))
		return false;
	while (!quote && i > start && strchr(".!?", t->s[i - 1]))
		i--;
	if (!looks_secret(t->s + start, i - start))
		return false;
	*out = (struct scrub_span){start, i, SCRUB_PASSWORD};
	return true;
}
