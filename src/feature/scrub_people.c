#include "feature/scrub_int.h"

#include <string.h>
#include <strings.h>

#define MAX_EMAIL 254 /* RFC 5321 */

static bool one_of(const char *const *words, const char *s, size_t n)
{
	for (; *words; words++)
		if (strlen(*words) == n && strncasecmp(*words, s, n) == 0)
			return true;
	return false;
}

/* --- e-mail addresses --- */

static bool is_local_char(char ch)
{
	return scrub_alnum(ch) || (ch && strchr("._%+-", ch));
}

static bool ends_in(const char *s, size_t n, const char *tail)
{
	size_t len = strlen(tail);
	return n >= len && strncasecmp(s + n - len, tail, len) == 0;
}

/* RFC 2606 keeps these for documentation. */
static bool is_example(const char *host, size_t n)
{
	static const char *const tails[] = {"example.com", "example.org", "example.net",
					    "example.edu", ".example",	  ".test",
					    ".invalid",	   ".localhost",  NULL};
	for (const char *const *t = tails; *t; t++) {
		size_t len = strlen(*t);
		if (ends_in(host, n, *t) &&
		    (n == len || (*t)[0] == '.' || host[n - len - 1] == '.'))
			return true;
	}
	return false;
}

/* Endings of files, units and private networks: icon@2x.png, getty@tty1.service, me@laptop.local. */
static bool is_no_top_level(const char *tld, size_t n)
{
	static const char *const words[] = {
		"png",	 "jpg",	  "jpeg",    "gif",	 "svg",		"webp",	     "js",
		"css",	 "plist", "service", "timer",	 "socket",	"target",    "mount",
		"local", "lan",	  "home",    "internal", "localdomain", "localhost", NULL};
	return one_of(words, tld, n);
}

static bool in_url(const struct scrub_text *t, size_t at)
{
	size_t from = at;
	while (from > 0 && at - from < 300 && (unsigned char)t->s[from - 1] > ' ')
		from--;
	return memmem(t->s + from, at - from, "://", 3) != NULL;
}

/* The word that ends before s[end], on the same line; its start. */
static size_t word_before(const struct scrub_text *t, size_t *end)
{
	while (*end > 0 && (t->s[*end - 1] == ' ' || t->s[*end - 1] == '\t'))
		--*end;
	size_t start = *end;
	while (start > 0 && *end - start < 80 && (unsigned char)t->s[start - 1] > ' ')
		start--;
	return start;
}

/* "ssh -p 2222 x@host": in front stand the command's name and options alone. */
static bool after_command(const struct scrub_text *t, size_t start)
{
	static const char *const commands[] = {"ssh",	"scp",	       "sftp",	"mosh",
					       "rsync", "ssh-copy-id", "sshfs", NULL};
	bool option = true;
	size_t end = start;
	for (int i = 0; i < 8; i++) {
		size_t from = word_before(t, &end), name = from;
		while (name < end && strchr("`$#\"'(", t->s[name]))
			name++;
		if (from == end)
			return false;
		if (one_of(commands, t->s + name, end - name))
			return true;
		/* A word that is no option may be the value of one. */
		if (t->s[from] != '-' && !option)
			return false;
		option = t->s[from] == '-';
		end = from;
	}
	return false;
}

/*
 * Logins and handles look like addresses: a machine that somebody logs in to is
 * a place, and a command without it is no command. So root@host, git@host,
 * ssh x@host, scp's x@host:path, @user@server of the fediverse, and the key
 * types of OpenSSH stay. x@host that stands alone is taken for an address.
 */
static bool is_login(const struct scrub_text *t, size_t start, size_t at, size_t end)
{
	static const char *const users[] = {"root", "git", "ubuntu", "ec2-user", NULL};
	static const char *const hosts[] = {"openssh.com", "libssh.org", NULL};
	if (start > 0 && t->s[start - 1] == '@')
		return true;
	if (one_of(users, t->s + start, at - start) || one_of(hosts, t->s + at + 1, end - at - 1))
		return true;
	return after_command(t, start);
}

static bool has_letter(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (scrub_alpha(s[i]))
			return true;
	return false;
}

