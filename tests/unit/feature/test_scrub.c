#include "feature_test.h"

#include "base/fs.h"
#include "base/json.h"
#include "base/map.h"
#include "base/text.h"

struct scrubbing {
	const char *what, *in, *out;
};

/* None of these is anybody's: random characters in the published formats. They are written in two pieces, so that no
 * scanner of this repository takes them for real ones. */
static const struct scrubbing found[] = {
	{"an address", "Write to mara.lind+blog@ropewalk.scot, please.",
	 "Write to [email], please."},
	{"an address in angle brackets", "Mara <m@ropewalk-lane.co.uk>", "Mara <[email]>"},
	{"an address in a link of its own", "mailto:mara@ropewalk.scot?subject=x",
	 "mailto:[email]?subject=x"},
	{"two addresses", "a@b.de,c@d.fr", "[email],[email]"},
	{"international", "Ring +49 30 1234567 or +44 20 7946 0958.", "Ring [phone] or [phone]."},
	{"international, in one piece", "+4930123456789, +14155552671", "[phone], [phone]"},
	{"international, with parentheses", "+1 (555) 234-5678; +49 (0) 171 2345678",
	 "[phone]; [phone]"},
	{"international, with other marks", "+33.1.23.45.67.89 and +1-800-555-0199",
	 "[phone] and [phone]"},
	{"North America", "(613) 867-5309, 613-867-5309, 613.867.5309, 1-800-555-0199",
	 "[phone], [phone], [phone], [phone]"},
	{"Germany", "0171/2345678, 030 1234567, (030) 123456", "[phone], [phone], [phone]"},
	{"United Kingdom", "020 7946 0958 and 07700 900123", "[phone] and [phone]"},
	{"France", "01 23 45 67 89", "[phone]"},
	{"with a word in front", "Phone: 1234567. My mobile number is 23 45 67 89. Fax 5551234",
	 "Phone: [phone]. My mobile number is [phone]. Fax [phone]"},
	{"call me", "Call me on 555-1234!", "Call me on [phone]!"},
	{"AWS",
	 "AKIA"
	 "Q3EGRNT7ZK2PLX5B and aws_secret_access_key = wJ8rXUtn/K7MDENG+bPxRfiCY8pLmQz4KvTnE2sB",
	 "[key] and aws_secret_access_key = [password]"},
	{"GitHub",
	 "ghp_"
	 "R7tQ2mXz9LkV4bNc8JwYp3HsDf6GaE1uTi5o github_pat_"
	 "11AQJDEFG0aZ9yX8wV7uT6_sR5",
	 "[key] [key]"},
	{"Slack",
	 "xoxb-"
	 "927364518203-aBcXyZ81Qr and https://hooks.slack.com/services/"
	 "T8QK2M7X/B5RW9Z1P/q8Wn3VtY6LmZ4KxB.",
	 "[key] and https://[key]."},
	{"OpenAI and Anthropic",
	 "sk-"
	 "proj-9aQ2Lm7XvT4kR8wZ1bYc sk-"
	 "ant-api03-Zq8wE2rT6yU4iO9p",
	 "[key] [key]"},
	{"Google, Stripe, Hugging Face",
	 "AIza"
	 "SyD9fK2mQ7xR4vT8wZ1bY6cN3pL5hJ0gAuE sk_live_"
	 "4eC9HqLyjWDarjtT hf_"
	 "QwErTyUiOpAsDfGhJkLzXcVbNm12345q",
	 "[key] [key] [key]"},
	{"a JSON Web Token",
	 "eyJ"
	 "hbGciOiJIUzI1NiJ9.eyJ"
	 "zdWIiOiI5ODc2NSJ9.dBjftJeZ4CVPmB92K27uhbUJU1p1r",
	 "[key]"},
	{"a private key",
	 "-----BEGIN OPENSSH PRIVATE"
	 " KEY-----\nb3BlbnNzaC1rZXk\nAAAAB3Nz+/==\n-----END OPENSSH PRIVATE KEY-----\nAfter",
	 "[key]\nAfter"},
	{"a private key cut short",
	 "-----BEGIN RSA PRIVATE"
	 " KEY-----\nMIIEpAIBAAKCAQEA7\n\nAfter it.",
	 "[key]\n\nAfter it."},
	{"assigned secrets",
	 "DB_PASSWORD=tR0ub4dor&3x\napi_key: \"9f8a7b6c5d4e3f2a1b0c\"\n\"token\" => 'a8Kd92LmQp71'",
	 "DB_PASSWORD=[password]\napi_key: \"[password]\"\n\"token\" => '[password]'"},
	{"a random value behind key=",
	 "?key=aK9fQ2mX7vR4tT8wZ1bYc6N3p&x=1 license-key: Zx81kQp0LmN47sVwT2yB9r",
	 "?key=[password]&x=1 license-key: [password]"},
	{"a password in a URL", "postgres://shop:pX7qLm92@db:5432/till",
	 "postgres://shop:[password]@db:5432/till"},
	{"an authorization header",
	 "-H 'Authorization: Bearer 7hG2kLq9ZxV4mN8bT1wR'\n\"Authorization\": \"token 7hG2kLq9ZxV4mN8bT1wR\"",
	 "-H 'Authorization: Bearer [password]'\n\"Authorization\": \"token [password]\""},
	{"cards", "4111 1111 1111 1111, 5555555555554444, 3782-822463-10005",
	 "[card], [card], [card]"},
	{"bank accounts", "DE89 3704 0044 0532 0130 00 and GB82WEST12345698765432",
	 "[iban] and [iban]"},
};

