/* Subtitles as the text that was spoken. */
#include "format_test.h"

static void cues_become_paragraphs(void **state)
{
	(void)state;
	struct tw_document d = parse(
		"my-talk.de.srt",
		"\xef\xbb\xbf"
		"1\r\n00:00:01,000 --> 00:00:03,000\r\n<i>Hallo</i> zusammen,\r\nund willkommen.\r\n\r\n"
		"2\r\n00:00:03,100 --> 00:00:05,000 X1:10\r\n{\\an8}Heute <font color=\"#fff\">geht</font> "
		"es um Seile.\r\n\r\n"
		"3\r\n00:00:09,000 --> 00:00:10,000\r\nNach einer Pause & 2 < 3 *so*.\r\n");
	assert_string_equal(d.title, "My talk");
	assert_string_equal(d.lang, "de");
	assert_string_equal(body(&d), "Hallo zusammen, und willkommen. Heute geht es um Seile.\n\n"
				      "Nach einer Pause & 2 < 3 \\*so\\*.\n");
}

static void who_speaks_is_named_where_they_begin(void **state)
{
	(void)state;
	assert_body("x.srt",
		    "1\n00:00:01,000 --> 00:00:02,000\nANN LEE: Welcome.\n\n"
		    "2\n00:00:02,000 --> 00:00:03,000\nTo all.\n\n"
		    "3\n00:00:03,000 --> 00:00:04,000\n- Thanks.\n- NASA: no, really.\n\n"
		    "4\n00:00:04,000 --> 00:00:05,000\n[Applause]\n\n"
		    "5\n00:00:05,000 --> 00:00:06,000\n>> Next question.\n\n"
		    "6\n00:00:06,000 --> 00:00:07,000\n♪ music ♪\n\n"
		    "7\n00:00:07,000 --> 00:00:08,000\nNote: lower case is text.\n",
		    "**ANN LEE:** Welcome. To all.\n\nThanks.\n\n**NASA:** no, really.\n\n"
		    "Next question. Note: lower case is text.\n");
	assert_body("x.vtt",
		    "WEBVTT\n\n1\n00:01.000 --> 00:02.000\n<v.loud Ann Lee>Welcome.</v>\n\n"
		    "00:02.000 --> 00:03.000\n<v Bob>Thanks &amp; hello.\n"
		    "<v Ann Lee>Yes.\n",
		    "**Ann Lee:** Welcome.\n\n**Bob:** Thanks & hello.\n\n**Ann Lee:** Yes.\n");
	assert_body("x.vtt",
		    "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann Lee>Each cue</v>\n\n"
		    "00:02.000 --> 00:03.000\n<v Ann Lee>names me.</v>\n\n"
		    "00:08.000 --> 00:09.000\n<v Ann Lee>Still.</v>\n>> Who?\n<v Ann Lee>I.\n",
		    "**Ann Lee:** Each cue names me.\n\nStill.\n\nWho?\n\n**Ann Lee:** I.\n");
	assert_body("x.vtt", "00:01.000 --> 00:02.000\n&lt;b&gt; caf&eacute;&#8230; &\n",
		    "\\<b> café… &\n");
}

static void rolling_captions_say_a_line_once(void **state)
{
	(void)state;
	struct tw_document d = parse(
		"x.vtt",
		"WEBVTT\nKind: captions\nLanguage: en\n\nSTYLE\n::cue { color: red }\n\nNOTE hidden\n\n"
		"00:00:00.080 --> 00:00:02.389 align:start position:0%\n \nso<00:00:00.320><c> today</c>\n\n"
		"00:00:02.389 --> 00:00:02.399 align:start position:0%\nso today\n \n\n"
		"00:00:02.399 --> 00:00:04.389 align:start position:0%\n"
		"so today\nwe<00:00:02.500><c> coil</c>\n\n"
		"00:00:04.389 --> 00:00:04.399\nwe coil\n \n\n"
		"00:00:04.399 --> 00:00:06.000\nwe coil\nropes\n");
	assert_string_equal(d.lang, "en");
	assert_string_equal(body(&d), "so today we coil ropes\n");
}

