/* Names for runs that people can say and remember, and what any name or value must be. */
#include "tracking/private.h"

#include "base/rand.h"
#include "base/str.h"

#define MAX_KEY 250
#define MAX_VALUE (64 * 1024)

static const char *const adjectives[] = {
	"able",	  "agile",   "amber",  "apt",	 "bold",    "brave",   "bright", "brisk",
	"calm",	  "candid",  "clear",  "clever", "cosmic",  "crisp",   "curious", "daring",
	"dapper", "deft",    "eager",  "early",	 "earnest", "elegant", "exact",  "fair",
	"fluent", "fresh",   "gentle", "glad",	 "golden",  "grand",   "happy",  "hardy",
	"honest", "humble",  "jolly",  "keen",	 "kind",    "lively",  "lucid",  "lucky",
	"mellow", "merry",   "mighty", "modest", "neat",    "nimble",  "noble",  "patient",
	"plucky", "polite",  "prime",  "proud",	 "quick",   "quiet",   "rapid",  "ready",
	"serene", "sincere", "steady", "sunny",	 "swift",   "tidy",    "vivid",  "wise",
};

static const char *const nouns[] = {
	"acorn",  "aspen",  "badger",  "beacon", "birch",  "bison",  "brook",  "canyon",
	"cedar",  "comet",  "condor",  "coral",	 "crane",  "delta",  "dolphin", "dune",
	"eagle",  "ember",  "falcon",  "fern",	 "finch",  "fjord",  "forest", "fox",
	"glacier", "grove", "harbor",  "hawk",	 "heron",  "island", "ivy",    "jaguar",
	"kestrel", "lagoon", "lake",   "larch",	 "lark",   "lotus",  "lynx",   "maple",
	"marten", "meadow", "meteor",  "oak",	 "orchid", "osprey", "otter",  "owl",
	"panda",  "pebble", "pine",    "plover", "quartz", "raven",  "reef",   "river",
	"robin",  "salmon", "sparrow", "spruce", "stork",  "tern",   "tiger",  "willow",
};

char *run_name_make(char *buf)
{
	uint64_t r = rand_u64();
	const char *adjective = adjectives[r % ARRAY_LEN(adjectives)];
	const char *noun = nouns[(r >> 16) % ARRAY_LEN(nouns)];

	snprintf(buf, RUN_NAME_SIZE, "%s-%s-%03u", adjective, noun, (unsigned)((r >> 32) % 1000));
	return buf;
}

int key_check(const char *what, const char *key, struct mlops_error *err)
{
	size_t n = strlen(key);

	if (!n)
		return err_set(err, MLOPS_EINVALID, "the %s is empty", what);
	if (n > MAX_KEY)
		return err_set(err, MLOPS_EINVALID, "the %s '%.40s...' is longer than %d bytes", what,
			       key, MAX_KEY);
	if (!utf8_valid(key, n))
		return err_set(err, MLOPS_EINVALID, "the %s is not valid UTF-8", what);
	for (const char *c = key; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return err_set(err, MLOPS_EINVALID, "the %s holds a control character", what);
	return 0;
}

int value_check(const char *what, const char *value, struct mlops_error *err)
{
	size_t n = strlen(value);

	if (n > MAX_VALUE)
		return err_set(err, MLOPS_EINVALID, "the %s is longer than %d bytes", what, MAX_VALUE);
	if (!utf8_valid(value, n))
		return err_set(err, MLOPS_EINVALID, "the %s is not valid UTF-8", what);
	return 0;
}
