/*
 * Which language prose is in: by script where that decides, else by the share
 * of each language's most common words (Grefenstette 1995).
 */
#include "feature/clean_int.h"

#include <string.h>

#include "base/text.h"

static const struct {
	const char *lang, *words;
} common[] = {
	{"en", " the of and to in is that it for you with on as are this be was have not "
	       "but from they at or an my if we what when can your so just about which "},
	{"de", " der die das und ist nicht ich ein eine zu den mit auf für sich es dem auch "
	       "wie wir von im an aus bei noch wenn nur kann oder aber sind wird "},
	{"fr", " le la les et est des une dans que qui pas pour sur au avec ce je il vous "
	       "nous mais par plus sont c'est du en ou cette ont être aussi "},
	{"es", " el los las y es que en una por con para no se su del al lo como más pero "
	       "sus este esta son muy también hay fue porque cuando "},
	{"it", " il di che è la per non una sono con del della si le gli ma come anche più "
	       "questo nel alla dei mi ho da lo se io perché "},
	{"pt", " o que não uma para com os do da em um se é mais por como mas foi ao das "
	       "dos você isso ele também são muito está pela "},
	{"nl", " de het een en van is dat niet ik op te voor met zijn er maar om ook als "
	       "aan bij nog naar wel kan die wat dit heb deze "},
	{"sv", " och att det är som en på för inte med jag av till den har om ett men så "
	       "kan var vi från man eller när också "},
	{"da", " og at det er som en på for ikke med jeg af til den har om et men så kan "
	       "var vi fra man eller når også de "},
	{"pl", " i w nie na się to z że do jest jak ale o co po tak za od dla przez czy "
	       "być tylko już są może "},
};

#define N_LANGS	    (sizeof(common) / sizeof(common[0]))
#define MAX_BYTES   20000
#define MIN_WORDS   4
#define MIN_SHARE   0.08 /* of common words: text in the language has .3 to .5 */
#define SCRIPT_PART 0.3	 /* of the letters */

enum script {
	LATIN,
	CYRILLIC,
	GREEK,
	HEBREW,
	ARABIC,
	DEVANAGARI,
	THAI,
	KANA,
	HANGUL,
	HAN,
	N_SCRIPTS
};

static const char *const script_lang[N_SCRIPTS] = {"",	 "ru", "el", "he", "ar",
						   "hi", "th", "ja", "ko", "zh"};

static const struct {
	uint32_t from, to;
	enum script script;
} ranges[] = {
	{'A', 'Z', LATIN},	  {'a', 'z', LATIN},	      {0xC0, 0x24F, LATIN},
	{0x370, 0x3FF, GREEK},	  {0x400, 0x52F, CYRILLIC},   {0x590, 0x5FF, HEBREW},
	{0x600, 0x6FF, ARABIC},	  {0x900, 0x97F, DEVANAGARI}, {0xE00, 0xE7F, THAI},
	{0x3040, 0x30FF, KANA},	  {0x3400, 0x4DBF, HAN},      {0x4E00, 0x9FFF, HAN},
	{0xAC00, 0xD7AF, HANGUL},
};

/* Code point at s[*i], moving *i behind it. The text is valid UTF-8. */
static uint32_t next_code(const char *s, size_t n, size_t *i)
{
	unsigned char b = (unsigned char)s[(*i)++];
	int more = b >= 0xF0 ? 3 : b >= 0xE0 ? 2 : b >= 0xC0 ? 1 : 0;
	uint32_t u = more == 3 ? b & 7 : more == 2 ? b & 15 : more == 1 ? b & 31 : b;
	while (more-- > 0 && *i < n)
		u = u << 6 | ((unsigned char)s[(*i)++] & 63);
	return u;
}

static const char *by_script(const char *s, size_t n)
{
	size_t seen[N_SCRIPTS] = {0}, all = 0;
	for (size_t i = 0; i < n;) {
		uint32_t u = next_code(s, n, &i);
		for (size_t r = 0; r < sizeof(ranges) / sizeof(ranges[0]); r++)
			if (u >= ranges[r].from && u <= ranges[r].to) {
				seen[ranges[r].script]++;
				all++;
				break;
			}
	}
	if (!all)
		return "";
	/* Japanese mixes Han and kana; a tenth of kana is enough. */
	if (seen[KANA] * 10 > all)
		return "ja";
	for (int k = CYRILLIC; k < N_SCRIPTS; k++)
		if ((double)seen[k] > SCRIPT_PART * (double)all)
			return script_lang[k];
	return NULL;
}

static const char *by_words(const char *s, size_t n, struct tw_arena *a)
{
	size_t seen[N_LANGS] = {0}, best = 0;
	struct tw_str folded = TW_STR_INIT;
	tw_text_fold(&folded, s, n);
	const struct tw_spans words = tw_text_words(tw_str_c(&folded), folded.len, a);
	for (size_t w = 0; w < words.n; w++) {
		char word[16];
		size_t len = words.at[w].end - words.at[w].start;
		if (len + 3 > sizeof(word))
			continue;
		word[0] = word[len + 1] = ' ';
		memcpy(word + 1, folded.data + words.at[w].start, len);
		word[len + 2] = '\0';
		for (size_t l = 0; l < N_LANGS; l++)
			seen[l] += strstr(common[l].words, word) != NULL;
	}
	tw_str_release(&folded);
	for (size_t l = 1; l < N_LANGS; l++)
		if (seen[l] > seen[best])
			best = l;
	bool sure = words.n >= MIN_WORDS && (double)seen[best] >= MIN_SHARE * (double)words.n;
	return sure && seen[best] ? common[best].lang : "";
}

/* Prose alone: fenced code says nothing about the language. */
static void prose_of(struct tw_str *out, const char *s, size_t n)
{
	bool code = false;
	for (size_t i = 0; i < n && out->len < MAX_BYTES;) {
		const char *nl = memchr(s + i, '\n', n - i);
		size_t end = nl ? (size_t)(nl - s) + 1 : n;
		size_t at = i;
		while (at < end && (s[at] == ' ' || s[at] == '>'))
			at++;
		bool fence = end - at > 3 &&
			     (memcmp(s + at, "```", 3) == 0 || memcmp(s + at, "~~~", 3) == 0);
		if (fence)
			code = !code;
		else if (!code)
			tw_str_add(out, s + i,
				   end - i < 4000 ? end - i : tw_utf8_floor(s + i, 4000));
		i = end;
	}
}

const char *tw_detect_language(const char *s, size_t n, struct tw_arena *a)
{
	struct tw_str prose = TW_STR_INIT;
	prose_of(&prose, s, n);
	const char *lang = by_script(tw_str_c(&prose), prose.len);
	if (!lang)
		lang = by_words(tw_str_c(&prose), prose.len, a);
	tw_str_release(&prose);
	return lang;
}