bool tw_scrub_email(struct scrub_span *out, const struct scrub_text *t, size_t at)
{
	size_t start = at, end = at + 1, dot = 0;
	while (start > 0 && at - start < 64 && is_local_char(t->s[start - 1]))
		start--;
	while (start < at && strchr(".-%+", t->s[start]))
		start++;
	while (end < t->n && end - at < MAX_EMAIL &&
	       (scrub_alnum(t->s[end]) || t->s[end] == '.' || t->s[end] == '-'))
		end++;
	while (end > at + 1 && !scrub_alnum(t->s[end - 1]))
		end--;
	for (size_t i = at + 1; i < end; i++)
		if (t->s[i] == '.')
			dot = i;
	if (start == at || dot <= at + 1 || end - dot < 3 || t->s[at - 1] == '.')
		return false;
	for (size_t i = dot + 1; i < end; i++)
		if (!scrub_alpha(t->s[i]))
			return false;
	const char *host = t->s + at + 1;
	if (!has_letter(host, dot - at - 1) || is_login(t, start, at, end))
		return false;
	if (is_example(host, end - at - 1) || is_no_top_level(t->s + dot + 1, end - dot - 1))
		return false;
	/* git@host:path and scheme://user:secret@host are places, not people. */
	if (end < t->n && t->s[end] == ':' && end + 1 < t->n && t->s[end + 1] > ' ')
		return false;
	if (in_url(t, start) && !(start >= 7 && memcmp(t->s + start - 7, "mailto:", 7) == 0))
		return false;
	*out = (struct scrub_span){start, end, SCRUB_EMAIL};
	return true;
}

/* --- numbers --- */

/* Reads digits with single separators between them. */
struct number {
	char digits[40];
	size_t n, groups[20], n_groups, end;
	char separator; /* the only one used; 0 none, '?' several */
};

static void read_number(struct number *x, const struct scrub_text *t, size_t at,
			const char *separators)
{
	*x = (struct number){.end = at};
	size_t i = at;
	while (i < t->n && x->n + 1 < sizeof(x->digits)) {
		if (scrub_digit(t->s[i])) {
			if (!x->n_groups)
				x->n_groups = 1;
			x->digits[x->n++] = t->s[i++];
			x->groups[x->n_groups - 1]++;
			x->end = i;
		} else if (x->n && x->n_groups < 20 && strchr(separators, t->s[i]) &&
			   i + 1 < t->n && scrub_digit(t->s[i + 1])) {
			char ch = t->s[i++];
			x->separator = !x->separator || x->separator == ch ? ch : '?';
			x->n_groups++;
		} else {
			break;
		}
	}
}

