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

/* Logins and handles look like addresses: ssh x@host, root@host, @user@server of the fediverse, key types of OpenSSH. */
static bool is_login(const struct scrub_text *t, size_t start, size_t at, size_t end)
{
	static const char *const users[] = {"root", "git", "ubuntu", "ec2-user", NULL};
	static const char *const commands[] = {"ssh", "scp", "sftp", "mosh", NULL};
	static const char *const hosts[] = {"openssh.com", "libssh.org", NULL};
	if (start > 0 && t->s[start - 1] == '@')
		return true;
	if (one_of(users, t->s + start, at - start) || one_of(hosts, t->s + at + 1, end - at - 1))
		return true;
	size_t word = start;
	while (word > 0 && t->s[word - 1] == ' ')
		word--;
	size_t from = word;
	while (from > 0 && word - from < 6 && scrub_alpha(t->s[from - 1]))
		from--;
	return word < start && one_of(commands, t->s + from, word - from);
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

static bool after_word(const struct scrub_text *t, size_t at)
{
	static const char *const words[] = {"tel",  "phone",   "telephone", "mobile",
					    "fax",  "telefon", "whatsapp",  "handy",
					    "cell", "call",    NULL};
	size_t end = at;
	while (end > 0 && at - end < 4 && t->s[end - 1] && strchr(" .:(\t", t->s[end - 1]))
		end--;
	size_t start = end;
	while (start > 0 && end - start < 12 && scrub_alpha(t->s[start - 1]))
		start--;
	return end < at && start < end && one_of(words, t->s + start, end - start);
}

/* +49 30 1234567 (without spaces only when longer than a 32-bit number), (555) 123-4567, 555-123-4567, and any number behind "phone". */
static bool is_phone(const struct scrub_text *t, size_t at, size_t *end)
{
	struct number x;
	static const size_t us[] = {3, 3, 4};
	if (t->s[at] == '+') {
		read_number(&x, t, at + 1, " -.()/");
		/* "+49 (0) 30 …" */
		size_t i = x.end;
		if (x.n && i + 4 < t->n && memcmp(t->s + i, " (0)", 4) == 0) {
			struct number rest;
			read_number(&rest, t, i + 4 + (t->s[i + 4] == ' '), " -./");
			x.n += rest.n;
			x.n_groups += rest.n_groups;
			x.end = rest.end;
		}
		*end = x.end;
		return x.n >= 8 && x.n <= 15 && x.digits[0] != '0' && (x.n_groups > 1 || x.n >= 11);
	}
	if (t->s[at] == '(') {
		if (at + 5 >= t->n || t->s[at + 4] != ')')
			return false;
		struct number area, rest;
		static const size_t local[] = {3, 4};
		read_number(&area, t, at + 1, "");
		read_number(&rest, t, at + 5 + (t->s[at + 5] == ' '), "-. ");
		*end = rest.end;
		return area.n == 3 && area.digits[0] >= '2' && groups_are(&rest, local, 2);
	}
	read_number(&x, t, at, "-. ");
	*end = x.end;
	if (x.separator && x.separator != '?' && x.separator != ' ' && groups_are(&x, us, 3))
		return x.digits[0] >= '2' && x.digits[3] >= '2';
	read_number(&x, t, at, " -./");
	*end = x.end;
	return x.n >= 7 && x.n <= 15 && after_word(t, at);
}

bool tw_scrub_phone(struct scrub_span *out, const struct scrub_text *t, size_t at)
{
	size_t end;
	if (t->s[at] == '+' ? !scrub_begins(t, at) : !number_begins(t, at))
		return after_word(t, at) && is_phone(t, at, &end) && number_ends(t, end)
			       ? (*out = (struct scrub_span){at, end, SCRUB_PHONE}, true)
			       : false;
	if (!is_phone(t, at, &end) || !number_ends(t, end))
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