/* What looks like one of them, and is none. */
static const char *const kept[] = {
	"2024-01-15, 15.01.2024, 01/02/2023, +2024-01-15 10:30, 2024-01-15T10:30:00+02:00",
	"10:30, 12:00:01.123, 00:01:02,345 and 1700000000 or 1700000000000",
	"ISBN 978-0-306-40615-7, ISBN 0-306-40615-2, ISSN 2049-3630, 9780306406157",
	"v1.2.3, 3.40.1, 1.22.333.4444, python 3.11, 2.0.0-rc.1, 10.15.7",
	"192.168.1.10, call 192.168.1.100, 10.0.0.0/8, 127.0.0.1:8080, fd12:3456:789a::1, ssh: 10.20.30.40",
	"commit 9fceb02d0ae598e95dc970b74767f19372d61af8 and 9fceb02, sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e",
	"$1,234.56, 1 000 000, +10 000 000, 5000000 and 12.345.678, call 10000000 times",
	"#123, #1234567, GH-12345, PR 104523, RFC 5321, CVE-2021-44228",
	"https://example.net/a@b.com/x?y=2&id=4111111111111111, https://shop.ropewalk.scot/2023-05-06/613-867",
	"for (i = 0; i < 1000000; i++) a[i] = b[i] - 0x7fffffff; // 0755 0644",
	"token = oauth2_token; secret = config.s3.secret; password = params[:password1]",
	"password: required, password=\"\", token: <your token 1>, api_key=YOUR_API_KEY_1, PASSWORD=hunter2",
	"password = ENV['DB_PASSWORD_1'], token = os.environ.get(\"TOKEN2\"), secret: ${SECRET_42_VALUE}",
	"AKIAIOSFODNN7EXAMPLE, sk-xxxxxxxxxxxxxxxxxxxxxxxx1, ghp_your36characterTokenWouldStandHere1",
	"sk-circle-fade-dot-spinner-12 and cache-key: v1-dependencies-2024, key: some-slug-with-a-1",
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBq public_key = AAAAC3NzaC1lZDI1NTE5AAAAIBqX7",
	"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
	"icon@2x.png, @mara@mastodon.scot, postgresql@11.plist, wg-quick@fly0.service, me@laptop.local",
	"user@example.com, x@mail.example.org, test@host.test",
	"git@github.com:mara/till, root@till.ropewalk.scot, ssh mara@till.ropewalk.scot",
	"`ssh -p 2222 -i ~/.ssh/id mara@till.ropewalk.scot`, scp a.txt mara@till.ropewalk.scot:/tmp",
	"00000170  00 25 00 02 00 01 00 00  00 09 b2 00 02 12 03 b6 07",
	"00000000: 6007 0404 0711 0640 ab12 and 01 02 03 04 05 06",
	"-2147483648 to +2147483647 and +9223372036854775807",
	"4111 1111 1111 1112 and 1234567890123456", /* no valid checksum, no issuer */
	"GB82 WEST 1234 5698 7654 33",
	"a@b, @decorator, x @ y, foo@bar",
};

static const char *scrub(struct tw_arena *a, const char *text, const struct tw_rows **rows)
{
	static struct tw_rows out;
	const struct tw_rows in = raw(a, "d", "t", "text/plain", text);
	const struct tw_rows clean = apply(a, &tw_transform_clean, NULL, NULL, "d", &in);
	out = apply(a, &tw_transform_scrub, NULL, NULL, "d", &clean);
	assert_int_equal(out.n, 1);
	if (rows)
		*rows = &out;
	return tw_row_cstr(&out, &out.at[0], "text");
}