static void what_is_said_twice_stays(void **state)
{
	(void)state;
	assert_body(
		"x.srt",
		"1\n00:00:01,000 --> 00:00:02,000\nNo.\n\n2\n00:00:02,000 --> 00:00:03,000\nNo.\n\n"
		"3\n00:00:04,000 --> 00:00:05,000\nYes.\n",
		"No. No. Yes.\n");
}

static void long_speech_breaks_at_sentences(void **state)
{
	struct tw_str s = TW_STR_INIT;
	(void)state;
	for (int i = 0; i < 60; i++)
		tw_str_addf(
			&s,
			"%d\n00:%02d:00,000 --> 00:%02d:59,000\nThis is a sentence of the talk\n"
			"that has two lines.\n\n",
			i + 1, i, i);
	struct tw_document d = parse("x.srt", s.data);
	size_t paragraphs = 1;
	for (size_t i = 0; i + 2 < d.body.len; i++)
		if (memcmp(d.body.data + i, "\n\n", 2) == 0) {
			assert_int_equal(d.body.data[i - 1], '.');
			paragraphs++;
		}
	assert_true(paragraphs >= 3 && paragraphs <= 8);
	tw_str_release(&s);
}

static void ttml_is_read_too(void **state)
{
	(void)state;
	struct tw_document d = parse(
		"talk.ttml",
		"<?xml version=\"1.0\"?><tt xmlns=\"http://www.w3.org/ns/ttml\" xml:lang=\"fr\"><head><styling><style "
		"xml:id=\"s\"/>"
		"</styling></head><body><div><p begin=\"00:00:01.000\" end=\"00:00:02.000\">Bonjour<br/>\n"
		"  à <span>tous</span>.</p>"
		"<p begin=\"10s\" dur=\"2s\">Suite &lt;1&gt;.</p></div></body></tt>");
	assert_string_equal(d.lang, "fr");
	assert_string_equal(body(&d), "Bonjour à tous.\n\nSuite <1>.\n");
}

static void files_without_cues_have_no_text(void **state)
{
	static const char *const texts[] = {"WEBVTT\n\nNOTE nothing\n", "1\n2\n3\n",
					    "00:00:01,000 --> 00:00:02,000\n\n", NULL};
	struct tw_document d;
	(void)state;
	for (const char *const *t = texts; *t; t++)
		assert_int_equal(try_parse(&d, "x.vtt", *t, strlen(*t)), TW_SKIPPED);
	assert_int_equal(try_parse(&d, "x.ttml", "<tt>", 4), TW_SKIPPED);
}

static void hostile_input_is_borne(void **state)
{
	static const char *const pieces[] = {"00:00:01,000 --> 00:00:02,000\na\n\n",
					     "00:00:01,000 --> 00:00:02,000\n",
					     "00:00:01,000 --> 00:00:02,000\n<",
					     "00:00:01,000 --> 00:00:02,000\n{\\",
					     "00:00:01,000 --> 00:00:02,000\n<v a>b\n\n",
					     "99999999999999999999:00 --> 1:1\na\n\n",
					     "a\xff\n",
					     NULL};
	static const char *const xml[] = {"<tt><p>", "<p>", "<br/>", "<p>\xff</p>", NULL};
	(void)state;
	assert_bears("x.srt", pieces);
	assert_bears("x.ttml", xml);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(cues_become_paragraphs),	     T(who_speaks_is_named_where_they_begin),
		T(rolling_captions_say_a_line_once), T(what_is_said_twice_stays),
		T(long_speech_breaks_at_sentences),  T(ttml_is_read_too),
		T(files_without_cues_have_no_text),  T(hostile_input_is_borne),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
