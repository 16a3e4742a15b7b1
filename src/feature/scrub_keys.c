#include "feature/scrub_int.h"

#include <math.h>
#include <string.h>
#include <strings.h>

/* --- keys that say what they are --- */

/* WORD_DASH: letters, digits, '_', '-'. PATH: those, '.' and '/'. */
enum charset { ALNUM, UPPER_DIGIT, WORD_DASH, PATH };

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
	{"hooks.slack.com/services/", PATH, 30},
	{"discord.com/api/webhooks/", PATH, 60},
	{"AIza", WORD_DASH, 35}, /* Google */
	{"GOCSPX-", WORD_DASH, 20},
	{"ya29.", WORD_DASH, 40},
	{"sk_live_", ALNUM, 16},
	{"sk_test_", ALNUM, 16}, /* Stripe */
	{"rk_live_", ALNUM, 16},
	{"rk_test_", ALNUM, 16},
	{"whsec_", ALNUM, 24},
	{"sk-", WORD_DASH, 20}, /* OpenAI, Anthropic */
	{"gsk_", ALNUM, 40},	/* Groq */
	{"xai-", ALNUM, 40},
	{"hf_", ALNUM, 30}, /* Hugging Face */
	{"npm_", ALNUM, 36},
	{"pypi-AgEI", WORD_DASH, 40},
	{"dop_v1_", ALNUM, 64}, /* DigitalOcean */
	{"dckr_pat_", WORD_DASH, 20},
	{"shpat_", ALNUM, 32}, /* Shopify */
	{"SG.", PATH, 60},     /* SendGrid */
	{"tskey-", WORD_DASH, 20},
	{"AGE-SECRET-KEY-1", UPPER_DIGIT, 50},
};

#define MAX_KEY 400

static bool in_set(char ch, enum charset set)
{
	switch (set) {
	case ALNUM:
		return scrub_alnum(ch);
	case UPPER_DIGIT:
		return scrub_upper(ch) || scrub_digit(ch);
	case WORD_DASH:
		return scrub_alnum(ch) || ch == '_' || ch == '-';
	case PATH:
		return scrub_alnum(ch) || (ch && strchr("_-./", ch));
	}
	return false;
}

static size_t run_of(const struct scrub_text *t, size_t at, enum charset set)
{
	size_t i = at;
	while (i < t->n && i - at < 8192 && in_set(t->s[i], set))
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
					    "...",	 "insert",	"hunter2",  NULL};
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

/* Random letters and digits, no words with a number among them: "sk-circle-fade-dot-12". */
static bool looks_random(const char *s, size_t n)
{
	size_t digits = 0, upper = 0, lower = 0;
	for (size_t i = 0; i < n; i++) {
		digits += scrub_digit(s[i]);
		upper += scrub_upper(s[i]);
		lower += scrub_alpha(s[i]) && !scrub_upper(s[i]);
	}
	return digits && upper + lower && ((upper && lower) || digits >= 6) && entropy(s, n) >= 2.8;
}

