#include "feature/instruct_words_int.h"

#include <string.h>

#include "base/str.h"

static const char verbs[] =
	" access add adjust advance aggregate allow alter always amend analyze animate annotate apologize "
	"append apply argue assert assign attach audit authorize automate avoid back bake batch begin "
	"bind block boil boot bootstrap break brew browse build bump buy bypass cache calculate call "
	"cancel capitalize capture carry cast cat catch center change check checkout choose clamp clean "
	"clear click climb clone close coerce colocate combine commit compare compile compose compute "
	"concatenate conditionally configure connect construct control convert cook copy count create "
	"curl customize cut cycle debug decode dedent deduplicate define delete deploy describe "
	"destructure detect determine diagnose diff disable disassemble discard disclose dispatch "
	"display distinguish divide do dockerize download draw drive drop dump duplicate echo edit "
	"embed enable encode encrypt enforce ensure enter enumerate escape evaluate examine exclude "
	"execute exit expand expect experiment explain explore export expose extend extract fail ferment "
	"fetch figure fill filter find fix flatten focus fold follow force format forward freeze gather "
	"generate get give glue go grab grease grep group grow halt handle hang harvest have help hide "
	"highlight hook identify ignore implement import include increase increment initialize inject "
	"inline insert inspect install interact interpolate interpret invoke iterate join jump keep kill "
	"knead knit label launch learn leave let lighten limit link lint list load locate lock log look "
	"loop loosen lower lubricate make manage map mark mask match measure mend merge migrate mock "
	"modify monitor mount move name narrow navigate normalize obtain occupy omit open order organize "
	"output override package paint parameterize parse partition pass paste pause peel perform "
	"persist pick pin pipe plant pop prefer prefix prepare pretend prevent preview print process "
	"produce profile protect provide proxy prune publish pull purge push put query quit quote raise "
	"randomize reach read rebase rebuild reclaim record recover redirect reduce refer reference "
	"refresh regenerate register reload remove rename render repair repeat replace represent require "
	"rerun rescue reset resize resolve respond restart restore restrict resume retrieve retry return "
	"reuse reveal reverse revert review reword rewrite ride roast roll rollback rotate round run "
	"sail salt save scaffold scale scan schedule scope scroll search secure see seed select send "
	"separate serialize serve set setup sew shape share sharpen shift ship shorten show shuffle sign "
	"silence simulate skip sleep slice solder sort sow speed split spread squash squeeze ssh stack "
	"stage start stash step stir stop store stream strip style submit substitute sum support "
	"suppress survive swap swim switch sync synchronize tag tail take target teach tell test "
	"throttle tighten toggle touch trace track transfer transform translate trap travel trigger trim "
	"truncate try tunnel turn type undo uninstall unlock unpack unset unstage untrack unwrap update "
	"upgrade upload use validate verify view visit visualize wait wash watch weld whitelist wipe "
	"wrap write zip ";

/* Verbs that are as often nouns: in a heading of two words they are ("Build process"). */
static const char nouns_too[] =
	" access back batch block boot brew build cache call catch change check checkout click climb "
	"clone commit control copy count cut cycle debug deploy design diff display download draw drive "
	"drop dump echo escape exit expect experiment export fail fetch fill filter find fix focus fold "
	"force format forward freeze group halt handle hang harvest help hook import increase increment "
	"inline insert join jump label launch learn limit link lint list load lock log look loop map "
	"mark mask match measure merge mock monitor mount move name order output override package paint "
	"pass paste pause pick pin pipe plant pop prefix preview print process produce profile proxy "
	"pull push query quote raise reach read record reference refresh release reload render repair "
	"repeat rescue reset return reuse reverse review ride roast roll rollback round run sail salt "
	"sample save scale scan schedule scope scroll search secure seed select set setup shape share "
	"shift ship show shuffle sign sleep slice sort speed split spread squash stack stage start stash "
	"step stop store stream strip style sum support swap swim switch sync tag tail target test "
	"touch trace track transfer trap travel trigger trim try tunnel turn type undo update upgrade "
	"upload use view visit wait wash watch wrap zip ";

/* Words that are lower case within a sentence whatever a title does. */
static const char small[] =
	" a about above after again against all always an and another any as at be because been before "
	"behind being between both but by do does down during each every few for from had has have if "
	"in inside instead into is it its less like many more most my never new no not of off on once "
	"one only onto or other our out over own per same since so some such than that the their them "
	"then there these they this those through to too two under until up upon using very via was "
	"were when where which while who why with within without you your what how several six three "
	"four five seven eight nine ten first last next old ";

static const char pronouns[] =
	" i i'm i've i'd i'll we we've we're we'll you you're he she it it's "
	"they they're there there's this that that's let's these nobody nothing ";

static const char finite[] =
	" is isn't are aren't was wasn't were has hasn't have had can can't cannot will won't would "
	"should must might could does doesn't did didn't don't goes got went gets keeps needs makes "
	"made says say said comes came turns works breaks wins loses grows am ";

static const char auxiliaries[] =
	" is isn't are aren't was were do does did don't doesn't can could should would will has have "
	"had might must am ";

/* A heading that begins with one is half a sentence. */
static const char prepositions[] =
	" before after and or but with without out back on in at for to up down off over under through "
	"from into of about because if then ";

/* Words in -ing that are no gerunds. */
static const char no_gerund[] =
	" king thing string spring nothing something everything anything morning evening ring during "
	"wing swing sling sting bring missing interesting amazing boring exciting building ceiling "
	"wedding sibling outstanding overwhelming ";

bool tw_word_in(const char *list, const char *word)
{
	char key[40];
	size_t n = strlen(word);
	if (n + 3 > sizeof(key))
		return false;
	key[0] = ' ';
	memcpy(key + 1, word, n);
	key[n + 1] = ' ';
	key[n + 2] = '\0';
	return strstr(list, key) != NULL;
}

bool tw_is_small_word(const char *w)
{
	return tw_word_in(small, w);
}

bool tw_is_preposition(const char *w)
{
	return tw_word_in(prepositions, w);
}

bool tw_is_auxiliary(const char *w)
{
	return tw_word_in(auxiliaries, w);
}

bool tw_begins_sentence(const char *w)
{
	return tw_word_in(pronouns, w);
}

bool tw_is_finite_verb(const char *w)
{
	return tw_word_in(finite, w);
}

bool tw_is_verb(const char *w)
{
	return tw_word_in(verbs, w);
}

bool tw_is_noun_too(const char *w)
{
	return tw_word_in(nouns_too, w);
}

bool tw_is_gerund(const char *w)
{
	return strlen(w) >= 5 && tw_ends_with(w, "ing") && !tw_word_in(no_gerund, w);
}

/* "quickly", "interactively": in front of a verb they belong to it. */
bool tw_is_adverb(const char *w)
{
	return strlen(w) >= 5 && tw_ends_with(w, "ly");
}
