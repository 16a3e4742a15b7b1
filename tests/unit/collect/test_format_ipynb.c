/* Jupyter notebooks as Markdown. */
#include "format_test.h"

#define CELLS(cells)                                                           \
	"{\"cells\":[" cells                                                   \
	"],\"metadata\":{\"kernelspec\":{\"name\":\"ir\",\"language\":\"R\"}," \
	"\"authors\":[{\"name\":\"Ann\"},{\"name\":\"Bob\"}]},\"nbformat\":4,\"nbformat_minor\":5}"
#define MARKDOWN(s) "{\"cell_type\":\"markdown\",\"metadata\":{},\"source\":" s "}"
#define OUTPUT	    "{\"output_type\":\"stream\",\"name\":\"stdout\",\"text\":[\"printed\\n\"]}"
#define CODE(s)                                                                              \
	"{\"cell_type\":\"code\",\"execution_count\":1,\"metadata\":{},\"outputs\":[" OUTPUT \
	"],\"source\":" s "}"
#define RAW(s) "{\"cell_type\":\"raw\",\"metadata\":{},\"source\":" s "}"

static void text_and_code_stay_and_outputs_go(void **state)
{
	(void)state;
	struct tw_document d = parse(
		"x.ipynb",
		CELLS(MARKDOWN("[\"# On *ropes*\\n\",\"\\n\",\"Text $a_1$.\"]") "," CODE("\"print(1)\\n\"") "," CODE(
			"[\"%%bash\\n\",\"ls `pwd`\"]") "," CODE("[]") "," MARKDOWN("\"End.\"")));
	assert_string_equal(d.title, "On ropes");
	assert_string_equal(d.author, "Ann, Bob");
	assert_string_equal(body(&d), "# On *ropes*\n\nText $a_1$.\n\n```r\nprint(1)\n```\n\n"
				      "```bash\n%%bash\nls `pwd`\n```\n\nEnd.\n");
}

static void a_raw_cell_may_be_front_matter(void **state)
{
	(void)state;
	struct tw_document d = parse(
		"x.ipynb",
		CELLS(RAW("\"---\\ntitle: Front\\ndate: 2021-03-14\\ntags: [a]\\n---\"") "," MARKDOWN(
			"\"# Head\"") "," RAW("\"for LaTeX\"")));
	assert_string_equal(d.title, "Front");
	assert_string_equal(day(d.created_ms), "2021-03-14");
	assert_string_equal(d.extra, "{\"tags\":[\"a\"]}");
	assert_string_equal(body(&d), "# Head\n");
}

static void version_3_is_read_too(void **state)
{
	(void)state;
	struct tw_document d = parse(
		"my-book.ipynb",
		"{\"metadata\":{\"name\":\"\"},\"nbformat\":3,\"nbformat_minor\":0,\"worksheets\":[{\"cells\":["
		"{\"cell_type\":\"heading\",\"level\":2,\"metadata\":{},\"source\":[\"Part\"]},"
		"{\"cell_type\":\"code\",\"input\":[\"1 + 1\"],\"language\":\"python\","
		"\"outputs\":[{\"text\":[\"2\"]}]},"
		"{\"cell_type\":\"markdown\",\"source\":[\"Text.\"]}],\"metadata\":{}}]}");
	assert_string_equal(d.title, "Part");
	assert_string_equal(body(&d), "## Part\n\n```python\n1 + 1\n```\n\nText.\n");
}

static void the_language_is_the_kernels(void **state)
{
	static const struct {
		const char *metadata, *fence;
	} cases[] = {
		{"{}", "```python\n"},
		{"{\"language_info\":{\"name\":\"Julia\"}}", "```julia\n"},
		{"{\"kernelspec\":{\"name\":\"python3\",\"display_name\":\"Python 3\"}}",
		 "```python\n"},
		{"{\"kernelspec\":{\"language\":\"c++`x\"}}", "```c++\n"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *text = tw_sprintf(&arena, "{\"cells\":[%s],\"metadata\":%s}",
					      CODE("\"x\""), cases[i].metadata);
		struct tw_document d = parse("x.ipynb", text);
		assert_true(tw_starts_with(body(&d), cases[i].fence));
	}
}

static void what_is_no_notebook_is_skipped(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{"{\"a\":1}", "no notebook"},
		{"[]", "no notebook"},
		{"{\"cells\":[", "x.ipynb"},
		{"{\"cells\":[]}", "no text"},
		{"{\"cells\":{\"a\":1}}", "no text"},
		{"{\"cells\":[1,null,\"a\",{\"cell_type\":\"markdown\"},{\"cell_type\":\"code\",\"source\":[1]}],"
		 "\"metadata\":[]}",
		 "no text"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tw_document d;
		assert_int_equal(try_parse(&d, "x.ipynb", cases[i].text, strlen(cases[i].text)),
				 TW_SKIPPED);
		assert_contains(err.msg, cases[i].why);
	}
}

static void hostile_input_is_borne(void **state)
{
	static const char *const pieces[] = {"[", "{\"cells\":[", "{\"cells\":", "\"", NULL};
	(void)state;
	assert_bears("x.ipynb", pieces);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(text_and_code_stay_and_outputs_go),
		T(a_raw_cell_may_be_front_matter),
		T(version_3_is_read_too),
		T(the_language_is_the_kernels),
		T(what_is_no_notebook_is_skipped),
		T(hostile_input_is_borne),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