static bool prefixed_key(struct scrub_span *out, const struct scrub_text *t, size_t at)
{
	for (size_t k = 0; k < sizeof(prefixes) / sizeof(prefixes[0]); k++) {
		size_t len = strlen(prefixes[k].prefix);
		if (t->n - at <= len || memcmp(t->s + at, prefixes[k].prefix, len) != 0)
			continue;
		size_t run = run_of(t, at + len, prefixes[k].set);
		const char *key = t->s + at + len;
		if (prefixes[k].set == PATH) /* the full stop that ends a sentence */
			while (run && strchr("./", key[run - 1]))
				run--;
		if (run < prefixes[k].min || run > MAX_KEY || is_placeholder(key, run))
			continue;
		if (prefixes[k].set == UPPER_DIGIT
			    ? !has_digit_and_letter(key, run) || entropy(key, run) < 2.8
			    : !looks_random(key, run))
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

static bool ends_in(const char *name, size_t n, const char *const *tails)
{
	for (; *tails; tails++) {
		size_t len = strlen(*tails);
		if (n >= len && strncasecmp(name + n - len, *tails, len) == 0)
			return true;
	}
	return false;
}

/* How sure a name makes one that its value is a secret: of "x-key" only the random ones are. */
enum telling { SILENT, HINTS, TELLS };

/* "DB_PASSWORD", "github.token", "apiKey". */
static enum telling tells_secret(const char *name, size_t n)
{
	static const char *const tails[] = {
		"password",   "passwd",	  "passphrase", "pwd",	       "secret",     "token",
		"api_key",    "apikey",	  "api-key",	"accesskey",   "access_key", "secretkey",
		"secret_key", "auth_key", "authkey",	"private_key", NULL};
	static const char *const known[] = {"publickey", "public_key", "public-key",
					    "pubkey",	 "pub_key",    NULL};
	static const char *const hints[] = {"key", NULL};
	if (ends_in(name, n, tails))
		return TELLS;
	return ends_in(name, n, hints) && !ends_in(name, n, known) ? HINTS : SILENT;
}

static enum telling name_before(const struct scrub_text *t, size_t at)
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

/* "oauth2_token", "config.s3.secret": what a program calls a secret by. */
static bool is_name_of_secret(const char *s, size_t n)
{
	static const char *const words[] = {"passw", "token", "secret", "key", NULL};
	if (n > 32)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!is_name_char(s[i]))
			return false;
	for (const char *const *w = words; *w; w++)
		if (contains(s, n, *w))
			return true;
	const char *dot = memchr(s, '.', n);
	return dot && scrub_alpha(s[0]) && dot + 1 < s + n && scrub_alpha(dot[1]);
}

/* Not a variable, a call, a path or a word: mixed characters with the entropy of a secret. */
static bool looks_secret(const char *s, size_t n)
{
	if (n < 7 || n > MAX_KEY || !has_digit_and_letter(s, n) || is_placeholder(s, n))
		return false;
	if (s[0] == '/' || s[0] == '.' || contains(s, n, "env.") || contains(s, n, "://"))
		return false;
	return entropy(s, n) >= (n < 12 ? 2.3 : 2.9);
}

/* Behind a name that hints only: long, in both cases, with digits; no words, no path. */
static bool looks_like_key(const char *s, size_t n)
{
	size_t digits = 0, upper = 0, lower = 0, marks = 0;
	for (size_t i = 0; i < n; i++) {
		digits += scrub_digit(s[i]);
		upper += scrub_upper(s[i]);
		lower += scrub_alpha(s[i]) && !scrub_upper(s[i]);
		marks += !scrub_alnum(s[i]);
	}
	return n >= 20 && digits >= 3 && upper >= 3 && lower >= 3 && marks * 8 <= n &&
	       entropy(s, n) >= 3.7 && looks_secret(s, n);
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

/* "?name=" or "&name=": the value ends at the next '&'. */
static bool in_query(const struct scrub_text *t, size_t at)
{
	size_t start = at;
	while (start > 0 && at - start < 60 && is_name_char(t->s[start - 1]))
		start--;
	return start > 0 && (t->s[start - 1] == '?' || t->s[start - 1] == '&');
}

/* The value assigned at `at`, without its quotes; false when it is no literal. */
static bool assigned_value(struct scrub_span *out, char *quote, const struct scrub_text *t,
			   size_t at)
{
	size_t i = at + 1;
	if (i < t->n && (t->s[i] == '>' || t->s[i] == '='))
		i++;
	while (i < t->n && i - at < 5 && (t->s[i] == ' ' || t->s[i] == '\t'))
		i++;
	*quote = i < t->n && t->s[i] && strchr("\"'`", t->s[i]) ? t->s[i] : 0;
	i += *quote != 0;
	size_t start = i;
	bool query = !*quote && in_query(t, at);
	while (i < t->n && i - start <= MAX_KEY && is_value_char(t->s[i]) &&
	       !(query && t->s[i] == '&'))
		i++;
	if (*quote ? i >= t->n || t->s[i] != *quote
		   : i < t->n && t->s[i] && !strchr(" \t\n,;)}]\"'`&", t->s[i]))
		return false;
	while (!*quote && i > start && strchr(".!?", t->s[i - 1]))
		i--;
	*out = (struct scrub_span){start, i, SCRUB_PASSWORD};
	return i > start;
}

/* "Authorization: Bearer …": RFC 6750; "token" is GitHub's. */
static bool bearer(struct scrub_span *out, const struct scrub_text *t, size_t at)
{
	static const char name[] = "authorization";
	static const char *const schemes[] = {"bearer ", "token ", "basic ", NULL};
	size_t len = sizeof(name) - 1, i = at + 1;
	while (i < t->n && i - at < 4 && strchr(" \"'", t->s[i]))
		i++;
	if (at < len + 1 || i >= t->n)
		return false;
	size_t quote = strchr("\"'", t->s[at - 1]) != NULL;
	if (strncasecmp(t->s + at - quote - len, name, len) != 0)
		return false;
	for (const char *const *s = schemes; *s; s++) {
		size_t n = strlen(*s);
		if (t->n - i <= n || strncasecmp(t->s + i, *s, n) != 0)
			continue;
		size_t start = i + n, end = start;
		while (end < t->n && end - start <= MAX_KEY && is_value_char(t->s[end]))
			end++;
		*out = (struct scrub_span){start, end, SCRUB_PASSWORD};
		return end - start >= 16 && looks_secret(t->s + start, end - start);
	}
	return false;
}

bool tw_scrub_password(struct scrub_span *out, const struct scrub_text *t, size_t at)
{
	char quote;
	if (t->s[at] == ':' && (url_password(out, t, at) || bearer(out, t, at)))
		return true;
	enum telling name = name_before(t, at);
	if (name == SILENT || !assigned_value(out, &quote, t, at))
		return false;
	const char *value = t->s + out->start;
	size_t n = out->end - out->start;
	if (!quote && is_name_of_secret(value, n))
		return false;
	return name == TELLS ? looks_secret(value, n) : looks_like_key(value, n);
}