static void secrets_and_personal_data_go(void **state)
{
	struct tw_arena a;
	int bad = 0;
	(void)state;
	tw_arena_init(&a);
	for (size_t i = 0; i < sizeof(found) / sizeof(found[0]); i++) {
		const char *out = scrub(&a, found[i].in, NULL);
		if (strcmp(out, found[i].out) == 0)
			continue;
		bad++;
		print_error("%s:\n  in   \"%s\"\n  want \"%s\"\n  got  \"%s\"\n", found[i].what,
			    found[i].in, found[i].out, out);
	}
	tw_arena_release(&a);
	assert_int_equal(bad, 0);
}

static void what_only_looks_like_it_stays(void **state)
{
	struct tw_arena a;
	int bad = 0;
	(void)state;
	tw_arena_init(&a);
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		const char *out = scrub(&a, kept[i], NULL);
		if (strcmp(out, kept[i]) == 0)
			continue;
		bad++;
		print_error("  in   \"%s\"\n  got  \"%s\"\n", kept[i], out);
	}
	tw_arena_release(&a);
	assert_int_equal(bad, 0);
}

static void findings_are_counted_by_kind(void **state)
{
	struct tw_arena a;
	(void)state;
	tw_arena_init(&a);
	struct tw_rows in = raw(&a, "d", "Mail me@ropewalk.scot", "text/plain",
				"b@ropewalk.scot or +49 30 1234567, PASSWORD=pX7qLm92");
	tw_row_set_str(&in, &in.at[0], "author", "Mara <c@ropewalk.scot>");
	const struct tw_rows clean = apply(&a, &tw_transform_clean, NULL, NULL, "d", &in);
	const struct tw_rows out = apply(&a, &tw_transform_scrub, NULL, NULL, "d", &clean);
	const struct tw_row *r = &out.at[0];
	assert_string_equal(tw_row_cstr(&out, r, "findings"),
			    "{\"email\":3,\"phone\":1,\"password\":1}");
	assert_int_equal(tw_row_int(&out, r, "n_findings"), 5);
	assert_string_equal(tw_row_cstr(&out, r, "title"), "Mail [email]");
	assert_string_equal(tw_row_cstr(&out, r, "author"), "Mara <[email]>");
	tw_arena_release(&a);
}

static void a_kind_can_be_switched_off(void **state)
{
	struct tw_arena a;
	(void)state;
	tw_arena_init(&a);
	const struct tw_rows in = raw(&a, "d", "t", "text/plain",
				      "b@ropewalk.scot or +49 30 1234567, PASSWORD=pX7qLm92");
	const struct tw_rows clean = apply(&a, &tw_transform_clean, NULL, NULL, "d", &in);
	const struct tw_rows out =
		apply(&a, &tw_transform_scrub, "{\"email\": false, \"password\": false}", NULL, "d",
		      &clean);
	assert_string_equal(tw_row_cstr(&out, &out.at[0], "text"),
			    "b@ropewalk.scot or [phone], PASSWORD=pX7qLm92");
	tw_arena_release(&a);
}

static void other_columns_come_through(void **state)
{
	struct tw_arena a;
	(void)state;
	tw_arena_init(&a);
	const struct tw_rows in =
		raw(&a, "d", "t", "text/markdown", "One *two* and the three of it.");
	const struct tw_rows clean = apply(&a, &tw_transform_clean, NULL, NULL, "d", &in);
	const struct tw_rows out = apply(&a, &tw_transform_scrub, NULL, NULL, "d", &clean);
	const struct tw_row *c = &clean.at[0], *r = &out.at[0];
	assert_string_equal(tw_row_cstr(&out, r, "url"), tw_row_cstr(&clean, c, "url"));
	assert_string_equal(tw_row_cstr(&out, r, "lang"), tw_row_cstr(&clean, c, "lang"));
	assert_int_equal(tw_row_int(&out, r, "created_ms"), tw_row_int(&clean, c, "created_ms"));
	assert_int_equal(tw_row_int(&out, r, "words"), tw_row_int(&clean, c, "words"));
	assert_true(tw_row_real(&out, r, "removed") == tw_row_real(&clean, c, "removed"));
	assert_string_equal(tw_row_cstr(&out, r, "findings"), "{}");
	tw_arena_release(&a);
}

static void scrubbing_twice_finds_nothing_more(void **state)
{
	struct tw_arena a;
	(void)state;
	tw_arena_init(&a);
	for (size_t i = 0; i < sizeof(found) / sizeof(found[0]); i++) {
		const struct tw_rows *rows;
		const char *once = scrub(&a, found[i].in, NULL);
		assert_string_equal(scrub(&a, once, &rows), once);
		assert_int_equal(tw_row_int(rows, &rows->at[0], "n_findings"), 0);
	}
	tw_arena_release(&a);
}