static bool groups_are(const struct number *x, const size_t *sizes, size_t n)
{
	if (x->n_groups != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (x->groups[i] != sizes[i])
			return false;
	return true;
}

/* A decimal point, a path or a longer number goes on here: it is something else. */
static bool number_ends(const struct scrub_text *t, size_t end)
{
	if (!scrub_ends(t, end))
		return false;
	if (end + 1 < t->n && strchr(".-/:", t->s[end]) && scrub_alnum(t->s[end + 1]))
		return false;
	return end >= t->n || (t->s[end] != '%' && t->s[end] != '=');
}

static bool number_begins(const struct scrub_text *t, size_t at)
{
	return scrub_begins(t, at) && (at == 0 || !strchr("./-+#$=&@:", t->s[at - 1]));
}

/* --- phone numbers --- */

/* What is said of a number: "phone number is", "call me on". */
enum said { NOTHING, CALL, PHONE };

static enum said said_before(const struct scrub_text *t, size_t at)
{
	static const char *const phone[] = {"tel",     "phone",	   "telephone", "fax",
					    "telefon", "whatsapp", "mobile",	NULL};
	static const char *const call[] = {"call", "cell", "handy", "ring", "text", NULL};
	static const char *const between[] = {"number", "no", "nr", "is", "on",
					      "at",	"me", "us", NULL};
	size_t end = at;
	for (int i = 0; i < 4; i++) {
		size_t from = end;
		while (end > 0 && from - end < 4 && t->s[end - 1] &&
		       strchr(" .:(\t", t->s[end - 1]))
			end--;
		size_t start = end;
		while (start > 0 && end - start < 12 && scrub_alpha(t->s[start - 1]))
			start--;
		if (end == from || start == end)
			return NOTHING;
		if (one_of(phone, t->s + start, end - start))
			return PHONE;
		if (one_of(call, t->s + start, end - start))
			return CALL;
		if (!one_of(between, t->s + start, end - start))
			return NOTHING;
		end = start;
	}
	return NOTHING;
}

/* 2024-01-15, 15.01.2024, 192.168.1.10, 10 000 000: numbers of another kind. */
static bool is_other_number(const struct number *x)
{
	const size_t *g = x->groups;
	bool date = (x->n_groups >= 3 && g[0] == 4 && g[1] <= 2 && g[2] <= 2) ||
		    (x->n_groups == 3 && g[0] <= 2 && g[1] <= 2 && g[2] == 4);
	bool ip = x->n_groups == 4 && x->separator == '.' && x->n <= 12 && g[0] <= 3 && g[1] <= 3 &&
		  g[2] <= 3 && g[3] <= 3;
	bool round = x->n >= 6 && memcmp(x->digits + x->n - 6, "000000", 6) == 0;
	return date || ip || round;
}

/* +49 30 1234567, +1 (555) 123-4567, +49 (0) 30 …; without spaces only when it is longer than a 32-bit number. */
static bool is_international(const struct scrub_text *t, size_t at, size_t *end)
{
	struct number x;
	read_number(&x, t, at + 1, " -./");
	size_t i = x.end, open = i + (i < t->n && t->s[i] == ' ');
	const char *close = open + 2 < t->n && t->s[open] == '('
				    ? memchr(t->s + open, ')', t->n - open < 7 ? t->n - open : 7)
				    : NULL;
	if (x.n && x.n <= 3 && close && scrub_digit(t->s[open + 1])) {
		struct number area, rest;
		size_t behind = (size_t)(close - t->s) + 1;
		read_number(&area, t, open + 1, "");
		read_number(&rest, t, behind + (behind < t->n && strchr(" -", t->s[behind])),
			    " -./");
		if (area.end != behind - 1 || !rest.n)
			return false;
		x.n += area.n + rest.n;
		x.n_groups += 1 + rest.n_groups;
		*end = rest.end;
		return x.digits[0] != '0' && x.n >= 9 && x.n <= 15;
	}
	*end = x.end;
	return x.n >= 9 && x.n <= 15 && x.digits[0] != '0' && !is_other_number(&x) &&
	       (x.n_groups > 1 || x.n >= 11);
}

/* (555) 123-4567, (030) 1234567. */
static bool has_area_in_parentheses(const struct scrub_text *t, size_t at, size_t *end)
{
	static const size_t local[] = {3, 4};
	struct number area, rest;
	read_number(&area, t, at + 1, "");
	size_t i = area.end;
	if (area.n < 3 || area.n > 5 || i + 2 >= t->n || t->s[i] != ')')
		return false;
	read_number(&rest, t, i + 1 + (t->s[i + 1] == ' '), "-. ");
	*end = rest.end;
	if (area.digits[0] == '0')
		return area.digits[1] != '0' && rest.n >= 5 && rest.n <= 8 && rest.n_groups <= 3;
	return area.n == 3 && area.digits[0] >= '2' && groups_are(&rest, local, 2);
}

/* North America: 555-123-4567, 1-800-555-0199. */
static bool is_north_american(const struct number *x)
{
	static const size_t local[] = {3, 3, 4}, whole[] = {1, 3, 3, 4};
	if (x->separator != '-' && x->separator != '.')
		return false;
	if (groups_are(x, local, 3))
		return x->digits[0] >= '2' && x->digits[3] >= '2';
	return groups_are(x, whole, 4) && x->digits[0] == '1' && x->digits[1] >= '2' &&
	       x->digits[4] >= '2';
}

/* With a trunk zero: 030 1234567, 0171/1234567, 020 7946 0958, 01 23 45 67 89. */
static bool has_trunk_zero(const struct number *x)
{
	static const size_t pairs[] = {2, 2, 2, 2, 2};
	if (x->n < 2 || x->digits[0] != '0' || x->digits[1] == '0')
		return false;
	if (groups_are(x, pairs, 5))
		return x->separator == ' ' || x->separator == '.';
	if (x->separator == '.' || x->groups[0] < 3 || x->groups[0] > 5 || x->n < 9 || x->n > 12)
		return false;
	return (x->n_groups == 2 && x->groups[1] >= 5) ||
	       (x->n_groups == 3 && x->groups[1] >= 3 && x->groups[2] >= 3);
}

static bool is_hex(const struct scrub_text *t, size_t start, size_t end)
{
	for (size_t i = start; i < end; i++)
		if (!scrub_digit(t->s[i]) && !strchr("abcdefABCDEF", t->s[i]))
			return false;
	return true;
}

/* A group as wide as the first stands before or behind [at, end): rows of bytes, not a number. */
static bool in_dump(const struct scrub_text *t, size_t at, size_t end, size_t width)
{
	size_t to = at;
	while (to > 0 && at - to < 3 && t->s[to - 1] == ' ')
		to--;
	if (to < at && to >= width && is_hex(t, to - width, to) && scrub_begins(t, to - width))
		return true;
	size_t from = end;
	while (from < t->n && from - end < 3 && t->s[from] == ' ')
		from++;
	return from > end && from + width <= t->n && is_hex(t, from, from + width) &&
	       scrub_ends(t, from + width);
}

/* `said`: a telling word stands in front, and makes any number one that can be dialled. */
static bool is_national(const struct scrub_text *t, size_t at, enum said said, size_t *end)
{
	struct number x;
	read_number(&x, t, at, " -./");
	*end = x.end;
	if (is_other_number(&x))
		return false;
	if (is_north_american(&x) || (has_trunk_zero(&x) && !in_dump(t, at, x.end, x.groups[0])))
		return true;
	bool enough = said == PHONE || (said == CALL && (x.n_groups > 1 || x.n >= 10));
	return enough && x.n >= 7 && x.n <= 15;
}

bool tw_scrub_phone(struct scrub_span *out, const struct scrub_text *t, size_t at)
{
	size_t end = at;
	bool found = false;
	enum said said = said_before(t, at);
	if (t->s[at] == '+')
		found = (scrub_begins(t, at) || said) && is_international(t, at, &end);
	else if (!number_begins(t, at) && !said)
		return false;
	else if (t->s[at] == '(')
		found = has_area_in_parentheses(t, at, &end);
	else
		found = is_national(t, at, said, &end);
	if (!found || !number_ends(t, end))
		return false;
	*out = (struct scrub_span){at, end, SCRUB_PHONE};
	return true;
}

/* --- card numbers: ISO/IEC 7812 --- */

static bool luhn(const char *digits, size_t n)
{
	int sum = 0;
	for (size_t i = 0; i < n; i++) {
		int d = digits[n - 1 - i] - '0';
		if (i % 2)
			d = d > 4 ? 2 * d - 9 : 2 * d;
		sum += d;
	}
	return sum % 10 == 0;
}

static bool is_issuer(const char *digits, size_t n)
{
	int four = (digits[0] - '0') * 1000 + (digits[1] - '0') * 100 + (digits[2] - '0') * 10 +
		   (digits[3] - '0');
	int two = four / 100;
	if (digits[0] == '4')
		return n == 13 || n == 16 || n == 19;
	if ((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720) || four == 6011 ||
	    two == 65 || (four >= 3528 && four <= 3589))
		return n == 16;
	if (two == 34 || two == 37)
		return n == 15;
	return (two == 36 || two == 38 || (four >= 3000 && four <= 3059)) && n == 14;
}

bool tw_scrub_card(struct scrub_span *out, const struct scrub_text *t, size_t at)
{
	static const size_t fours[] = {4, 4, 4, 4}, amex[] = {4, 6, 5}, diners[] = {4, 6, 4};
	struct number x;
	if (!number_begins(t, at))
		return false;
	read_number(&x, t, at, " -");
	if (x.n < 13 || x.n > 19 || x.separator == '?' || !number_ends(t, x.end))
		return false;
	if (x.n_groups > 1 && !groups_are(&x, fours, 4) && !groups_are(&x, amex, 3) &&
	    !groups_are(&x, diners, 3))
		return false;
	if (!is_issuer(x.digits, x.n) || !luhn(x.digits, x.n))
		return false;
	*out = (struct scrub_span){at, x.end, SCRUB_CARD};
	return true;
}

/* --- IBAN: ISO 13616 --- */

/* Lengths by country: "DE22". */
static const char iban_lengths[] =
	"AD24AE23AL28AT20AZ28BA20BE16BG22BH22BR29CH21CR22CY28CZ24DE22DK18DO28EE20ES24FI18FO18FR27"
	"GB22GE22GI23GL18GR27GT28HR21HU28IE22IL23IS26IT27JO30KW30KZ20LB28LI21LT20LU20LV21MC27MD24"
	"ME22MK19MR27MT31MU30NL18NO15PK24PL28PS29PT25QA29RO24RS22SA24SE24SI19SK24SM27TN24TR26UA29";

static size_t iban_length(const char *country)
{
	for (const char *p = iban_lengths; *p; p += 4)
		if (p[0] == country[0] && p[1] == country[1])
			return (size_t)((p[2] - '0') * 10 + (p[3] - '0'));
	return 0;
}

/* The account first, then country and check digits, letters as 10 to 35, modulo 97. */
static int iban_remainder(const char *iban, size_t n)
{
	int rest = 0;
	for (size_t i = 0; i < n; i++) {
		char ch = iban[(i + 4) % n];
		rest = scrub_digit(ch) ? (rest * 10 + ch - '0') % 97
				       : (rest * 100 + ch - 'A' + 10) % 97;
	}
	return rest;
}

bool tw_scrub_iban(struct scrub_span *out, const struct scrub_text *t, size_t at)
{
	char iban[40];
	size_t n = 0, i = at, want;
	if (!scrub_begins(t, at) || at + 15 > t->n || !scrub_digit(t->s[at + 2]))
		return false;
	want = iban_length(t->s + at);
	while (want && i < t->n && n < want) {
		if (scrub_upper(t->s[i]) || scrub_digit(t->s[i]))
			iban[n++] = t->s[i];
		else if (t->s[i] != ' ' || n % 4 != 0)
			break;
		i++;
	}
	if (!want || n != want || !scrub_ends(t, i) || iban_remainder(iban, n) != 1)
		return false;
	*out = (struct scrub_span){at, i, SCRUB_IBAN};
	return true;
}