/* Each would take minutes in a search that reads to the end from every place; the runner's limit would end it. */
static void hostile_input_ends(void **state)
{
	static const char *const seeds[] = {
		"-----BEGIN PRIVATE KEY-----\n",
		"-----BEGIN A PRIVATE KEY-----",
		"eyJaaaaaaaa.",
		"sk-a1",
		"password=",
		"a@",
		"a.a@a.",
		"1 ",
		"+1 ",
		"(0",
		"://a:b",
		"token:\"",
		"DE12 ",
		"xoxb-",
		"SG.",
		"authorization: bearer ",
		"call me on ",
		"-",
	};
	struct tw_arena a;
	struct tw_str s = TW_STR_INIT;
	(void)state;
	tw_arena_init(&a);
	for (size_t i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++) {
		tw_str_clear(&s);
		while (s.len < 100000)
			tw_str_adds(&s, seeds[i]);
		assert_true(tw_utf8_valid(scrub(&a, s.data, NULL), 1));
		tw_arena_reset(&a);
	}
	tw_str_release(&s);
	tw_arena_release(&a);
}

struct tally {
	const char *root;
	struct tw_map *kinds;
	int docs;
};

static enum tw_status tally_file(void *ctx, const char *rel, const struct tw_stat *st,
				 const char *problem, struct tw_err *err)
{
	struct tally *t = ctx;
	const char *ext = tw_path_ext(rel);
	struct tw_arena a;
	(void)st;
	(void)problem;
	if (strcmp(ext, "md") != 0 && strcmp(ext, "mdx") != 0)
		return TW_OK;
	tw_arena_init(&a);
	const char *body = body_of(&a, tw_path_join(&a, t->root, rel));
	const struct tw_rows in = raw(&a, rel, "t", ext[2] ? "text/mdx" : "text/markdown", body);
	const struct tw_rows clean = apply(&a, &tw_transform_clean, NULL, NULL, rel, &in);
	const struct tw_rows out = apply(&a, &tw_transform_scrub, NULL, NULL, rel, &clean);
	const char *findings = tw_row_cstr(&out, &out.at[0], "findings");
	struct tw_json *v;
	assert_ok(tw_json_parse(&v, findings, strlen(findings), &a, err), err);
	for (const struct tw_json *k = v->child; k; k = k->next)
		tw_map_at(t->kinds, k->key, strlen(k->key))->v.i += k->i;
	t->docs++;
	tw_arena_release(&a);
	return TW_OK;
}

/* "docs key password phone card iban email" of the Markdown files of a folder. */
static const char *findings_of(const char *root, struct tw_arena *a)
{
	static const char *const kinds[] = {"key", "password", "phone", "card", "iban", "email"};
	struct tw_map found_kinds = TW_MAP_INIT;
	struct tally t = {root, &found_kinds, 0};
	struct tw_err err = TW_ERR_INIT;
	assert_ok(tw_walk(root, NULL, tally_file, &t, &err), &err);
	char *line = tw_sprintf(a, "%d documents", t.docs);
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		line = tw_sprintf(a, "%s, %d %s", line,
				  (int)tw_map_get_int(&found_kinds, kinds[k], 0), kinds[k]);
	tw_map_release(&found_kinds);
	return line;
}

/* Every finding of the two corpora was read: they are addresses, keys, passwords and numbers, and nothing else. */
static void real_writing_has_no_false_findings(void **state)
{
	static const char *const expected[][2] = {
		{"jbranchaud-til",
		 "1871 documents, 1 key, 2 password, 0 phone, 0 card, 0 iban, 96 email"},
		{"xe-site", "637 documents, 0 key, 0 password, 3 phone, 0 card, 0 iban, 39 email"},
	};
	struct tw_arena a;
	(void)state;
	tw_arena_init(&a);
	assert_string_equal(findings_of("samples/mara", &a),
			    "33 documents, 0 key, 0 password, 0 phone, 0 card, 0 iban, 0 email");
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		const char *dir = shared_data(&a, expected[i][0]);
		if (dir)
			assert_string_equal(findings_of(dir, &a), expected[i][1]);
	}
	tw_arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_and_personal_data_go),
		cmocka_unit_test(what_only_looks_like_it_stays),
		cmocka_unit_test(findings_are_counted_by_kind),
		cmocka_unit_test(a_kind_can_be_switched_off),
		cmocka_unit_test(other_columns_come_through),
		cmocka_unit_test(scrubbing_twice_finds_nothing_more),
		cmocka_unit_test(hostile_input_ends),
		cmocka_unit_test(real_writing_has_no_false_findings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
